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

/// What a member is called whose data were erased.
pub const ERASED_NAME: &str = "Erased member";

/// What is left of an e-mail address that was erased from the activity log.
pub const ERASED_EMAIL: &str = "erased";

/// The fields of a member that tell who it is, as the activity log names them.
pub const PERSONAL_FIELDS: [&str; 3] = ["userId", "displayName", "email"];

/// The user id that stands for an erased person: `erased-` and the last twelve digits of an id, which are random.
/// Where it is made of the person's own membership, an erasure that was interrupted goes on with the same one.
#[must_use]
pub fn tombstone(id: Uuid) -> String {
    let digits = id.simple().to_string();
    format!("erased-{}", digits.get(20..).unwrap_or_default())
}

/// A membership of the person, past or present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The member as stored.
    pub member: Member,
    /// When the member was removed; `None` for one whom the organization has now.
    pub removed_at: Option<Instant>,
}

/// A time that a member's seat takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusyTime {
    /// The occurrence that the seat is for.
    pub occurrence: OccurrenceKey,
    /// From when to when.
    pub interval: Interval,
}

/// An idempotency key that the person used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedKey {
    /// The key.
    pub key: IdempotencyKey,
    /// When it was used.
    pub used_at: Instant,
    /// The id of what was changed under it: of all that the answer had, this is what is kept.
    pub subject: String,
}

/// Everything that an organization holds about a person. What people wrote about each other in titles and
/// descriptions is no part of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PersonalRecord {
    /// The memberships, oldest first; several, if the person was removed and added again.
    pub memberships: Vec<Membership>,
    /// The upcoming times that are taken, by start.
    pub agenda: Vec<BusyTime>,
    /// The registrations, by id.
    pub registrations: Vec<Registration>,
    /// The issues that the person reported or takes care of, by number.
    pub issues: Vec<Issue>,
    /// The entries of the activity log that tell of the person, by [`Trail`](crate::personal_data::Trail), oldest
    /// first.
    pub activity: Vec<Activity>,
    /// The idempotency keys that are remembered, oldest first.
    pub keys: Vec<UsedKey>,
}

/// What an erasure replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    /// How many memberships.
    pub memberships: u32,
    /// How many times an entry of the activity log was rewritten.
    pub entries: u64,
    /// How many idempotency keys were forgotten, those that registrations keep included.
    pub keys: u64,
}

/// Knows everything that is held about a person in an organization, and can replace it.
///
/// This is the one port that changes entries of the activity log, and no server has it: the commands that do
/// connect with rights of their own.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PersonalData: Send + Sync {
    /// Everything that is held about the person with this user id; nothing, if the organization never knew them.
    async fn collect(&self, scope: &TenantScope, user: &UserId) -> Result<PersonalRecord, Fault>;

    /// Makes sure that entries of the activity log can be changed, by changing none: an erasure that could not be
    /// finished should not begin.
    async fn prove_rights(&self, scope: &TenantScope) -> Outcome<()>;

    /// Replaces the person by a [`tombstone`] wherever the user id stands: in memberships that were removed, with
    /// [`ERASED_NAME`] and without an e-mail address; as the actor of entries of the activity log. In the
    /// entries about those memberships the values of [`PERSONAL_FIELDS`] are replaced too. Idempotency keys that the
    /// person used are forgotten.
    ///
    /// A membership that the organization has now stays: it MUST be removed before. Nothing is deleted but keys,
    /// so all counts stay, as do ids, times and the order of the log. One entry `member.erased` is written for
    /// each membership, in one step with it and after everything else; an erasure that is interrupted can be
    /// repeated, and one that is repeated changes nothing.
    async fn erase(&self, scope: &TenantScope, user: &UserId, change: &Change) -> Outcome<Erased>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tombstone_is_a_user_id_made_of_the_random_digits() {
        let id = Uuid::parse_str("018f4e6b-8c7a-7c3e-9f5d-2b1a0c9e8d7f").unwrap();
        assert_eq!(tombstone(id), "erased-2b1a0c9e8d7f");
        assert!(UserId::parse(&tombstone(id)).is_ok());
    }
}
