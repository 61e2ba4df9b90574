use std::sync::Arc;

use convene_domain::{occurrence::Occurrence, time::zone::Zone};

use crate::{
    caller::Admin,
    change::RequestMetadata,
    event::series::series_of,
    failure::Outcome,
    mutation_context::ContextFactory,
    ports::{Changed, Events, OccurrenceEdit},
};

/// Updates one occurrence of an event.
pub struct UpdateOccurrence {
    pub(crate) contexts: ContextFactory,
    pub(crate) events: Arc<dyn Events>,
}

impl UpdateOccurrence {
    /// Applies the patch; an empty patch changes nothing.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `startsAt` for an invalid start, for an occurrence that has begun or would begin
    /// in the past; `NotFound` on `occurrenceId`; `OccurrenceCancelled`;
    /// `CapacityBelowRegistrations`; `RegistrationsAffected`; `LimitExceeded`.
    #[tracing::instrument(name = "occurrence.update", skip_all,
        fields(organization = %admin.scope().organization(), occurrence = %edit.occurrence)
    )]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        edit: OccurrenceEdit,
        request: RequestMetadata,
    ) -> Outcome<Changed<Occurrence>> {
        if let Some(start) = edit.patch.starts_at {
            // The limits of event starts apply, independent of the zone.
            series_of(start, Zone::UTC, None)?;
        }
        let change = self.contexts.for_member(&admin, request);
        self.events.update_occurrence(admin.scope(), edit, &change).await
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::{member::Role, occurrence::OccurrenceKey};
    use rstest::rstest;
    use time::macros::{datetime, utc_datetime};

    use super::*;
    use crate::{
        fixtures::{self, fields, refusals},
        ports::{MockEvents, OccurrencePatch, OnAffected},
    };

    #[rstest]
    #[case::too_early(datetime!(1969-12-31 23:59))]
    #[case::too_late(datetime!(2100-01-01 0:00))]
    #[case::fraction(datetime!(2026-11-02 9:00:00.5))]
    #[tokio::test]
    async fn refuses_a_start_that_no_event_can_have(#[case] starts_at: time::PrimitiveDateTime) {
        let update = UpdateOccurrence { contexts: fixtures::contexts(), events: Arc::new(MockEvents::new()) };
        let original_start = utc_datetime!(2026-11-02 9:00);
        let edit = OccurrenceEdit {
            occurrence: OccurrenceKey { event: fixtures::event_id(1), original_start },
            patch: OccurrencePatch { starts_at: Some(starts_at), ..OccurrencePatch::default() },
            on_affected: OnAffected::Refuse,
        };
        let caller = fixtures::caller(fixtures::ADA, Role::Admin);
        let outcome = update.execute(caller.admin().unwrap(), edit, RequestMetadata::default()).await;
        assert_eq!(fields(&refusals(outcome)), ["startsAt"]);
    }
}
