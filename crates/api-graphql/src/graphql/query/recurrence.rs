use juniper::GraphQLObject;

use crate::graphql::{
    context::Context,
    errors::{FieldProblem, UserErrorValue},
    input::PreviewRecurrenceInput,
    mutation::{Payload, settle},
    object::PreviewedOccurrence,
    problems::Problems,
};

/// The preview of a recurrence.
#[derive(Default, GraphQLObject)]
#[graphql(context = Context)]
pub struct PreviewRecurrencePayload {
    /// The occurrences, by start.
    occurrences: Vec<PreviewedOccurrence>,
    /// The recurrence in plain English; null if the input is refused.
    summary: Option<String>,
    /// The problems of the input.
    user_errors: Vec<UserErrorValue>,
}

impl Payload for PreviewRecurrencePayload {
    fn refused(user_errors: Vec<UserErrorValue>) -> Self {
        Self { user_errors, ..Self::default() }
    }
}

pub(super) fn preview(
    context: &Context,
    input: &PreviewRecurrenceInput,
) -> Result<PreviewRecurrencePayload, FieldProblem> {
    let caller = context.caller()?;
    let mut problems = Problems::default();
    let command = input.check(&mut problems);
    let previewed = problems.conclude(command).and_then(|command| {
        let previewed = context.use_cases().preview_recurrence.execute(caller, command);
        previewed.map_err(|failure| input.recurrence.name_as_written(failure))
    });
    settle(
        context,
        previewed.map(|preview| PreviewRecurrencePayload {
            occurrences: preview.occurrences.into_iter().map(Into::into).collect(),
            summary: Some(preview.summary),
            user_errors: Vec::new(),
        }),
    )
}
