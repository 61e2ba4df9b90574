use std::sync::Arc;

use convene_domain::occurrence::{Occurrence, OccurrenceKey};

use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::Outcome,
    mutation_context::ContextFactory,
    ports::{Changed, Events},
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
    /// Refused with `NotFound` on `occurrenceId`, or `AlreadyCancelled`.
    #[tracing::instrument(name = "occurrence.cancel", skip_all, fields(organization = %admin.scope().organization(), %occurrence))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        occurrence: OccurrenceKey,
        request: RequestMetadata,
    ) -> Outcome<Changed<Occurrence>> {
        let change = self.contexts.for_member(&admin, request);
        self.events.cancel_occurrence(admin.scope(), occurrence, &change).await
    }
}
