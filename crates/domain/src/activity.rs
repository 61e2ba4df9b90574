//! The activity log: who changed what, and when.

use std::fmt;

use crate::{
    id::{ActivityId, EventId, IssueId, MemberId, OrganizationId, RegistrationId},
    names::names,
    occurrence::OccurrenceKey,
    text::{Email, TextProblem, UserId},
    time::Instant,
};

names! {
    /// The kind of change that an entry of the activity log records: the subject's type, a dot and a past participle.
    pub enum Action {
        /// An organization was created.
        OrganizationCreated => "organization.created",
        /// An organization was changed.
        OrganizationUpdated => "organization.updated",
        /// An organization was suspended by the operator.
        OrganizationSuspended => "organization.suspended",
        /// A suspended organization was resumed by the operator.
        OrganizationResumed => "organization.resumed",
        /// The operator deleted a suspended organization. The entry is deleted with it.
        OrganizationDeleted => "organization.deleted",
        /// A member was added.
        MemberAdded => "member.added",
        /// A member was changed.
        MemberUpdated => "member.updated",
        /// A member was removed.
        MemberRemoved => "member.removed",
        /// The personal data of a former member were erased.
        MemberErased => "member.erased",
        /// An event was created.
        EventCreated => "event.created",
        /// An event was changed as a whole.
        EventUpdated => "event.updated",
        /// The stored occurrences of an event got the times of a new time-zone database.
        EventRealigned => "event.realigned",
        /// A series was ended early and continues as another event.
        EventSplit => "event.split",
        /// An event was cancelled.
        EventCancelled => "event.cancelled",
        /// A cancelled event takes place again.
        EventRestored => "event.restored",
        /// An event was deleted.
        EventDeleted => "event.deleted",
        /// One occurrence was changed.
        OccurrenceUpdated => "occurrence.updated",
        /// An edit of its event dropped an occurrence that an organizer had changed.
        OccurrenceDropped => "occurrence.dropped",
        /// One occurrence was cancelled.
        OccurrenceCancelled => "occurrence.cancelled",
        /// One occurrence got values of its series again.
        OccurrenceRestored => "occurrence.restored",
        /// A registration was confirmed when it was made.
        RegistrationCreated => "registration.created",
        /// A registration was waitlisted when it was made.
        RegistrationWaitlisted => "registration.waitlisted",
        /// A waitlisted registration was confirmed.
        RegistrationPromoted => "registration.promoted",
        /// A registration was cancelled.
        RegistrationCancelled => "registration.cancelled",
        /// An issue was reported.
        IssueCreated => "issue.created",
        /// An issue was changed.
        IssueUpdated => "issue.updated",
        /// An issue was deleted.
        IssueDeleted => "issue.deleted",
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The originator of a change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A user, identified by the subject of the credentials.
    User(UserId),
    /// The platform itself.
    System,
}

impl Actor {
    /// Parses the output of [`Display`](fmt::Display).
    ///
    /// # Errors
    /// [`TextProblem`] for a text that is neither a user id nor the name of the platform.
    pub fn parse(text: &str) -> Result<Self, TextProblem> {
        if text == UserId::RESERVED { Ok(Self::System) } else { UserId::parse(text).map(Self::User) }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User(user) => user.as_str(),
            Self::System => UserId::RESERVED,
        })
    }
}

/// The object of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The organization itself.
    Organization(OrganizationId),
    /// A member.
    Member(MemberId),
    /// An event.
    Event(EventId),
    /// One occurrence.
    Occurrence(OccurrenceKey),
    /// A registration.
    Registration(RegistrationId),
    /// An issue.
    Issue(IssueId),
}

impl Subject {
    /// Parses the id of a subject of any type.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('_')?.0 {
            OrganizationId::PREFIX => OrganizationId::parse(text).ok().map(Self::Organization),
            MemberId::PREFIX => MemberId::parse(text).ok().map(Self::Member),
            EventId::PREFIX => EventId::parse(text)
                .map(Self::Event)
                .or_else(|_| OccurrenceKey::parse(text).map(Self::Occurrence))
                .ok(),
            RegistrationId::PREFIX => RegistrationId::parse(text).ok().map(Self::Registration),
            IssueId::PREFIX => IssueId::parse(text).ok().map(Self::Issue),
            _ => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization(id) => id.fmt(f),
            Self::Member(id) => id.fmt(f),
            Self::Event(id) => id.fmt(f),
            Self::Occurrence(key) => key.fmt(f),
            Self::Registration(id) => id.fmt(f),
            Self::Issue(id) => id.fmt(f),
        }
    }
}

