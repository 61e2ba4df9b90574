use std::{collections::BTreeSet, sync::Arc};

use convene_domain::{event::Event, id::EventId};

use crate::{
    caller::Caller,
    failure::Outcome,
    ports::{Catalogue, Events},
};

/// Reads events by their ids.
pub struct GetEvents {
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) events: Arc<dyn Events>,
}

impl GetEvents {
    /// The events of the caller's organization with these ids, in any order.
    ///
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "event.get_many", skip_all)]
    pub async fn execute(&self, caller: &Caller, ids: &[EventId]) -> Outcome<Vec<Arc<Event>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(replica) = self.catalogue.replica(caller.scope()).await? {
            let ids = BTreeSet::from_iter(ids).into_iter();
            return Ok(ids
                .filter_map(|id| replica.event(*id))
                .map(|event| Arc::clone(&event.event))
                .collect());
        }
        let found = self.events.get_many(caller.scope(), ids).await?;
        Ok(found.into_iter().map(Arc::new).collect())
    }

    /// The event of the caller's organization with this id, if it is known without access to the storage.
    #[must_use]
    pub fn held(&self, caller: &Caller, id: EventId) -> Option<Arc<Event>> {
        let replica = self.catalogue.held(caller.scope())?;
        replica.event(id).map(|event| Arc::clone(&event.event))
    }
}
