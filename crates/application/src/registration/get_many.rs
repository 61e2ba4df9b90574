use std::sync::Arc;

use convene_domain::{id::RegistrationId, registration::Registration};

use super::is_visible;
use crate::{caller::Caller, failure::Outcome, ports::Registrations};

/// Reads registrations by their ids.
pub struct GetRegistrations {
    pub(crate) registrations: Arc<dyn Registrations>,
}

impl GetRegistrations {
    /// Returns those registrations that the caller may see, in any order.
    ///
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "registration.get_many", skip_all)]
    pub async fn execute(&self, caller: &Caller, ids: &[RegistrationId]) -> Outcome<Vec<Registration>> {
        let found = self.registrations.get_many(caller.scope(), ids).await?;
        Ok(found.into_iter().filter(|registration| is_visible(caller, registration)).collect())
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::member::Role;
    use rstest::rstest;

    use super::*;
    use crate::{fixtures, ports::MockRegistrations};

    #[rstest]
    #[case::member(Role::Member, vec![1])]
    #[case::admin(Role::Admin, vec![1, 2])]
    #[tokio::test]
    async fn hides_the_registrations_of_other_members(#[case] role: Role, #[case] expected: Vec<u128>) {
        let mut registrations = MockRegistrations::new();
        registrations.expect_get_many().returning(|_, _| {
            let (own, other) = (fixtures::ADA, fixtures::BOB);
            Ok(vec![fixtures::registration(1, own), fixtures::registration(2, other)])
        });
        let get = GetRegistrations { registrations: Arc::new(registrations) };
        let ids = [1, 2].map(fixtures::registration_id);
        let found = get.execute(&fixtures::caller(fixtures::ADA, role), &ids).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|registration| registration.id.uuid().as_u128()).collect();
        assert_eq!(found, expected);
    }
}
