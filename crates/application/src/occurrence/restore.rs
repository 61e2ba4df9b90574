use std::sync::Arc;

use convene_domain::occurrence::Occurrence;

use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::{Failure, Outcome},
    mutation_context::ContextFactory,
    ports::{Changed, Events, OccurrenceRestoration},
};

/// Restores one occurrence of an event.
pub struct RestoreOccurrence {
    pub(crate) contexts: ContextFactory,
    pub(crate) events: Arc<dyn Events>,
}

impl RestoreOccurrence {
    /// Gives the occurrence values of its series again; a cancelled one takes place.
    ///
    /// # Errors
    /// Refused with `NotFound` on `occurrenceId`; `VersionConflict`; `EventCancelled`; `NotCancelled`; `InvalidInput` on
    /// `occurrenceId` or `fields`; `CapacityBelowRegistrations`; `RegistrationsAffected`; `LimitExceeded`.
    #[tracing::instrument(name = "occurrence.restore", skip_all,
        fields(organization = %admin.scope().organization(), occurrence = %restoration.occurrence)
    )]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        restoration: OccurrenceRestoration,
        request: RequestMetadata,
    ) -> Outcome<Changed<Occurrence>> {
        let change = self.contexts.for_member(&admin, request);
        let restored = self.events.restore_occurrence(admin.scope(), restoration, &change).await;
        restored.map_err(Failure::of_restoration)
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::{member::Role, occurrence::OccurrenceKey};
    use time::macros::utc_datetime;

    use super::*;
    use crate::{
        failure::{Refusal, RefusalCode},
        fixtures::{self, refusals},
        ports::{MockEvents, OnAffected},
    };

    #[tokio::test]
    async fn a_capacity_of_the_event_is_no_field_of_the_input() {
        let mut events = MockEvents::new();
        events
            .expect_restore_occurrence()
            .returning(|_, _, _| Err(Refusal::CapacityBelowRegistrations { taken: 2 }.into()));
        let restore = RestoreOccurrence { contexts: fixtures::contexts(), events: Arc::new(events) };
        let original_start = utc_datetime!(2026-11-02 9:00);
        let restoration = OccurrenceRestoration {
            occurrence: OccurrenceKey { event: fixtures::event_id(1), original_start },
            fields: vec![],
            expected_version: None,
            on_affected: OnAffected::Refuse,
        };
        let caller = fixtures::caller(fixtures::ADA, Role::Admin);
        let restored =
            restore.execute(caller.admin().unwrap(), restoration, RequestMetadata::default()).await;
        let [refusal] = &refusals(restored)[..] else { panic!("one refusal") };
        assert_eq!(refusal.code_and_field(), (RefusalCode::CapacityBelowRegistrations, None));
    }
}
