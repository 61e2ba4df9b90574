use std::sync::Arc;

use convene_domain::{id::RegistrationId, member::Role};

use crate::{
    caller::Caller,
    change::RequestMetadata,
    failure::Outcome,
    mutation_context::ContextFactory,
    ports::{CancellationOrder, Cancelled, RegistrationBook},
};

/// Cancels a registration: the caller's own, or anyone's for an admin.
pub struct CancelRegistration {
    pub(crate) contexts: ContextFactory,
    pub(crate) registration_book: Arc<dyn RegistrationBook>,
}

impl CancelRegistration {
    /// Cancels the registration; whoever waited and gets the seat is part of the answer.
    ///
    /// # Errors
    /// Refused with `NotFound` on `registrationId`, also for another's; `AlreadyCancelled`;
    /// `CancellationClosed`.
    #[tracing::instrument(skip_all, fields(organization = %caller.scope().organization(), %registration))]
    pub async fn execute(
        &self,
        caller: &Caller,
        registration: RegistrationId,
        request: RequestMetadata,
    ) -> Outcome<Cancelled> {
        let order = CancellationOrder {
            registration,
            of_member: (caller.role() != Role::Admin).then_some(caller.member()),
            caller: caller.member(),
        };
        let change = self.contexts.for_member(caller, request);
        self.registration_book.cancel(caller.scope(), order, &change).await
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{
        failure::Refusal,
        fixtures::{self, refusals},
        ports::MockRegistrationBook,
    };

    #[rstest]
    #[case::member(Role::Member, true)]
    #[case::admin(Role::Admin, false)]
    #[tokio::test]
    async fn a_member_cancels_their_own_only(#[case] role: Role, #[case] own_only: bool) {
        let expected = CancellationOrder {
            registration: fixtures::registration_id(7),
            of_member: own_only.then(|| fixtures::member_id(fixtures::ADA)),
            caller: fixtures::member_id(fixtures::ADA),
        };
        let mut book = MockRegistrationBook::new();
        book.expect_cancel()
            .withf(move |_, order, _| *order == expected)
            .returning(|_, _, _| Err(Refusal::AlreadyCancelled.into()));
        let cancel = CancelRegistration { contexts: fixtures::contexts(), registration_book: Arc::new(book) };
        let caller = fixtures::caller(fixtures::ADA, role);
        let outcome = cancel.execute(&caller, fixtures::registration_id(7), RequestMetadata::default()).await;
        assert_eq!(refusals(outcome), [Refusal::AlreadyCancelled]);
    }
}
