use super::ledger::Rules;

/// The parts of catalogues that are in memory at a time, and the requests of an organization that read them at a time.
pub(crate) const PARTS: usize = 2;

/// The calls that wait in a process. Further ones are refused immediately, because they would wait until their deadline.
pub const MAX_WAITING: usize = 4_096;

/// The waiting calls of an organization while no other one has any: half of those of the process.
pub const MAX_WAITING_OF_ORGANIZATION: usize = 2_048;

/// The waiting calls of a member: more than the largest request makes at once.
pub const MAX_WAITING_OF_MEMBER: usize = 256;

/// The rules for work of the program itself, which has one owner. Its number of permits is added.
pub(super) const RULES_OF_OWN_WORK: Rules = Rules {
    permits: 1,
    is_shared: false,
    are_short: false,
    waiting: MAX_WAITING,
    waiting_of_organization: MAX_WAITING,
    waiting_of_member: MAX_WAITING,
};

impl Rules {
    /// The rules for the parts of catalogues that are not kept in memory. To read and use one takes some ten milliseconds.
    pub(super) const fn for_parts() -> Self {
        Self { are_short: true, ..Self::for_requests(PARTS) }
    }

    /// The rules for calls on behalf of requests.
    pub(super) const fn for_requests(permits: usize) -> Self {
        Self {
            permits,
            is_shared: true,
            are_short: false,
            waiting: MAX_WAITING,
            waiting_of_organization: MAX_WAITING_OF_ORGANIZATION,
            waiting_of_member: MAX_WAITING_OF_MEMBER,
        }
    }
}