/// The values of one field before and after a change; `None` means no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The field's name in the API.
    pub field: &'static str,
    /// Its value before.
    pub before: Option<String>,
    /// Its value after.
    pub after: Option<String>,
}

/// Collects the fields whose value changed.
///
/// ```
/// use convene_domain::activity::FieldChanges;
/// let changes = FieldChanges::default()
///     .compare("capacity", Some(20), Some(25))
///     .compare("title", Some("Rehearsal"), Some("Rehearsal"))
///     .into_vec();
/// assert_eq!(changes.len(), 1);
/// assert_eq!(changes[0].after.as_deref(), Some("25"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct FieldChanges(Vec<FieldChange>);

impl FieldChanges {
    /// Adds the field if its value changed.
    #[must_use]
    pub fn compare<T: fmt::Display + PartialEq>(
        mut self,
        field: &'static str,
        before: Option<T>,
        after: Option<T>,
    ) -> Self {
        if before != after {
            let text = |value: Option<T>| value.map(|value| value.to_string());
            self.0.push(FieldChange { field, before: text(before), after: text(after) });
        }
        self
    }

    /// Adds an e-mail address in masked form if it changed, because log entries are kept longer than the address is needed.
    #[must_use]
    pub fn compare_email(
        mut self,
        field: &'static str,
        before: Option<&Email>,
        after: Option<&Email>,
    ) -> Self {
        if before != after {
            self.0.push(FieldChange { field, before: before.map(mask), after: after.map(mask) });
        }
        self
    }

    /// The changes, in the order they were added.
    #[must_use]
    pub fn into_vec(self) -> Vec<FieldChange> {
        self.0
    }
}

/// Keeps the first character and the domain: `a***@example.org`.
fn mask(email: &Email) -> String {
    let (local, domain) = email.as_str().rsplit_once('@').unwrap_or_default();
    let first: String = local.chars().take(1).collect();
    format!("{first}***@{domain}")
}

/// The content of a log entry: action, subject and changed fields. The mutation context adds the actor, the time and
/// the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityDraft {
    /// The kind of change.
    pub action: Action,
    /// The changed object.
    pub subject: Subject,
    /// The changed fields.
    pub changes: Vec<FieldChange>,
}

/// An immutable entry of the activity log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The entry's id.
    pub id: ActivityId,
    /// The time of the change.
    pub at: Instant,
    /// The originator of the change.
    pub actor: Actor,
    /// The kind of change.
    pub action: Action,
    /// The changed object.
    pub subject: Subject,
    /// The changed fields.
    pub changes: Vec<RecordedChange>,
    /// The id of the request, as in the process log.
    pub request_id: Option<String>,
}

/// A stored [`FieldChange`]; the field has the name that it had when the entry was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedChange {
    /// The field's name in the API.
    pub field: String,
    /// Its value before.
    pub before: Option<String>,
    /// Its value after.
    pub after: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_reads_back() {
        for &action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Some(action));
        }
        assert_eq!(Action::parse("event.exploded"), None);
    }

    #[test]
    fn every_subject_reads_back() {
        let digits = "018f4e6b8c7a7c3e9f5d2b1a0c9e8d7f";
        for prefix in ["org", "mbr", "evt", "reg", "iss"] {
            let text = format!("{prefix}_{digits}");
            assert_eq!(Subject::parse(&text).unwrap().to_string(), text);
        }
        let occurrence = format!("evt_{digits}_20261122T090000Z");
        assert_eq!(Subject::parse(&occurrence).unwrap().to_string(), occurrence);
        assert_eq!(Subject::parse("act_1"), None);
    }

    #[test]
    fn masks_addresses() {
        let after = Email::parse("ada@example.org").unwrap();
        let changes = FieldChanges::default().compare_email("email", None, Some(&after)).into_vec();
        assert_eq!(changes[0].after.as_deref(), Some("a***@example.org"));
    }
}
