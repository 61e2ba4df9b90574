use convene_application::registration::RegisterCommand;

use super::payload::{payload, run};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{CancelRegistrationInput, MutationInput, prepare},
    object::Registration,
};

payload!(
    /// A new registration.
    RegisterPayload {
        /// The registration, a seat or a place in the queue; null if it was refused.
        registration: Option<Registration>,
    }
);

/// Takes a seat.
pub(super) async fn register(
    context: &Context,
    mutation: &'static str,
    input: &(impl MutationInput<Command = RegisterCommand> + Sync),
) -> Result<RegisterPayload, FieldProblem> {
    run(context, async {
        let caller = context.acting_member()?;
        let (command, request) = prepare(context, mutation, input)?;
        let registered = context.use_cases().register.execute(caller, command, request).await;
        registered.map(|made| RegisterPayload { registration: Some(made.into()), ..Default::default() })
    })
    .await
}

payload!(
    /// A cancelled registration.
    CancelRegistrationPayload {
        /// The registration as it is now; null if it was refused.
        registration: Option<Registration>,
        /// The registration that got the free seat; only ADMINs see another member's.
        promoted: Option<Registration>,
    }
);

/// Gives a seat, or a place in a queue, up.
pub(super) async fn cancel(
    context: &Context,
    input: &CancelRegistrationInput,
) -> Result<CancelRegistrationPayload, FieldProblem> {
    run(context, async {
        let caller = context.acting_member()?;
        let (registration, request) = prepare(context, "cancelRegistration", input)?;
        let cancelled =
            context.use_cases().cancel_registration.execute(caller, registration, request).await?;
        Ok(CancelRegistrationPayload {
            registration: Some(cancelled.registration.into()),
            promoted: cancelled.promoted.map(Into::into),
            ..Default::default()
        })
    })
    .await
}
