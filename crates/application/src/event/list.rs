use std::sync::Arc;

use convene_domain::event::Event;

use crate::{
    caller::Caller,
    catalogue::{HeldEvent, Replica},
    failure::Outcome,
    limits::COUNTED_IN_PERIOD,
    pace::Pace,
    page::{BoundedPage, PageRequest},
    period,
    ports::{Catalogue, EventFilter, EventPosition, Events},
};

/// Lists the events of the caller's organization.
pub struct ListEvents {
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) events: Arc<dyn Events>,
}

impl ListEvents {
    /// The events that match the filter, in the order of the page.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `filter.to` unless it is after `filter.from`.
    #[tracing::instrument(name = "event.list", skip_all)]
    pub async fn execute(
        &self,
        caller: &Caller,
        filter: EventFilter,
        page: PageRequest<EventPosition>,
    ) -> Outcome<BoundedPage<Arc<Event>, EventPosition>> {
        period::check_filter(filter.from, filter.to)?;
        let held = self.catalogue.replica(caller.scope()).await?;
        Ok(self.events.list(caller.scope(), filter, page, held).await?)
    }

    /// The number of events that match the filter; `None` if there are too many to count.
    ///
    /// # Errors
    /// Faults only.
    pub async fn count(&self, caller: &Caller, filter: EventFilter) -> Outcome<Option<u32>> {
        let is_in_period = filter.from.is_some() || filter.to.is_some();
        if is_in_period
            && filter.search.is_none()
            && let Some(replica) = self.catalogue.replica(caller.scope()).await?
        {
            return Ok(count_in(&replica, &filter).await);
        }
        Ok(self.events.count(caller.scope(), filter).await?)
    }
}

/// Counts the events of a replica that have an occurrence in the period; `None` if too many rules would have to be asked.
async fn count_in(replica: &Replica, filter: &EventFilter) -> Option<u32> {
    let (mut asked, mut count, mut pace) = (0, 0_u32, Pace::default());
    for event in replica.held_events().filter_map(HeldEvent::event) {
        pace.steps(1).await;
        if !filter.may_match(event) {
            continue;
        }
        asked += 1;
        if asked > COUNTED_IN_PERIOD {
            return None;
        }
        pace.steps(Pace::STEPS_PER_RULE).await;
        count += u32::from(filter.covers(event));
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use convene_domain::{event::EventStatus, member::Role};
    use time::macros::utc_datetime;

    use super::*;
    use crate::{
        catalogue::Delta,
        fixtures,
        ports::{MockCatalogue, MockEvents},
    };

    async fn count(number: u128, filter: EventFilter) -> Option<u32> {
        let events = (0..number).map(|id| fixtures::event(id, "2026-11-02 9:00", None).into()).collect();
        let cancelled = Event {
            status: EventStatus::Cancelled,
            ..fixtures::event(number, "2026-12-02 9:00", Some("FREQ=WEEKLY"))
        };
        let mut replica = Replica::empty(1).updated(Delta { events, ..Delta::default() }).await;
        let events = vec![cancelled.into()];
        replica = replica.updated(Delta { events, ..Delta::default() }).await;
        let replica = Arc::new(replica);
        let mut catalogue = MockCatalogue::new();
        catalogue.expect_replica().returning(move |_| Ok(Some(Arc::clone(&replica))));
        let events = Arc::new(MockEvents::new());
        let list = ListEvents { catalogue: Arc::new(catalogue), events };
        list.count(&fixtures::caller(fixtures::ADA, Role::Member), filter).await.unwrap()
    }

    #[tokio::test]
    async fn a_count_within_a_period_reads_no_event() {
        let all = EventFilter { from: Some(utc_datetime!(2026-11-01 0:00)), ..EventFilter::default() };
        assert_eq!(count(3, all.clone()).await, Some(4));
        let later = EventFilter { from: Some(utc_datetime!(2026-11-03 0:00)), ..all.clone() };
        assert_eq!(count(3, later).await, Some(1));
        let before = EventFilter { to: Some(utc_datetime!(2026-11-03 0:00)), ..EventFilter::default() };
        assert_eq!(count(3, before).await, Some(3));
        let cancelled = EventFilter { status: Some(EventStatus::Cancelled), ..all.clone() };
        assert_eq!(count(3, cancelled).await, Some(1));
        let once = EventFilter { recurring: Some(false), ..all.clone() };
        assert_eq!(count(COUNTED_IN_PERIOD as u128, once.clone()).await, Some(1_000));
        assert_eq!(count(COUNTED_IN_PERIOD as u128, all).await, None);
    }
}
