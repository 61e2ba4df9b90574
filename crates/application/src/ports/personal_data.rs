use async_trait::async_trait;
use convene_domain::{
    activity::Activity,
    issue::Issue,
    member::Member,
    occurrence::OccurrenceKey,
    registration::Registration,
    text::{IdempotencyKey, UserId},
    time::{Instant, interval::Interval},
};
use uuid::Uuid;

use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
};

/// The display name of a member whose data were erased.
pub const ERASED_NAME: &str = "Erased member";

/// The text that replaces an erased e-mail address in the activity log.
pub const ERASED_EMAIL: &str = "erased";

/// The fields of a member that identify the person, as the activity log names them.
pub const PERSONAL_FIELDS: [&str; 3] = ["userId", "displayName", "email"];

/// Makes the pseudonym of an erased person: `erased-` and the last twelve digits of an id, which are random. An
/// erasure that was interrupted continues with the same pseudonym, because it is made of the person's membership id.
#[must_use]
pub fn pseudonym(id: Uuid) -> String {
    let digits = id.simple().to_string();
    format!("{}{}", UserId::PSEUDONYM, digits.get(20..).unwrap_or_default())
}

/// A membership of the person, past or present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub member: Member,
    pub removed_at: Option<Instant>,
}

/// The time of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusyTime {
    pub occurrence: OccurrenceKey,
    pub interval: Interval,
}

/// An idempotency key that the person used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedKey {
    pub key: IdempotencyKey,
    pub used_at: Instant,
    /// The id of the changed object: the only part of the reply that is stored.
    pub subject: String,
}

/// The data that an organization has about a person. Titles and descriptions that other people wrote are not part of
/// it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PersonalRecord {
    /// Oldest first; several, if the person was removed and added again.
    pub memberships: Vec<Membership>,
    /// The times of the upcoming seats, by start.
    pub agenda: Vec<BusyTime>,
    /// By id.
    pub registrations: Vec<Registration>,
    /// The issues that the person reported or is assigned to, by number.
    pub issues: Vec<Issue>,
    /// The entries of the activity log about the person, as [`PersonalEntries`] selects them, oldest first.
    ///
    /// [`PersonalEntries`]: crate::personal_data::PersonalEntries
    pub activity: Vec<Activity>,
    /// The stored idempotency keys, oldest first.
    pub keys: Vec<UsedKey>,
}

/// The numbers of documents that an erasure changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    pub memberships: u32,
    /// An entry of the activity log counts once for each time that it was rewritten.
    pub entries: u64,
    /// The deleted idempotency keys.
    pub keys: u64,
}

/// Collects and erases the data that an organization has about a person.
///
/// This is the only port that changes entries of the activity log. The server does not have it: the operator's commands
/// connect with rights of their own.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PersonalData: Send + Sync {
    /// Collects the data of the person with this user id. The record of an unknown person is empty.
    async fn collect(&self, scope: &TenantScope, user: &UserId) -> Result<PersonalRecord, Fault>;

    /// Tests for the right to change entries of the activity log, without changing one: an erasure that can't be finished
    /// should not begin.
    async fn may_erase(&self, scope: &TenantScope) -> Outcome<bool>;

    /// Replaces the user id by a [`pseudonym`] in removed memberships and in the actors of the activity log. Removed
    /// memberships get [`ERASED_NAME`] and lose their e-mail address. The entries about these memberships lose the values
    /// of [`PERSONAL_FIELDS`]. The idempotency keys of the person are deleted.
    ///
    /// The removals of these memberships are completed first. An active membership is not changed: the caller MUST remove
    /// it before. Only keys are deleted, so all counts stay,
    /// as do ids, times and the order of the log. One entry `member.erased` is written for each membership, in one step
    /// with its change and after all other changes. An erasure that was interrupted can be repeated; a repeat of a
    /// finished one changes nothing.
    async fn erase(&self, scope: &TenantScope, user: &UserId, change: &Change) -> Outcome<Erased>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_is_a_user_id_made_of_the_random_digits() {
        let id = Uuid::parse_str("018f4e6b-8c7a-7c3e-9f5d-2b1a0c9e8d7f").unwrap();
        assert_eq!(pseudonym(id), "erased-2b1a0c9e8d7f");
        assert!(UserId::parse(&pseudonym(id)).is_ok());
        assert!(UserId::parse_new(&pseudonym(id)).is_err());
    }
}
