use std::sync::Arc;

use convene_domain::id::RegistrationId;

use crate::{
    caller::Caller,
    change::RequestMetadata,
    failure::Outcome,
    mutation_context::ContextFactory,
    ports::{CancelRequest, Cancelled, RegistrationBook},
};

/// Cancels a registration: the caller's own, or any for an admin.
pub struct CancelRegistration {
    pub(crate) contexts: ContextFactory,
    pub(crate) registration_book: Arc<dyn RegistrationBook>,
}

impl CancelRegistration {
    /// Cancels the registration. The result includes the registration that was promoted to the free seat.
    ///
    /// # Errors
    /// Refused with `NotFound` on `registrationId`, also for another member's; `AlreadyCancelled`;
    /// `CancellationClosed`.
    #[tracing::instrument(skip_all, fields(organization = %caller.scope().organization(), %registration))]
    pub async fn execute(
        &self,
        caller: &Caller,
        registration: RegistrationId,
        request: RequestMetadata,
    ) -> Outcome<Cancelled> {
        let cancel = CancelRequest { registration, caller: caller.member(), role: caller.role() };
        let change = self.contexts.for_member(caller, request);
        self.registration_book.cancel(caller.scope(), cancel, &change).await
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::member::Role;
    use rstest::rstest;

    use super::*;
    use crate::{
        failure::Refusal,
        fixtures::{self, refusals},
        ports::MockRegistrationBook,
    };

    #[rstest]
    #[tokio::test]
    async fn passes_the_caller_and_the_role_on(#[values(Role::Member, Role::Admin)] role: Role) {
        let expected = CancelRequest {
            registration: fixtures::registration_id(7),
            caller: fixtures::member_id(fixtures::ADA),
            role,
        };
        let mut book = MockRegistrationBook::new();
        book.expect_cancel()
            .withf(move |_, request, _| *request == expected)
            .returning(|_, _, _| Err(Refusal::AlreadyCancelled.into()));
        let cancel = CancelRegistration { contexts: fixtures::contexts(), registration_book: Arc::new(book) };
        let caller = fixtures::caller(fixtures::ADA, role);
        let outcome = cancel.execute(&caller, fixtures::registration_id(7), RequestMetadata::default()).await;
        assert_eq!(refusals(outcome), [Refusal::AlreadyCancelled]);
    }
}
