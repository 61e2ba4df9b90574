use convene_application::registration::RegisterCommand;

use super::payload::{Payload, payload, run};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{CancelRegistrationInput, MutationInput, prepare},
    object::Registration,
};

payload!(
    /// The result of a registration for an occurrence.
    RegisterForOccurrencePayload {
        /// The registration, confirmed or waitlisted; null if it was refused.
        registration: Option<Registration>,
    }
);

payload!(
    /// The result of a registration for a one-off event.
    RegisterForEventPayload {
        /// The registration, confirmed or waitlisted; null if it was refused.
        registration: Option<Registration>,
    }
);

impl From<Registration> for RegisterForOccurrencePayload {
    fn from(registration: Registration) -> Self {
        Self { registration: Some(registration), ..Default::default() }
    }
}

impl From<Registration> for RegisterForEventPayload {
    fn from(registration: Registration) -> Self {
        Self { registration: Some(registration), ..Default::default() }
    }
}

/// Registers a member.
pub(super) async fn register<P: Payload + From<Registration>>(
    context: &Context,
    mutation: &'static str,
    input: &(impl MutationInput<Command = RegisterCommand> + Sync),
) -> Result<P, FieldProblem> {
    run(context, async {
        let caller = context.acting_member()?;
        let (command, request) = prepare(context, mutation, input)?;
        let registered = context.use_cases().register.execute(caller, command, request).await;
        registered.map(|made| P::from(made.into()))
    })
    .await
}

payload!(
    /// The result of a cancellation.
    CancelRegistrationPayload {
        /// The cancelled registration; null if the cancellation was refused.
        registration: Option<Registration>,
        /// The registration that was promoted to the free seat; only ADMINs see another member's.
        promoted: Option<Registration>,
    }
);

/// Cancels a registration.
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
