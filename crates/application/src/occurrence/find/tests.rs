use convene_domain::time::Instant;
use time::{Duration, macros::utc_datetime};

use super::*;
use crate::{
    caller::TenantScope,
    catalogue::{Delta, Replica},
    fixtures,
    ports::{MockCatalogue, MockEvents, ResolvedOccurrence, SeatCounts},
};

const FIRST: Instant = utc_datetime!(2026-11-02 9:00);

fn key(event: u128, original_start: Instant) -> OccurrenceKey {
    OccurrenceKey { event: fixtures::event_id(event), original_start }
}

fn daily(number: u128) -> Event {
    fixtures::event(number, "2026-11-02 9:00", Some("FREQ=DAILY"))
}

/// A finder without a replica.
fn finder(events: Vec<Event>, stored: Vec<ResolvedOccurrence>) -> Finder {
    let mut catalogue = MockCatalogue::new();
    catalogue.expect_replica().returning(|_| Ok(None));
    catalogue.expect_stored().returning(move |_, keys| {
        Ok(stored.iter().filter(|found| keys.contains(&found.asked)).cloned().collect())
    });
    let mut port = MockEvents::new();
    port.expect_get_many().returning(move |_, ids| {
        Ok(events.iter().filter(|event| ids.contains(&event.id)).cloned().collect())
    });
    Finder { catalogue: Arc::new(catalogue), events: Arc::new(port) }
}

fn scope() -> TenantScope {
    TenantScope::for_tests(fixtures::organization_id())
}

/// An occurrence with five seats taken, stored under one key and found by another.
fn seats(asked: OccurrenceKey, event: &Event, key: OccurrenceKey) -> ResolvedOccurrence {
    let origin = event.series.from_start().next().unwrap();
    ResolvedOccurrence {
        asked,
        stored: StoredOccurrence { key, taken: 5, ..StoredOccurrence::from_rule(event, origin) },
    }
}

#[tokio::test]
async fn a_one_off_event_has_its_start_only() {
    let finder = finder(vec![fixtures::event(1, "2026-11-02 9:00", None)], vec![]);
    let keys = [key(1, FIRST), key(1, FIRST + Duration::days(1))];
    let found = finder.find(&scope(), &keys, true).await.unwrap();
    assert_eq!(Vec::from_iter(found.keys()), [&keys[0]]);
}

#[tokio::test]
async fn a_key_that_is_neither_stored_nor_derived_does_not_exist() {
    let finder = finder(vec![daily(1)], vec![]);
    for missing in [key(1, FIRST + Duration::SECOND), key(1, FIRST - Duration::days(1)), key(2, FIRST)] {
        assert_eq!(finder.find(&scope(), &[missing], true).await.unwrap(), HashMap::new());
    }
}

#[tokio::test]
async fn a_former_key_finds_the_current_occurrence() {
    // The rest of event 1 was split off as event 2, an hour later.
    let (one, two) = (fixtures::event(1, "2026-11-01 9:00", None), daily(2));
    let (asked, now) = (key(1, FIRST), key(2, FIRST + Duration::HOUR));
    let finder = finder(vec![one, two.clone()], vec![seats(asked, &two, now)]);
    let found = finder.find(&scope(), &[asked], true).await.unwrap();
    assert_eq!((found[&asked].key, found[&asked].taken), (now, 5));
}

#[tokio::test]
async fn a_key_that_the_rule_derives_again_finds_the_derived_occurrence() {
    let event = daily(1);
    let (asked, now) = (key(1, FIRST), key(1, FIRST + Duration::HOUR));
    let finder = finder(vec![event.clone()], vec![seats(asked, &event, now)]);
    let found = finder.find(&scope(), &[asked], true).await.unwrap();
    assert_eq!((found[&asked].key, found[&asked].taken), (asked, 0));
}

