use std::sync::Arc;

use convene_domain::id::EventId;

use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::Outcome,
    mutation_context::ContextFactory,
    ports::{EventRestored, Events},
};

/// Restores a cancelled event of the admin's organization.
pub struct RestoreEvent {
    pub(crate) contexts: ContextFactory,
    pub(crate) events: Arc<dyn Events>,
}

impl RestoreEvent {
    /// Restores the event and the occurrences that were cancelled together with it.
    ///
    /// # Errors
    /// Refused with `NotFound` on `eventId`, `NotCancelled`, or `LimitExceeded`.
    #[tracing::instrument(name = "event.restore", skip_all, fields(organization = %admin.scope().organization(), %event))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        event: EventId,
        request: RequestMetadata,
    ) -> Outcome<EventRestored> {
        let change = self.contexts.for_member(&admin, request);
        self.events.restore(admin.scope(), event, &change).await
    }
}
