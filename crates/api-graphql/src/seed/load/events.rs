use std::collections::HashMap;

use convene_application::{caller::Admin, change::RequestMetadata, failure::Failure, ports::EventFilter};
use convene_domain::{event::Event, text::Title};

use super::{LoadError, Loader, everything::everything};
use crate::seed::{Count, EventSeed, PlannedEvent};

/// An event of the file as it is stored.
pub(super) struct LoadedEvent<'seed> {
    pub(super) seed: &'seed EventSeed,
    pub(super) event: Event,
    /// Whether this load created it.
    pub(super) created: bool,
}

impl Loader<'_> {
    /// Creates the events that are missing. The answer has all of them, in the order of the file.
    pub(super) async fn events<'seed>(
        &self,
        admin: Admin<'_>,
        planned: &[PlannedEvent<'seed>],
        count: &mut Count,
    ) -> Result<Vec<LoadedEvent<'seed>>, LoadError> {
        let mut there = self.events_there(admin).await.map_err(self.failed("events"))?;
        let mut events = Vec::new();
        for plan in planned {
            let seed = plan.seed;
            let (event, created) = match there.remove(&seed.title) {
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

    /// The events that are there, by title; of several the oldest.
    async fn events_there(&self, admin: Admin<'_>) -> Result<HashMap<Title, Event>, Failure> {
        let list = &self.use_cases.list_events;
        let fetch = async |page| list.execute(&admin, EventFilter::default(), page).await;
        let mut by_title = HashMap::new();
        for event in everything(fetch, |event: &Event| event.id).await? {
            by_title.entry(event.title.clone()).or_insert(event);
        }
        Ok(by_title)
    }
}
