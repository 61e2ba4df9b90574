//! The inputs of mutations and the filters of lists, and their conversion to commands of the use cases.

mod activity;
mod canonical;
mod choice;
mod event;
mod issue;
mod member;
mod occurrence;
mod order;
mod organization;
mod recurrence;

mod registration;
mod times;

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
        CancelEventInput, CreateEventInput, DeleteEventInput, DuplicateEventInput, EditScope, EventFilter,
        OnAffected, RestoreEventInput, UpdateEventInput,
    },
    issue::{CreateIssueInput, DeleteIssueInput, IssueFilter, UpdateIssueInput},
    member::{AddMemberInput, RemoveMemberInput, UpdateMemberInput},
    occurrence::{
        CancelOccurrenceInput, OccurrenceField, OccurrenceFilter, RestoreOccurrenceInput,
        UpdateOccurrenceInput,
    },
    order::{
        EventOrder, EventOrderField, IssueOrder, IssueOrderField, OrderDirection, RegistrationOrder,
        RegistrationOrderField,
    },
    organization::{
        CreateOrganizationInput, DeleteOrganizationInput, ResumeOrganizationInput, SuspendOrganizationInput,
        UpdateOrganizationInput,
    },
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

    /// True for a dry run; `None` for an explicit null. An absent value is the default of the schema.
    fn dry_run(&self) -> Option<bool> {
        Some(false)
    }

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
/// All problems of the input, including those of its key; a fault if the request has timed out.
pub(crate) fn prepare<I: MutationInput>(
    context: &Context,
    mutation: &'static str,
    input: &I,
) -> Result<(I::Command, RequestMetadata), Failure> {
    let mut problems = Problems::default();
    let command = input.check(&mut problems);
    let key = problems.check_optional(Field::IdempotencyKey, input.idempotency_key(), IdempotencyKey::parse);
    // A client that computes null mostly wants a preview, and the change cannot be taken back.
    let dry_run = problems.with_default(Field::DryRun, input.dry_run());
    let ((command, key), is_dry_run) = problems.conclude(command.zip(key).zip(dry_run))?;
    let idempotency = key.map(|key| Idempotency {
        key,
        fingerprint: fingerprint(mutation, canonical(&input.to_input_value(), &input.cleared())),
    });
    Ok((command, context.metadata(idempotency, is_dry_run)?))
}

/// The checked `expectedVersion` of an input, or `None` if a problem was noted.
fn expected_version(problems: &mut Problems, given: Option<i32>) -> Option<Option<u32>> {
    problems.check_optional(Field::ExpectedVersion, given, |version| {
        u32::try_from(version).ok().filter(|version| *version > 0).ok_or("must be at least 1")
    })
}

/// The domain's value of an enum, which is always valid.
fn known<G: Copy, T: From<G>>(given: &G) -> Result<T, std::convert::Infallible> {
    Ok((*given).into())
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

/// Implements the choice of a dry run.
macro_rules! dry_run {
    () => {
        fn dry_run(&self) -> Option<bool> {
            self.dry_run
        }
    };
}
use dry_run;

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::graphql::{
        object::{IssuePriority, IssueStatus, RegistrationStatus},
        scalars::LocalDateTime,
    };

    fn problems_of(input: &impl garde::Validate<Context = ()>) -> Vec<String> {
        let mut problems = Problems::default();
        let checked = problems.check_shape(None, input);
        match problems.conclude(checked) {
            Err(Failure::Refused(refusals)) => refusals.iter().map(ToString::to_string).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn too_long<T: Clone>(item: T) -> Option<Vec<T>> {
        Some(vec![item; 733])
    }

    #[test]
    fn lists_that_are_too_long_are_named_as_in_the_schema() {
        let date = LocalDateTime::from(datetime!(2031-04-07 09:00));
        let recurrence = RecurrenceInput {
            frequency: None,
            interval: None,
            by_weekday: too_long(WeekdayInput { day: Weekday::Monday, nth: None }),
            by_month_day: too_long(1),
            by_month: too_long(1),
            by_set_position: too_long(1),
            count: None,
            until: None,
            rrule: None,
            exdates: too_long(date.clone()),
            rdates: too_long(date),
        };
        let issues = IssueFilter {
            status: too_long(IssueStatus::Open),
            priority: too_long(IssuePriority::Low),
            ..IssueFilter::default()
        };
        let occurrences =
            OccurrenceFilter { event_ids: too_long("id".to_owned().into()), ..OccurrenceFilter::default() };
        let registrations = RegistrationFilter {
            status: too_long(RegistrationStatus::Confirmed),
            ..RegistrationFilter::default()
        };
        let found = [
            problems_of(&recurrence),
            problems_of(&issues),
            problems_of(&occurrences),
            problems_of(&registrations),
        ];
        insta::assert_snapshot!(found.concat().join("\n"), @r"
        byMonth must have at most 732 items
        byMonthDay must have at most 732 items
        bySetPosition must have at most 732 items
        byWeekday must have at most 732 items
        exdates must have at most 366 items
        rdates must have at most 366 items
        priority must have at most 100 items
        status must have at most 100 items
        eventIds must have at most 100 items
        status must have at most 100 items
        ");
    }
}
