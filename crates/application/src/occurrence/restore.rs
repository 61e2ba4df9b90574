use std::sync::Arc;

use convene_domain::occurrence::Occurrence;

use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::Outcome,
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
        self.events.restore_occurrence(admin.scope(), restoration, &change).await
    }
}
