use std::sync::Arc;

use convene_domain::{event::Event, id::EventId};

use crate::{
    caller::Caller,
    failure::Outcome,
    page::{BoundedPage, PageRequest},
    ports::{EventFilter, Events},
};

/// Lists the events of the caller's organization.
pub struct ListEvents {
    pub(crate) events: Arc<dyn Events>,
}

impl ListEvents {
    /// The events that match the filter, in the order of their creation.
    ///
    /// # Errors
    /// Faults only.
    pub async fn execute(
        &self,
        caller: &Caller,
        filter: EventFilter,
        page: PageRequest<EventId>,
    ) -> Outcome<BoundedPage<Event, EventId>> {
        Ok(self.events.list(caller.scope(), filter, page).await?)
    }
}
