use std::sync::Arc;

use convene_domain::{event::Event, id::EventId};

use crate::{caller::Caller, failure::Outcome, ports::Events};

/// Reads events by their ids.
pub struct GetEvents {
    pub(crate) events: Arc<dyn Events>,
}

impl GetEvents {
    /// The events of the caller's organization with these ids, in any order.
    ///
    /// # Errors
    /// Faults only.
    pub async fn execute(&self, caller: &Caller, ids: &[EventId]) -> Outcome<Vec<Arc<Event>>> {
        let found = self.events.get_many(caller.scope(), ids).await?;
        Ok(found.into_iter().map(Arc::new).collect())
    }
}
