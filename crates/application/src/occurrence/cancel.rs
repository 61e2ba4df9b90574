use std::sync::Arc;

use convene_domain::occurrence::Occurrence;

use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::Outcome,
    mutation_context::ContextFactory,
    ports::{Changed, Events, OccurrenceCancellation},
};

/// Cancels one occurrence of an event.
pub struct CancelOccurrence {
    pub(crate) contexts: ContextFactory,
    pub(crate) events: Arc<dyn Events>,
}

impl CancelOccurrence {
    /// Cancels the occurrence and every registration for it.
    ///
    /// # Errors
    /// Refused with `NotFound` on `occurrenceId`, `VersionConflict` or `AlreadyCancelled`.
    #[tracing::instrument(name = "occurrence.cancel", skip_all, fields(organization = %admin.scope().organization(), occurrence = %cancellation.occurrence))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        cancellation: OccurrenceCancellation,
        request: RequestMetadata,
    ) -> Outcome<Changed<Occurrence>> {
        let change = self.contexts.for_member(&admin, request);
        self.events.cancel_occurrence(admin.scope(), cancellation, &change).await
    }
}
