use std::{collections::HashMap, sync::Arc};

use convene_domain::{occurrence::OccurrenceKey, registration::Registration};

use crate::{caller::Caller, failure::Outcome, ports::Registrations};

/// Reads the caller's own registrations for occurrences.
pub struct ViewerRegistrations {
    pub(crate) registrations: Arc<dyn Registrations>,
}

impl ViewerRegistrations {
    /// The caller's active registrations for these occurrences, by occurrence.
    ///
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "registration.viewer", skip_all)]
    pub async fn execute(
        &self,
        caller: &Caller,
        occurrences: &[OccurrenceKey],
    ) -> Outcome<HashMap<OccurrenceKey, Registration>> {
        let found = self.registrations.active_of(caller.scope(), caller.member(), occurrences).await?;
        Ok(found.into_iter().map(|registration| (registration.occurrence, registration)).collect())
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::member::Role;

    use super::*;
    use crate::{fixtures, ports::MockRegistrations};

    #[tokio::test]
    async fn finds_the_callers_by_occurrence() {
        let mut registrations = MockRegistrations::new();
        registrations
            .expect_active_of()
            .withf(|_, member, _| *member == fixtures::member_id(fixtures::ADA))
            .returning(|_, _, _| Ok(vec![fixtures::registration(1, fixtures::ADA)]));
        let viewer = ViewerRegistrations { registrations: Arc::new(registrations) };
        let expected = fixtures::registration(1, fixtures::ADA);
        let caller = fixtures::caller(fixtures::ADA, Role::Member);
        let found = viewer.execute(&caller, &[expected.occurrence]).await.unwrap();
        assert_eq!(found, HashMap::from([(expected.occurrence, expected)]));
    }
}
