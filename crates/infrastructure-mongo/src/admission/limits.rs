use super::ledger::Rules;

/// The calls that wait in a process. Further ones are refused immediately, because they would wait until their deadline.
pub const MAX_WAITING: usize = 4_096;

/// The waiting calls of an organization: half of those of the process, so that no organization fills the queue.
pub const MAX_WAITING_OF_ORGANIZATION: usize = 2_048;

/// The waiting calls of a member: more than the largest request makes at once.
pub const MAX_WAITING_OF_MEMBER: usize = 256;

/// The rules for work of the program itself, which has one owner. Its number of permits is added.
pub(super) const RULES_OF_OWN_WORK: Rules = Rules {
    permits: 1,
    headroom: 0,
    waiting: MAX_WAITING,
    waiting_of_organization: MAX_WAITING,
    waiting_of_member: MAX_WAITING,
};

impl Rules {
    /// The rules for calls on behalf of requests. A quarter of the permits is out of reach of an organization that has more
    /// than its share, so that a call of another one never waits for the slow calls of the first one.
    pub(super) const fn for_requests(permits: usize) -> Self {
        Self {
            permits,
            headroom: permits / 4,
            waiting: MAX_WAITING,
            waiting_of_organization: MAX_WAITING_OF_ORGANIZATION,
            waiting_of_member: MAX_WAITING_OF_MEMBER,
        }
    }
}