#[tokio::test]
async fn a_current_key_takes_precedence_over_a_former_key() {
    let event = fixtures::event(1, "2026-11-01 9:00", None);
    let asked = key(1, FIRST);
    let former = seats(asked, &event, key(1, FIRST + Duration::HOUR));
    let own = seats(asked, &event, asked);
    for stored in [vec![former.clone(), own.clone()], vec![own, former]] {
        let finder = finder(vec![event.clone()], stored);
        assert_eq!(finder.find(&scope(), &[asked], true).await.unwrap()[&asked].key, asked);
    }
}

#[tokio::test]
async fn finds_many_with_one_call_per_port() {
    let event = daily(1);
    let booked = seats(key(1, FIRST), &event, key(1, FIRST));
    let mut catalogue = MockCatalogue::new();
    catalogue.expect_replica().returning(|_| Ok(None));
    catalogue.expect_stored().times(1).returning(move |_, _| Ok(vec![booked.clone()]));
    let mut events = MockEvents::new();
    events.expect_get_many().times(1).returning(move |_, _| Ok(vec![event.clone()]));
    let finder = Finder { catalogue: Arc::new(catalogue), events: Arc::new(events) };
    let keys = [key(1, FIRST), key(1, FIRST + Duration::days(1)), key(1, FIRST + Duration::HOUR)];
    let found = finder.find(&scope(), &keys, true).await.unwrap();
    let taken: Vec<_> = keys.iter().map(|key| found.get(key).map(|occurrence| occurrence.taken)).collect();
    assert_eq!(taken, [Some(5), Some(0), None]);
}

/// A catalogue with a replica of these events and exceptions.
async fn with_replica(events: &[Event], exceptions: Vec<StoredOccurrence>) -> MockCatalogue {
    let events = events.iter().map(|event| event.clone().into()).collect();
    let delta = Delta { events, exceptions, ..Delta::default() };
    let replica = Arc::new(Replica::empty(0).updated(delta).await);
    let mut catalogue = MockCatalogue::new();
    catalogue.expect_replica().returning(move |_| Ok(Some(Arc::clone(&replica))));
    catalogue
}

#[tokio::test]
async fn what_the_replica_knows_is_not_read_from_the_storage() {
    let event = daily(1);
    let (rule, moved) = (key(1, FIRST), key(1, FIRST + Duration::days(1)));
    let origin = event.series.from_start().nth(1).unwrap();
    // The counts of a replica may be stale.
    let exception = StoredOccurrence { taken: 9, version: 4, ..StoredOccurrence::from_rule(&event, origin) };
    let counts = SeatCounts { key: moved, capacity: exception.capacity, taken: 5, waiting: 2 };
    let find = async |seats: bool| {
        let mut catalogue = with_replica(std::slice::from_ref(&event), vec![exception.clone()]).await;
        catalogue.expect_seats().times(usize::from(seats)).returning(move |_, _| Ok(vec![counts]));
        let finder = Finder { catalogue: Arc::new(catalogue), events: Arc::new(MockEvents::new()) };
        let found = finder.find(&scope(), &[rule, moved], seats).await.unwrap();
        [rule, moved].map(|key| (found[&key].taken, found[&key].waiting, found[&key].version))
    };
    assert_eq!(find(true).await, [(0, 0, 1), (5, 2, 4)]);
    assert_eq!(find(false).await, [(0, 0, 1), (0, 0, 4)]);
}

#[tokio::test]
async fn what_the_replica_does_not_know_is_read_from_the_storage() {
    let event = daily(1);
    let (now, former) = (key(1, FIRST), key(1, FIRST + Duration::HOUR));
    let found = seats(former, &event, now);
    let mut catalogue = with_replica(std::slice::from_ref(&event), vec![]).await;
    catalogue
        .expect_stored()
        .times(1)
        .withf(move |_, keys| *keys == [former])
        .returning(move |_, _| Ok(vec![found.clone()]));
    let mut events = MockEvents::new();
    events.expect_get_many().returning(move |_, _| Ok(vec![event.clone()]));
    let finder = Finder { catalogue: Arc::new(catalogue), events: Arc::new(events) };
    let found = finder.find(&scope(), &[now, former], false).await.unwrap();
    assert_eq!((found[&now].taken, found[&former].taken), (0, 5));
    assert_eq!(found[&former].key, now);
}
