use std::sync::Arc;

use convene_domain::id::EventId;

use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::Outcome,
    mutation_context::ContextFactory,
    ports::{EventDeleted, Events},
};

/// Deletes an event of the admin's organization.
pub struct DeleteEvent {
    pub(crate) contexts: ContextFactory,
    pub(crate) events: Arc<dyn Events>,
}

impl DeleteEvent {
    /// Deletes the event if it has no active registration.
    ///
    /// # Errors
    /// Refused with `NotFound` on `eventId`, or `RegistrationsAffected`.
    #[tracing::instrument(name = "event.delete", skip_all, fields(organization = %admin.scope().organization(), %event))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        event: EventId,
        request: RequestMetadata,
    ) -> Outcome<EventDeleted> {
        let change = self.contexts.for_member(&admin, request);
        self.events.delete(admin.scope(), event, &change).await
    }
}
