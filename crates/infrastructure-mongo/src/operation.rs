//! The names of changes that take idempotency keys.

use bson::Bson;

/// The operation of a change. Its name is stored with the use of a key: a result is found again only by the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    CreateOrganization,
    UpdateOrganization,
    SuspendOrganization,
    ResumeOrganization,
    /// Its key outlives the organization.
    DeleteOrganization,
    AddMember,
    UpdateMember,
    RemoveMember,
    CreateEvent,
    DuplicateEvent,
    UpdateEvent,
    CancelEvent,
    RestoreEvent,
    DeleteEvent,
    UpdateOccurrence,
    CancelOccurrence,
    RestoreOccurrence,
    /// `registerForEvent` is stored as this one too.
    RegisterForOccurrence,
    CancelRegistration,
    CreateIssue,
    UpdateIssue,
    DeleteIssue,
}

impl Operation {
    /// The operations whose result is an occurrence, and follows it to another id.
    pub(crate) const OF_OCCURRENCES: [Self; 3] =
        [Self::UpdateOccurrence, Self::CancelOccurrence, Self::RestoreOccurrence];

    /// The operations of the operator, whose keys are looked up without a tenant scope.
    pub(crate) const OF_OPERATOR: [Self; 4] = [
        Self::CreateOrganization,
        Self::SuspendOrganization,
        Self::ResumeOrganization,
        Self::DeleteOrganization,
    ];

    /// The name in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::CreateOrganization => "createOrganization",
            Self::UpdateOrganization => "updateOrganization",
            Self::SuspendOrganization => "suspendOrganization",
            Self::ResumeOrganization => "resumeOrganization",
            Self::DeleteOrganization => "deleteOrganization",
            Self::AddMember => "addMember",
            Self::UpdateMember => "updateMember",
            Self::RemoveMember => "removeMember",
            Self::CreateEvent => "createEvent",
            Self::DuplicateEvent => "duplicateEvent",
            Self::UpdateEvent => "updateEvent",
            Self::CancelEvent => "cancelEvent",
            Self::RestoreEvent => "restoreEvent",
            Self::DeleteEvent => "deleteEvent",
            Self::UpdateOccurrence => "updateOccurrence",
            Self::CancelOccurrence => "cancelOccurrence",
            Self::RestoreOccurrence => "restoreOccurrence",
            Self::RegisterForOccurrence => "registerForOccurrence",
            Self::CancelRegistration => "cancelRegistration",
            Self::CreateIssue => "createIssue",
            Self::UpdateIssue => "updateIssue",
            Self::DeleteIssue => "deleteIssue",
        }
    }
}

impl From<Operation> for Bson {
    fn from(operation: Operation) -> Self {
        operation.as_str().into()
    }
}
