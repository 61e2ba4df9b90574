//! What the activity log says about registrations.

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChanges, Subject},
    registration::{CancellationReason, RegistrationStatusKind},
};

use crate::{error::CorruptDocument, registration::document::RegistrationDocument};

/// A member got a seat.
pub(crate) fn created(registration: &RegistrationDocument) -> Result<ActivityDraft, CorruptDocument> {
    made(registration, Action::RegistrationCreated)
}

/// A member joined a queue.
pub(crate) fn waitlisted(registration: &RegistrationDocument) -> Result<ActivityDraft, CorruptDocument> {
    made(registration, Action::RegistrationWaitlisted)
}

fn made(registration: &RegistrationDocument, action: Action) -> Result<ActivityDraft, CorruptDocument> {
    let changes = FieldChanges::default()
        .compare("status", None, Some(registration.status.as_str()))
        .compare("occurrenceId", None, Some(registration.occurrence.as_str()))
        .compare("memberId", None, Some(registration.member.as_str()));
    draft(registration, action, changes)
}

/// A member moved up from the queue.
pub(super) fn promoted(registration: &RegistrationDocument) -> Result<ActivityDraft, CorruptDocument> {
    let (before, after) = (RegistrationStatusKind::Waitlisted, RegistrationStatusKind::Confirmed);
    let changes = FieldChanges::default().compare("status", Some(before.as_str()), Some(after.as_str()));
    draft(registration, Action::RegistrationPromoted, changes)
}

/// A registration, as it was before, is cancelled.
pub(super) fn cancelled(
    before: &RegistrationDocument,
    reason: CancellationReason,
) -> Result<ActivityDraft, CorruptDocument> {
    let after = RegistrationStatusKind::Cancelled;
    let changes = FieldChanges::default()
        .compare("status", Some(before.status.as_str()), Some(after.as_str()))
        .compare("cancellationReason", None, Some(reason.as_str()));
    draft(before, Action::RegistrationCancelled, changes)
}

fn draft(
    registration: &RegistrationDocument,
    action: Action,
    changes: FieldChanges,
) -> Result<ActivityDraft, CorruptDocument> {
    let subject = Subject::Registration(registration.registration_id()?);
    Ok(ActivityDraft { action, subject, changes: changes.into_vec() })
}
