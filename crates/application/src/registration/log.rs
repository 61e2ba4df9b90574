//! Activity log entries of registrations.

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChanges, Subject},
    registration::{CancellationReason, Registration},
};

/// The entry of a new registration, confirmed or waitlisted.
#[must_use]
pub fn created(registration: &Registration) -> ActivityDraft {
    let action = match registration.status.waitlist_sequence() {
        None => Action::RegistrationCreated,
        Some(_) => Action::RegistrationWaitlisted,
    };
    draft(action, None, registration)
}

/// The entry of a registration that was promoted from the waitlist.
#[must_use]
pub fn promoted(before: &Registration, after: &Registration) -> ActivityDraft {
    draft(Action::RegistrationPromoted, Some(before), after)
}

/// The entry of a cancelled registration.
#[must_use]
pub fn cancelled(before: &Registration, after: &Registration) -> ActivityDraft {
    draft(Action::RegistrationCancelled, Some(before), after)
}

fn draft(action: Action, before: Option<&Registration>, after: &Registration) -> ActivityDraft {
    let status = |it: &Registration| it.status.kind().as_str();
    let reason = |it: &Registration| it.status.cancellation_reason().map(CancellationReason::as_str);
    let changes = FieldChanges::default()
        .compare("status", before.map(status), Some(status(after)))
        .compare("occurrenceId", before.map(|it| it.occurrence), Some(after.occurrence))
        .compare("memberId", before.map(|it| it.member), Some(after.member))
        .compare("cancellationReason", before.and_then(reason), reason(after));
    ActivityDraft { action, subject: Subject::Registration(after.id), changes: changes.into_vec() }
}
