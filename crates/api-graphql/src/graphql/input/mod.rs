//! The inputs of mutations and the filters of lists, and their conversion to commands of the use cases.

mod activity;
mod canonical;
mod choice;
mod event;
mod issue;
mod member;
mod occurrence;
mod organization;
mod recurrence;
mod registration;

use convene_application::{
    change::RequestMetadata,
    failure::{Failure, Field},
    idempotency::Idempotency,
};
use convene_domain::text::IdempotencyKey;
use juniper::ToInputValue;

use self::canonical::canonical;
pub(crate) use self::occurrence::CheckedOccurrenceFilter;
pub use self::{
    activity::ActivityFilter,
    choice::Choice,
    event::{
        CancelEventInput, CreateEventInput, DeleteEventInput, EditScope, EventFilter, OnAffected,
        UpdateEventInput,
    },
    issue::{CreateIssueInput, DeleteIssueInput, IssueFilter, UpdateIssueInput},
    member::{AddMemberInput, RemoveMemberInput, UpdateMemberInput},
    occurrence::{CancelOccurrenceInput, OccurrenceFilter, UpdateOccurrenceInput},
    organization::{CreateOrganizationInput, UpdateOrganizationInput},
    recurrence::{PreviewRecurrenceInput, RecurrenceInput, Weekday, WeekdayInput},
    registration::{
        CancelRegistrationInput, RegisterForEventInput, RegisterForOccurrenceInput, RegistrationFilter,
    },
};
use super::{context::Context, problems::Problems};
use crate::fingerprint::fingerprint;

/// The input of a mutation.
pub(crate) trait MutationInput: ToInputValue {
    /// The command of the use case.
    type Command;

    /// The caller's idempotency key.
    fn idempotency_key(&self) -> Option<&str>;

    /// The fields that an explicit null clears. For them, null and absent are different inputs.
    fn cleared(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// The command, or `None` if a problem was noted.
    fn check(&self, problems: &mut Problems) -> Option<Self::Command>;
}

/// The command of an input, and the metadata of its request.
///
/// # Errors
/// All problems of the input, including those of its key.
pub(crate) fn prepare<I: MutationInput>(
    context: &Context,
    mutation: &'static str,
    input: &I,
) -> Result<(I::Command, RequestMetadata), Failure> {
    let mut problems = Problems::default();
    let command = input.check(&mut problems);
    let key = problems.check_optional(Field::IdempotencyKey, input.idempotency_key(), IdempotencyKey::parse);
    let (command, key) = problems.conclude(command.zip(key))?;
    let idempotency = key.map(|key| Idempotency {
        key,
        fingerprint: fingerprint(mutation, canonical(&input.to_input_value(), &input.cleared())),
    });
    Ok((command, context.metadata(idempotency)))
}

/// Implements the access to the idempotency key.
macro_rules! idempotency_key {
    () => {
        fn idempotency_key(&self) -> Option<&str> {
            self.idempotency_key.as_deref()
        }
    };
}
use idempotency_key;
