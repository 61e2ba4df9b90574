use convene_application::{
    change::Change,
    ports::{CatalogueWindow, EditScope, EventEdit, EventPatch, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{ChangeBuilder, EventBuilder},
};
use convene_domain::{
    event::Event,
    id::EventId,
    occurrence::OccurrenceKey,
    time::{Instant, LocalDateTime, interval::Interval},
};
use time::{
    Duration,
    macros::{datetime, utc_datetime},
};

use crate::support::{Tenant, TestDatabase};

struct Scenario {
    database: TestDatabase,
    tenant: Tenant,
    change: Change,
}

impl Scenario {
    async fn new() -> Self {
        let database = TestDatabase::prepared().await;
        let tenant = database.organization("tenant").await;
        Self { database, tenant, change: ChangeBuilder::by("first-admin").build() }
    }

    async fn create(&self, event: EventBuilder) -> Event {
        self.database.ports.events.create(&self.tenant.scope, event.build(), &self.change).await.unwrap()
    }

    async fn shift(&self, occurrence: OccurrenceKey, to: LocalDateTime) {
        let patch = OccurrencePatch { starts_at: Some(to), ..OccurrencePatch::default() };
        let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
        self.database.ports.events.update_occurrence(&self.tenant.scope, edit, &self.change).await.unwrap();
    }

    async fn window(&self, from: Instant, to: Instant) -> CatalogueWindow {
        let window = Interval::new(from, to).unwrap();
        self.database.ports.catalogue.window(&self.tenant.scope, window, None).await.unwrap()
    }
}

fn ids(window: &CatalogueWindow) -> Vec<EventId> {
    let mut ids: Vec<EventId> = window.events.iter().map(|event| event.id).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn a_window_has_what_can_take_place_in_it() {
    let scenario = Scenario::new().await;
    let past = scenario.create(EventBuilder::daily(datetime!(2031-03-01 10:00), 3)).await;
    let once = scenario.create(EventBuilder::once(datetime!(2031-04-01 10:00))).await;
    let endless = scenario.create(EventBuilder::weekly(datetime!(2031-03-10 10:00))).await;
    let later = scenario.create(EventBuilder::weekly(datetime!(2031-06-01 10:00))).await;
    let april = scenario.window(utc_datetime!(2031-04-01 00:00), utc_datetime!(2031-05-01 00:00)).await;
    assert_eq!(ids(&april), [once.id, endless.id]);
    assert_eq!(april.exceptions, []);
    let all = scenario.window(utc_datetime!(2031-01-01 00:00), utc_datetime!(2032-01-01 00:00)).await;
    assert_eq!(ids(&all), [past.id, once.id, endless.id, later.id]);
}

#[tokio::test]
async fn an_exception_is_in_the_window_that_it_left_and_in_the_one_that_it_came_to() {
    let scenario = Scenario::new().await;
    let event = scenario.create(EventBuilder::daily(datetime!(2031-04-01 10:00), 3)).await;
    let key = OccurrenceKey { event: event.id, original_start: utc_datetime!(2031-04-02 10:00) };
    scenario.shift(key, datetime!(2031-08-20 10:00)).await;
    for (from, to, is_there) in [
        (utc_datetime!(2031-04-02 00:00), utc_datetime!(2031-04-03 00:00), true),
        (utc_datetime!(2031-08-20 10:30), utc_datetime!(2031-08-21 00:00), true),
        (utc_datetime!(2031-08-20 11:00), utc_datetime!(2031-08-21 00:00), false),
        (utc_datetime!(2031-06-01 00:00), utc_datetime!(2031-07-01 00:00), false),
    ] {
        let window = scenario.window(from, to).await;
        let keys: Vec<OccurrenceKey> = window.exceptions.iter().map(|exception| exception.key).collect();
        assert_eq!(keys, if is_there { vec![key] } else { vec![] }, "{from}");
        assert_eq!(ids(&window), if is_there { vec![event.id] } else { vec![] }, "{from}");
    }
}

#[tokio::test]
async fn an_occurrence_is_found_by_every_key_that_it_had() {
    let scenario = Scenario::new().await;
    let event = scenario.create(EventBuilder::daily(datetime!(2031-04-01 10:00), 3)).await;
    let key = |start| OccurrenceKey { event: event.id, original_start: start };
    let former = key(utc_datetime!(2031-04-02 10:00));
    scenario.shift(former, datetime!(2031-04-02 12:00)).await;
    for hour in [11, 13] {
        let starts_at = datetime!(2031-04-01 00:00).replace_hour(hour).unwrap();
        let edit = EventEdit {
            event: event.id,
            expected_version: None,
            scope: EditScope::All,
            patch: EventPatch { starts_at: Some(starts_at), ..EventPatch::default() },
            on_affected: OnAffected::Refuse,
        };
        scenario.database.ports.events.update(&scenario.tenant.scope, edit, &scenario.change).await.unwrap();
    }
    let present = key(utc_datetime!(2031-04-02 13:00));
    let between = key(utc_datetime!(2031-04-02 11:00));
    let never = key(utc_datetime!(2031-04-02 10:01));
    let asked = [former, never, present, between];
    let found = scenario.database.ports.catalogue.stored(&scenario.tenant.scope, &asked).await.unwrap();
    let keys: Vec<_> = found.iter().map(|found| (found.asked, found.stored.key)).collect();
    assert_eq!(keys, [(former, present), (present, present), (between, present)]);
    assert!(found.iter().all(|found| found.stored.exception.starts_at == Some(datetime!(2031-04-02 12:00))));
    assert!(found.iter().all(|found| found.stored.interval.duration() == Duration::HOUR));
}

#[tokio::test]
async fn windows_are_taken_from_a_replica_that_was_loaded_meanwhile() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("tenant").await;
    let scenario = Scenario { database, tenant, change: ChangeBuilder::by("first-admin").build() };
    let past = scenario.create(EventBuilder::daily(datetime!(2031-03-01 10:00), 3)).await;
    let endless = scenario.create(EventBuilder::weekly(datetime!(2031-03-10 10:00))).await;
    let moved = OccurrenceKey { event: past.id, original_start: utc_datetime!(2031-03-03 10:00) };
    let period = (utc_datetime!(2031-05-01 0:00), utc_datetime!(2031-05-09 0:00));
    let read = scenario.window(period.0, period.1).await;
    assert_eq!(ids(&read), [endless.id]);
    scenario.shift(moved, datetime!(2031-05-02 12:00)).await;
    let read = scenario.window(period.0, period.1).await;

    scenario.database.ports.catalogue.replica(&scenario.tenant.scope).await.unwrap().unwrap();
    commands.take();
    let taken = scenario.window(period.0, period.1).await;
    assert_eq!((ids(&taken), &taken.exceptions), (ids(&read), &read.exceptions));
    assert_eq!(taken.exceptions.len(), 1);
    let of_events = |collection: &str| ["events", "occurrences"].contains(&collection);
    let reads = commands.take().into_iter().filter(|started| started.command_name == "find");
    let reads: Vec<_> = reads.filter(|found| of_events(found.command.get_str("find").unwrap())).collect();
    assert!(reads.is_empty(), "{reads:?}");
}
