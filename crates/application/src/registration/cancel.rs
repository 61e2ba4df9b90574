use std::sync::Arc;

use convene_domain::id::RegistrationId;

use super::is_visible;
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
    /// Cancels the registration. The result names the promoted registration if it is visible to the caller.
    ///
    /// # Errors
    /// Refused with `NotFound` on `registrationId`, also for another member's; `AlreadyCancelled`;
    /// `CancellationClosed`.
    #[tracing::instrument(name = "registration.cancel", skip_all, fields(organization = %caller.scope().organization(), %registration))]
    pub async fn execute(
        &self,
        caller: &Caller,
        registration: RegistrationId,
        request: RequestMetadata,
    ) -> Outcome<Cancelled> {
        let cancel = CancelRequest::by(caller, registration);
        let change = self.contexts.for_member(caller, request);
        let Cancelled { registration, promoted } =
            self.registration_book.cancel(caller.scope(), cancel, &change).await?;
        let promoted = promoted.filter(|promoted| is_visible(caller, promoted));
        Ok(Cancelled { registration, promoted })
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::member::Role;
    use rstest::rstest;

    use super::*;
    use crate::{
        failure::Refusal,
        fixtures::{self, ADA, BOB, refusals},
        ports::MockRegistrationBook,
    };

    #[rstest]
    #[tokio::test]
    async fn passes_the_caller_and_the_role_on(#[values(Role::Member, Role::Admin)] role: Role) {
        let expected = CancelRequest {
            registration: fixtures::registration_id(7),
            caller: fixtures::member_id(ADA),
            role,
        };
        let mut book = MockRegistrationBook::new();
        book.expect_cancel()
            .withf(move |_, request, _| *request == expected)
            .returning(|_, _, _| Err(Refusal::AlreadyCancelled.into()));
        let cancel = CancelRegistration { contexts: fixtures::contexts(), registration_book: Arc::new(book) };
        let caller = fixtures::caller(ADA, role);
        let outcome = cancel.execute(&caller, fixtures::registration_id(7), RequestMetadata::default()).await;
        assert_eq!(refusals(outcome), [Refusal::AlreadyCancelled]);
    }

    #[rstest]
    #[case::own(ADA, Role::Member, true)]
    #[case::of_another_member(BOB, Role::Member, false)]
    #[case::of_another_member_to_an_admin(BOB, Role::Admin, true)]
    #[tokio::test]
    async fn names_a_promoted_registration_that_is_visible(
        #[case] promoted: &'static str,
        #[case] role: Role,
        #[case] visible: bool,
    ) {
        let mut book = MockRegistrationBook::new();
        book.expect_cancel().returning(move |_, _, _| {
            let (registration, promoted) =
                (fixtures::registration(1, ADA), fixtures::registration(2, promoted));
            Ok(Cancelled { registration, promoted: Some(promoted) })
        });
        let cancel = CancelRegistration { contexts: fixtures::contexts(), registration_book: Arc::new(book) };
        let caller = fixtures::caller(ADA, role);
        let outcome = cancel.execute(&caller, fixtures::registration_id(1), RequestMetadata::default()).await;
        assert_eq!(outcome.unwrap().promoted.is_some(), visible);
    }
}
