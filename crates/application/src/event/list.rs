use std::sync::Arc;

use convene_domain::event::Event;

use crate::{
    caller::Caller,
    failure::Outcome,
    page::{BoundedPage, PageRequest},
    period,
    ports::{EventFilter, EventPosition, Events},
};

/// Lists the events of the caller's organization.
pub struct ListEvents {
    pub(crate) events: Arc<dyn Events>,
}

impl ListEvents {
    /// The events that match the filter, in the order of the page.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `filter.to` if it lies before `filter.from`.
    #[tracing::instrument(name = "event.list", skip_all)]
    pub async fn execute(
        &self,
        caller: &Caller,
        filter: EventFilter,
        page: PageRequest<EventPosition>,
    ) -> Outcome<BoundedPage<Event, EventPosition>> {
        period::check(filter.from, filter.to)?;
        Ok(self.events.list(caller.scope(), filter, page).await?)
    }

    /// The number of events that match the filter; `None` if there are too many to count.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count(&self, caller: &Caller, filter: EventFilter) -> Outcome<Option<u32>> {
        Ok(self.events.count(caller.scope(), filter).await?)
    }
}
