use std::{collections::HashMap, sync::Arc};

use convene_application::{
    caller::Admin,
    change::RequestMetadata,
    failure::Failure,
    ports::{EventFilter, EventPosition},
};
use convene_domain::{event::Event, text::Title};

use super::{LoadError, Loader, pages::all_pages};
use crate::seed::{Count, EventSeed, PlannedEvent};

/// A stored event of the file.
pub(super) struct LoadedEvent<'seed> {
    pub(super) seed: &'seed EventSeed,
    pub(super) event: Event,
    /// True if this load created the event.
    pub(super) created: bool,
}

impl Loader<'_> {
    /// Creates missing events. The result has all events, in the order of the file.
    pub(super) async fn events<'seed>(
        &self,
        admin: Admin<'_>,
        planned: &[PlannedEvent<'seed>],
        count: &mut Count,
    ) -> Result<Vec<LoadedEvent<'seed>>, LoadError> {
        let mut existing = self.existing_events(admin).await.map_err(self.failed("events"))?;
        let mut events = Vec::new();
        for plan in planned {
            let seed = plan.seed;
            let (event, created) = match existing.remove(&seed.title) {
                Some(event) => (event, false),
                None => {
                    let create = &self.use_cases.create_event;
                    let outcome = create.execute(admin, plan.command(), RequestMetadata::default()).await;
                    (outcome.map_err(self.failed(&seed.item))?, true)
                }
            };
            count.add(created);
            events.push(LoadedEvent { seed, event, created });
        }
        Ok(events)
    }

    /// The existing events by title. Of several events with one title, the oldest.
    async fn existing_events(&self, admin: Admin<'_>) -> Result<HashMap<Title, Event>, Failure> {
        let list = &self.use_cases.list_events;
        let fetch = async |page| list.execute(&admin, EventFilter::default(), page).await;
        let mut by_title = HashMap::new();
        for event in all_pages(fetch, |event: &Arc<Event>| EventPosition::CreatedAt(event.id)).await? {
            by_title.entry(event.title.clone()).or_insert_with(|| Arc::unwrap_or_clone(event));
        }
        Ok(by_title)
    }
}
