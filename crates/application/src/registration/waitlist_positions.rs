use std::{collections::HashMap, sync::Arc};

use convene_domain::{id::RegistrationId, member::Role};

use super::is_visible;
use crate::{
    caller::{Caller, TenantScope},
    failure::{Fault, Outcome},
    ports::Registrations,
};

/// Reads the positions of registrations on their waitlists.
pub struct WaitlistPositions {
    pub(crate) registrations: Arc<dyn Registrations>,
}

impl WaitlistPositions {
    /// Returns the positions of those registrations that are waitlisted and visible to the caller; 1 is next.
    ///
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "registration.waitlist_positions", skip_all)]
    pub async fn execute(
        &self,
        caller: &Caller,
        ids: &[RegistrationId],
    ) -> Outcome<HashMap<RegistrationId, u32>> {
        let scope = caller.scope();
        if caller.role() == Role::Admin {
            return Ok(self.registrations.waitlist_positions(scope, ids).await?);
        }
        let own = self.own(scope, caller, ids).await?;
        if own.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(self.registrations.waitlist_positions(scope, &own).await?)
    }

    async fn own(
        &self,
        scope: &TenantScope,
        caller: &Caller,
        ids: &[RegistrationId],
    ) -> Result<Vec<RegistrationId>, Fault> {
        let found = self.registrations.get_many(scope, ids).await?;
        let visible = found.into_iter().filter(|registration| is_visible(caller, registration));
        Ok(visible.map(|registration| registration.id).collect())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{
        fixtures::{self, ADA, BOB},
        ports::MockRegistrations,
    };

    #[rstest]
    #[case::member(Role::Member, vec![1])]
    #[case::admin(Role::Admin, vec![1, 2])]
    #[tokio::test]
    async fn hides_the_positions_of_other_members(#[case] role: Role, #[case] expected: Vec<u128>) {
        let mut registrations = MockRegistrations::new();
        registrations
            .expect_get_many()
            .returning(|_, _| Ok(vec![fixtures::registration(1, ADA), fixtures::registration(2, BOB)]));
        registrations
            .expect_waitlist_positions()
            .returning(|_, ids| Ok(ids.iter().map(|id| (*id, 1)).collect()));
        let positions = WaitlistPositions { registrations: Arc::new(registrations) };
        let ids = [1, 2].map(fixtures::registration_id);
        let found = positions.execute(&fixtures::caller(ADA, role), &ids).await.unwrap();
        let mut found: Vec<_> = found.into_keys().map(|id| id.uuid().as_u128()).collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }
}
