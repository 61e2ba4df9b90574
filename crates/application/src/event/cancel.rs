use std::sync::Arc;

use convene_domain::{event::Event, id::EventId};

use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::Outcome,
    mutation_context::ContextFactory,
    ports::{Changed, Events},
};

/// Cancels an event of the admin's organization.
pub struct CancelEvent {
    pub(crate) contexts: ContextFactory,
    pub(crate) events: Arc<dyn Events>,
}

impl CancelEvent {
    /// Cancels the event and every registration for an occurrence that has not begun.
    ///
    /// # Errors
    /// Refused with `NotFound` on `eventId`, or `AlreadyCancelled`.
    #[tracing::instrument(name = "event.cancel", skip_all, fields(organization = %admin.scope().organization(), %event))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        event: EventId,
        request: RequestMetadata,
    ) -> Outcome<Changed<Event>> {
        let change = self.contexts.for_member(&admin, request);
        self.events.cancel(admin.scope(), event, &change).await
    }
}
