use convene_domain::{
    duration::EventDuration,
    event::{EarlierSchedule, Event, EventStatus, RegistrationPolicy},
    member::Role,
    occurrence::{Exception, Occurrence, StoredOccurrence, StoredState},
    recurrence::SeriesOccurrence,
    text::Title,
};
use time::{
    Duration,
    macros::{datetime, utc_datetime},
};

use super::*;
use crate::{
    catalogue::{CatalogueException, DayBudget, Delta, Replica, day_of},
    fixtures::{self, fields, refusals},
    limits::{EXAMINED_OCCURRENCES, INDEXED_OCCURRENCES},
    pace::{Pace, tests::parts},
    page::Direction,
    ports::{CatalogueQuery, CatalogueWindow, MockCatalogue, MockClock},
};

mod properties;
mod work;

/// Where a list comes from.
enum Data {
    Replica(Arc<Replica>),
    /// The database, in parts of this number of events.
    Database(usize),
}

/// The content of the catalogue.
#[derive(Debug, Clone, Default)]
struct World {
    events: Vec<Arc<Event>>,
    /// All stored occurrences, including exceptions.
    stored: Vec<StoredOccurrence>,
}

impl World {
    fn of(events: impl IntoIterator<Item = Event>) -> Self {
        Self { events: events.into_iter().map(Arc::new).collect(), stored: Vec::new() }
    }

    fn with(mut self, stored: StoredOccurrence) -> Self {
        self.stored.push(stored);
        self
    }

    /// The stored occurrences that differ from their rule.
    fn exceptions(&self) -> Vec<StoredOccurrence> {
        let is_exception = |event: &Event, stored: &StoredOccurrence| {
            let by_rule = event.occurrence_at(stored.key.original_start);
            by_rule.is_none_or(|origin| {
                let untouched = StoredOccurrence::from_rule(event, origin);
                stored.exception.is_any() || stored.interval != untouched.interval
            })
        };
        let event_of = |stored: &StoredOccurrence| {
            self.events.iter().find(|event| event.id == stored.key.event).unwrap()
        };
        self.stored.iter().filter(|stored| is_exception(event_of(stored), stored)).cloned().collect()
    }

    /// The difference from nothing to this content.
    fn delta(&self) -> Delta {
        let events = self.events.iter().map(|event| Event::clone(event).into()).collect();
        Delta { events, exceptions: self.exceptions(), ..Delta::default() }
    }

    /// The use case on a database, and a check on the keys that it looks up.
    fn listing(&self, expects: impl Fn(&[OccurrenceKey]) -> bool + Send + Sync + 'static) -> ListOccurrences {
        self.listing_with(Data::Database(usize::MAX), expects)
    }

    fn listing_with(
        &self,
        data: Data,
        expects: impl Fn(&[OccurrenceKey]) -> bool + Send + Sync + 'static,
    ) -> ListOccurrences {
        let (replica, size) = match data {
            Data::Replica(replica) => (Some(replica), usize::MAX),
            Data::Database(size) => (None, size),
        };
        let exceptions: Vec<Arc<CatalogueException>> =
            self.exceptions().into_iter().map(|stored| Arc::new(stored.into())).collect();
        let window = |events: &[Arc<Event>]| {
            let is_of = |key: OccurrenceKey| events.iter().any(|event| event.id == key.event);
            CatalogueWindow {
                events: events.iter().map(|event| Arc::new(Event::clone(event).into())).collect(),
                exceptions: exceptions.iter().filter(|stored| is_of(stored.key)).cloned().collect(),
            }
        };
        let windows: Vec<_> = self.events.chunks(size).map(window).collect();
        let mut catalogue = MockCatalogue::new();
        catalogue.expect_replica().returning(move |_| Ok(replica.clone()));
        catalogue.expect_windows().returning(move |_, queries| {
            let parts: Vec<_> = windows.iter().map(|window| vec![window.clone(); queries.len()]).collect();
            Ok(Box::new(parts.into_iter()))
        });
        let stored = self.stored.clone();
        catalogue.expect_seats().withf(move |_, keys| expects(keys)).returning(move |_, keys| {
            Ok(stored.iter().filter(|stored| keys.contains(&stored.key)).map(SeatCounts::from).collect())
        });
        let mut clock = MockClock::new();
        clock.expect_now().return_const(fixtures::NOW);
        ListOccurrences { clock: Arc::new(clock), catalogue: Arc::new(catalogue) }
    }

    /// The page of the query, which is the same from a replica and from a database.
    async fn list(&self, query: OccurrenceQuery) -> OccurrencePage {
        let replica = Replica::empty(0).updated(self.delta()).await;
        let dense = Arc::new(replica.too_dense());
        let page = self.list_from(Data::Replica(Arc::new(replica)), query.clone()).await;
        assert_eq!(page, self.list_from(Data::Replica(dense), query.clone()).await);
        assert_eq!(page, self.list_from(Data::Database(usize::MAX), query.clone()).await);
        if page.examined.is_none() {
            for size in [1, 2] {
                assert_eq!(page, self.list_from(Data::Database(size), query.clone()).await, "in parts");
            }
        }
        page
    }

    async fn list_from(&self, data: Data, query: OccurrenceQuery) -> OccurrencePage {
        let caller = fixtures::caller(fixtures::BOB, Role::Member);
        self.listing_with(data, |_| true).execute(&caller, &[query]).await.unwrap().remove(0)
    }
}

/// The first ten of 2 to 9 November 2026.
fn query() -> OccurrenceQuery {
    OccurrenceQuery {
        window: Interval::new(utc_datetime!(2026-11-02 0:00), utc_datetime!(2026-11-09 0:00)).unwrap(),
        events: None,
        search: None,
        include_cancelled: false,
        only_open: false,
        seats: true,
        page: fixtures::page(10, None),
    }
}

fn starts(page: &OccurrencePage) -> Vec<Instant> {
    page.items.iter().map(|occurrence| occurrence.interval.start()).collect()
}

/// The occurrence of the event at this local time, with its exception.
fn exception(event: &Event, local: time::PrimitiveDateTime, exception: Exception) -> StoredOccurrence {
    excepted(event, event.series.occurrence_at_local(local).unwrap(), exception)
}

fn excepted(event: &Event, origin: SeriesOccurrence, exception: Exception) -> StoredOccurrence {
    let stored = StoredOccurrence::from_rule(event, origin);
    let zone = event.series.zone();
    let local = exception.starts_at.unwrap_or(origin.local);
    let start = exception.starts_at.map_or(stored.interval.start(), |at| zone.resolve(at).instant);
    let state = if exception.cancelled { StoredState::Cancelled } else { stored.state };
    let duration = exception.duration.unwrap_or(event.duration_at(origin.start));
    let interval = duration.interval(start, local, zone);
    StoredOccurrence { interval, state, exception, ..stored }
}

fn daily() -> Event {
    fixtures::event(1, "2026-11-06 9:00", Some("FREQ=DAILY"))
}

#[tokio::test]
async fn refuses_a_window_of_more_than_a_year() {
    let start = utc_datetime!(2026-11-02 0:00);
    let window = Interval::new(start, start + Duration::days(366) + Duration::SECOND).unwrap();
    let caller = fixtures::caller(fixtures::BOB, Role::Member);
    let listing = World::default().listing(|_| false);
    let outcome = listing.execute(&caller, &[query(), OccurrenceQuery { window, ..query() }]).await;
    assert_eq!(fields(&refusals(outcome)), ["to"]);
}

#[tokio::test]
async fn an_empty_list_of_events_has_no_occurrences() {
    let caller = fixtures::caller(fixtures::BOB, Role::Member);
    let mut clock = MockClock::new();
    clock.expect_now().return_const(fixtures::NOW);
    let listing = ListOccurrences { clock: Arc::new(clock), catalogue: Arc::new(MockCatalogue::new()) };
    let query = OccurrenceQuery { events: Some(vec![]), ..query() };
    assert_eq!(listing.execute(&caller, &[query]).await.unwrap(), [OccurrencePage::default()]);
    assert_eq!(listing.execute(&caller, &[]).await.unwrap(), []);
}

#[tokio::test]
async fn reads_the_seats_of_the_page_only() {
    let event = daily();
    let booked = StoredOccurrence {
        taken: 4,
        waiting: 1,
        ..StoredOccurrence::from_rule(&event, event.series.from_start().next().unwrap())
    };
    let listing = World::of([event]).with(booked).listing(|keys| keys.len() == 2);
    let caller = fixtures::caller(fixtures::BOB, Role::Member);
    let query = OccurrenceQuery { page: fixtures::page(2, None), ..query() };
    let page = listing.execute(&caller, &[query]).await.unwrap().remove(0);
    assert!(page.has_more);
    let seats: Vec<_> = page.items.iter().map(|o| (o.taken, o.waiting, o.available())).collect();
    assert_eq!(seats, [(4, 1, 6), (0, 0, 10)]);
}

#[tokio::test]
async fn a_list_without_seats_looks_none_up() {
    let event = daily();
    let moved = Exception { starts_at: Some(datetime!(2026-11-06 12:00)), ..Exception::default() };
    let moved = exception(&event, datetime!(2026-11-06 9:00), moved);
    let world = World::of([event.clone()]).with(StoredOccurrence { taken: 4, waiting: 1, ..moved });
    let caller = fixtures::caller(fixtures::BOB, Role::Member);
    let without = OccurrenceQuery { seats: false, ..query() };
    let page =
        world.listing(|_| false).execute(&caller, std::slice::from_ref(&without)).await.unwrap().remove(0);
    assert_eq!(page.items.iter().map(|it| (it.taken, it.waiting)).collect::<Vec<_>>(), [(0, 0); 3]);
    assert!(page.items.iter().all(|it| *it.event == event));
    // A list of open occurrences cannot do without them, and another list of the same request does not get them.
    let open = OccurrenceQuery { only_open: true, ..without.clone() };
    let pages = world.listing(|keys| keys.len() == 3).execute(&caller, &[open, without]).await.unwrap();
    assert_eq!(pages.iter().map(|page| page.items[0].taken).collect::<Vec<_>>(), [4, 0]);
}

#[tokio::test]
async fn many_lists_are_read_with_one_query_for_each_window() {
    let events = [1, 2, 3].map(|number| fixtures::event(number, "2026-11-06 9:00", Some("FREQ=DAILY")));
    let window = CatalogueWindow {
        events: events.clone().map(|event| Arc::new(event.into())).into(),
        exceptions: vec![],
    };
    let mut catalogue = MockCatalogue::new();
    catalogue.expect_replica().returning(|_| Ok(None));
    let mut asked = events.each_ref().map(|event| event.id).to_vec();
    asked.sort_unstable();
    let later = Interval::new(utc_datetime!(2026-11-07 0:00), utc_datetime!(2026-11-09 0:00)).unwrap();
    let wanted = [
        CatalogueQuery { window: query().window, events: Some(asked) },
        CatalogueQuery { window: later, events: None },
    ];
    catalogue
        .expect_windows()
        .times(1)
        .withf(move |_, queries| queries.len() == 2 && wanted.iter().all(|wanted| queries.contains(wanted)))
        .returning(move |_, _| Ok(Box::new(vec![vec![window.clone(); 2]].into_iter())));
    catalogue.expect_seats().times(1).withf(|_, keys| keys.len() == 7).returning(|_, _| Ok(vec![]));
    let mut clock = MockClock::new();
    clock.expect_now().return_const(fixtures::NOW);
    let listing = ListOccurrences { clock: Arc::new(clock), catalogue: Arc::new(catalogue) };
    let of = |event: &Event, first| OccurrenceQuery {
        events: Some(vec![event.id]),
        page: fixtures::page(first, None),
        ..query()
    };
    let queries = [
        of(&events[2], 1),
        of(&events[0], 2),
        OccurrenceQuery { events: Some(vec![events[0].id]), window: later, ..query() },
        of(&events[1], 1),
        OccurrenceQuery { window: later, page: fixtures::page(1, None), ..query() },
    ];
    let caller = fixtures::caller(fixtures::BOB, Role::Member);
    let pages = listing.execute(&caller, &queries).await.unwrap();
    let found = pages.iter().map(|page| page.items.iter().map(|it| it.key.event).collect::<Vec<_>>());
    let [one, two, three] = events.map(|event| event.id);
    assert_eq!(found.collect::<Vec<_>>(), [vec![three], vec![one; 2], vec![one; 2], vec![two], vec![one]]);
    assert_eq!(pages.iter().map(|page| page.has_more).collect::<Vec<_>>(), [true, true, false, true, true]);
}

#[tokio::test]
async fn an_occurrence_that_began_before_the_window_belongs_to_it() {
    let mut event = fixtures::event(1, "2026-10-30 9:00", None);
    event.duration = EventDuration::new(Duration::hours(63)).unwrap();
    // It ends at the start of the window: touching is not overlapping.
    assert_eq!(World::of([event.clone()]).list(query()).await.items.len(), 0);
    event.duration = EventDuration::new(Duration::hours(63) + Duration::SECOND).unwrap();
    assert_eq!(World::of([event]).list(query()).await.items.len(), 1);
}

#[tokio::test]
async fn a_rescheduled_occurrence_is_listed_at_its_current_time() {
    let event = daily();
    let moved = |to| Exception { starts_at: Some(to), ..Exception::default() };
    let world = World::of([event.clone()])
        .with(exception(&event, datetime!(2026-11-06 9:00), moved(datetime!(2026-11-07 12:00))))
        .with(exception(&event, datetime!(2026-11-08 9:00), moved(datetime!(2026-11-20 9:00))))
        .with(exception(&event, datetime!(2026-11-15 9:00), moved(datetime!(2026-11-02 9:00))));
    let page = world.list(query()).await;
    let expected =
        [utc_datetime!(2026-11-02 9:00), utc_datetime!(2026-11-07 9:00), utc_datetime!(2026-11-07 12:00)];
    assert_eq!(starts(&page), expected);
    let original = page.items.iter().map(|occurrence| occurrence.key.original_start);
    let expected =
        [utc_datetime!(2026-11-15 9:00), utc_datetime!(2026-11-07 9:00), utc_datetime!(2026-11-06 9:00)];
    assert_eq!(original.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn an_exception_replaces_the_derived_occurrence_at_its_local_time() {
    let event = daily();
    let cancelled = Exception { cancelled: true, ..Exception::default() };
    let mut stored = exception(&event, datetime!(2026-11-06 9:00), cancelled);
    // It was stored while the zone's rules gave another instant.
    stored.key.original_start += Duration::HOUR;
    let page = World::of([event]).with(stored).list(query()).await;
    assert_eq!(starts(&page), [utc_datetime!(2026-11-07 9:00), utc_datetime!(2026-11-08 9:00)]);
}

/// The start of a series was moved into the past, so that the original start of a postponed occurrence is among its earlier dates.
#[tokio::test]
async fn an_exception_replaces_no_date_of_an_earlier_schedule_in_another_zone() {
    let until = utc_datetime!(2026-11-06 12:00);
    let before = Event { series: daily().series, ..Event::clone(&daily()) };
    let paris = convene_domain::time::zone::Zone::parse("Europe/Paris").unwrap();
    let series = before.series.shifted(Duration::ZERO, paris).unwrap();
    let event = Event { earlier: vec![EarlierSchedule::of(&before, until)], series, ..before };
    let later = Exception { starts_at: Some(datetime!(2026-11-08 20:00)), ..Exception::default() };
    let stored = exception(&event, datetime!(2026-11-06 9:00), later);
    assert_eq!(stored.key.original_start, utc_datetime!(2026-11-06 8:00));
    let page = World::of([event]).with(stored).list(query()).await;
    assert_eq!(starts(&page)[0], utc_datetime!(2026-11-06 9:00), "it took place");
    assert_eq!(starts(&page).last(), Some(&utc_datetime!(2026-11-08 19:00)));
}

#[tokio::test]
async fn cancelled_occurrences_are_listed_on_request_only() {
    let event = daily();
    let cancelled = Exception { cancelled: true, ..Exception::default() };
    let cancelled_event =
        Event { status: EventStatus::Cancelled, ..fixtures::event(2, "2026-11-08 7:00", None) };
    let world = World::of([event.clone(), cancelled_event]).with(exception(
        &event,
        datetime!(2026-11-06 9:00),
        cancelled,
    ));
    let page = world.list(query()).await;
    assert_eq!(starts(&page), [utc_datetime!(2026-11-07 9:00), utc_datetime!(2026-11-08 9:00)]);
    let page = world.list(OccurrenceQuery { include_cancelled: true, ..query() }).await;
    let statuses: Vec<_> = page.items.iter().map(|o| (o.key.event, o.status)).collect();
    let (one, two) = (fixtures::event_id(1), fixtures::event_id(2));
    let (scheduled, off) = (EventStatus::Scheduled, EventStatus::Cancelled);
    assert_eq!(statuses, [(one, off), (one, scheduled), (two, off), (one, scheduled)]);
}

#[tokio::test]
async fn searches_title_and_description_case_insensitively() {
    let mut event = daily();
    let renamed = Exception { title: Title::parse("ÉTUDE in b").ok(), ..Exception::default() };
    let renamed = exception(&event, datetime!(2026-11-07 9:00), renamed);
    let search = |text: &str| OccurrenceQuery { search: SearchText::parse(text).ok(), ..query() };
    let world = World::of([event.clone()]).with(renamed.clone());
    for text in ["étude", "ETUDE", "e\u{301}tude in"] {
        assert_eq!(starts(&world.list(search(text)).await), [utc_datetime!(2026-11-07 9:00)]);
    }
    // The occurrence with its own title does not have the event's title.
    let expected = [utc_datetime!(2026-11-06 9:00), utc_datetime!(2026-11-08 9:00)];
    assert_eq!(starts(&world.list(search("eVENT 1")).await), expected);
    event.description = convene_domain::text::Description::parse("Bring a Score").unwrap();
    let world = World::of([event]).with(renamed);
    assert_eq!(world.list(search("SCORE")).await.items.len(), 3);
    assert_eq!(world.list(search("scores")).await.items.len(), 0);
}

#[tokio::test]
async fn open_occurrences_have_free_seats_and_an_open_window() {
    let event = fixtures::event(1, "2026-10-20 9:00", Some("FREQ=DAILY"));
    let full = |local| StoredOccurrence {
        taken: 10,
        ..StoredOccurrence::from_rule(&event, event.series.occurrence_at_local(local).unwrap())
    };
    let world = World::of([event.clone()])
        .with(full(datetime!(2026-11-03 9:00)))
        .with(full(datetime!(2026-11-04 9:00)));
    let window = Interval::new(utc_datetime!(2026-10-30 0:00), utc_datetime!(2026-11-06 0:00)).unwrap();
    let page = fixtures::page(1, None);
    let query = OccurrenceQuery { window, only_open: true, page, ..query() };
    let first = world.list(query.clone()).await;
    assert_eq!((starts(&first), first.has_more), (vec![utc_datetime!(2026-11-02 9:00)], true));
    let after = Some((first.items[0].interval.start(), first.items[0].key));
    let last = world.list(OccurrenceQuery { page: fixtures::page(1, after), ..query }).await;
    assert_eq!((starts(&last), last.has_more), (vec![utc_datetime!(2026-11-05 9:00)], false));
}

/// Events with an occurrence in each hour.
fn hourly(number: u128) -> impl Iterator<Item = Event> {
    let hours: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
    let rule = format!("FREQ=DAILY;BYHOUR={}", hours.join(","));
    (1..=number).map(move |number| fixtures::event(number, "2026-11-01 0:00", Some(&rule)))
}

#[test]
fn a_list_of_open_occurrences_examines_a_bounded_number_in_parts() {
    let closed = |event: Event| {
        let month = convene_domain::duration::LeadTime::new(Duration::days(31)).ok();
        Event { policy: RegistrationPolicy { closes: month, ..event.policy }, ..event }
    };
    // The last occurrence is the only open one.
    let open = fixtures::event(200, "2026-11-08 23:30", None);
    let world = World::of(hourly(100).map(closed).chain([open.clone()]));
    let open_only = |after| OccurrenceQuery {
        only_open: true,
        page: fixtures::page(10, after),
        window: Interval::new(utc_datetime!(2026-11-02 0:00), utc_datetime!(2026-11-10 0:00)).unwrap(),
        ..query()
    };
    let mut after = None;
    for pages in 1.. {
        let (page, parts) = parts(world.list(open_only(after)));
        assert!(pages < 10, "{page:?}");
        if !page.has_more {
            assert!(pages > 1);
            assert_eq!(page.items.iter().map(|it| it.key.event).collect::<Vec<_>>(), [open.id]);
            return;
        }
        assert_eq!(page.items, []);
        assert!(parts >= EXAMINED_OCCURRENCES / Pace::STEPS_PER_PART, "{parts}");
        assert!(page.examined > after, "every page makes progress");
        after = page.examined;
    }
}

#[tokio::test]
async fn pages_that_end_before_they_are_full_continue_in_parts_of_the_catalogue() {
    let closed = |event: Event| {
        let month = convene_domain::duration::LeadTime::new(Duration::days(31)).ok();
        Event { policy: RegistrationPolicy { closes: month, ..event.policy }, ..event }
    };
    let open = ["2026-11-02 0:30", "2026-11-05 0:30", "2026-11-08 23:30"];
    let open = (200..).zip(open).map(|(number, start)| fixtures::event(number, start, None));
    let world = World::of(hourly(100).map(closed).chain(open.clone()));
    for backward in [false, true] {
        let (mut after, mut found, mut pages) = (None, Vec::new(), 0);
        loop {
            let mut page = fixtures::page(10, after);
            if backward {
                page.direction = Direction::Backward;
            }
            let query = OccurrenceQuery {
                only_open: true,
                page,
                window: Interval::new(utc_datetime!(2026-11-02 0:00), utc_datetime!(2026-11-10 0:00))
                    .unwrap(),
                ..query()
            };
            // The first part has more occurrences than are examined.
            let page = world.list_from(Data::Database(70), query).await;
            let keys: Vec<_> = page.items.iter().map(|it| it.key.event).collect();
            found.splice(if backward { 0..0 } else { found.len()..found.len() }, keys);
            pages += 1;
            if !page.has_more {
                break;
            }
            assert_ne!(page.examined, after, "every page makes progress");
            after = page.examined;
        }
        assert_eq!(found, open.clone().map(|event| event.id).collect::<Vec<_>>());
        assert!(pages > 1, "{pages}");
    }
}

#[test]
fn a_page_makes_progress_although_more_occurrences_begin_at_once_than_it_examines() {
    let closed = |event: Event| {
        let month = convene_domain::duration::LeadTime::new(Duration::days(31)).ok();
        Event { policy: RegistrationPolicy { closes: month, ..event.policy }, ..event }
    };
    let number = EXAMINED_OCCURRENCES as u128 + 10;
    let world = World::of((1..=number).map(|it| closed(fixtures::event(it, "2026-11-08 9:00", None))));
    let open_only = |after| OccurrenceQuery { only_open: true, page: fixtures::page(10, after), ..query() };
    let (first, _) = parts(world.list(open_only(None)));
    assert!(first.has_more && first.items.is_empty());
    let (last, _) = parts(world.list(open_only(first.examined)));
    assert!(!last.has_more && last.items.is_empty());
}

/// A year of which an organization with long occurrences has more in the index than are computed for a list, and that has one
/// occurrence at each end that is not cancelled.
#[test]
fn a_list_computes_a_bounded_part_of_the_index() {
    let duration = EventDuration::new(Duration::days(31)).unwrap();
    let cancelled = |number| Event {
        duration,
        status: EventStatus::Cancelled,
        ..fixtures::event(number, "2027-01-03 9:00", Some("FREQ=DAILY;COUNT=10000"))
    };
    let ends = [(501, "2027-01-02 9:00"), (502, "2027-12-30 9:00")];
    let ends = ends.map(|(number, start)| fixtures::event(number, start, None));
    let world = World::of((1..=60).map(cancelled).chain(ends.clone()));
    let replica = Arc::new(parts(Replica::empty(0).updated(world.delta())).0);
    for direction in [Direction::Forward, Direction::Backward] {
        let (mut position, mut found, mut pages) = (None, Vec::new(), 0);
        loop {
            let query = OccurrenceQuery {
                page: PageRequest { direction, ..fixtures::page(10, position) },
                window: Interval::new(utc_datetime!(2027-01-01 0:00), utc_datetime!(2028-01-01 0:00))
                    .unwrap(),
                ..query()
            };
            let (page, parts) = parts(world.list_from(Data::Replica(Arc::clone(&replica)), query));
            assert!(parts <= 4 * INDEXED_OCCURRENCES / Pace::STEPS_PER_PART, "{parts}");
            found.extend(page.items.iter().map(|it| it.key.event));
            pages += 1;
            if !page.has_more {
                break;
            }
            assert_ne!(page.examined, position, "every page makes progress");
            position = page.examined;
        }
        if direction == Direction::Backward {
            found.reverse();
        }
        assert_eq!(found, ends.clone().map(|event| event.id));
        assert!((2..30).contains(&pages), "{pages}");
    }
}

#[test]
fn many_occurrences_before_an_empty_time_are_not_all_read() {
    let until = |event: Event| {
        let rule = "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;UNTIL=20270701T000000";
        let number = event.id;
        Event { id: number, ..fixtures::event(1, "2026-11-01 0:00", Some(rule)) }
    };
    let events: Vec<Event> = hourly(100).map(until).collect();
    let world = World::of(events.clone());
    let query = OccurrenceQuery {
        events: Some(events.iter().map(|event| event.id).collect()),
        page: PageRequest { direction: Direction::Backward, ..fixtures::page(1, None) },
        window: Interval::new(utc_datetime!(2027-01-01 0:00), utc_datetime!(2028-01-01 0:00)).unwrap(),
        ..query()
    };
    let replica = Arc::new(parts(Replica::empty(0).updated(world.delta())).0);
    let (page, parts) = parts(world.list_from(Data::Replica(replica), query));
    assert_eq!(starts(&page), [utc_datetime!(2027-07-01 0:00)]);
    assert!(parts <= 50, "{parts}");
}

#[test]
fn a_search_in_many_texts_pauses() {
    let long = convene_domain::text::Description::parse(&"word ".repeat(1_999)).unwrap();
    let events = (1..=200).map(|number| Event {
        description: long.clone(),
        ..fixtures::event(number, "2026-11-06 9:00", None)
    });
    let world = World::of(events);
    let search = |text| OccurrenceQuery { search: SearchText::parse(text).ok(), ..query() };
    let (page, parts) = parts(world.list(search("words")));
    assert_eq!((page.items.len(), page.has_more), (0, false));
    assert!(parts >= 5, "{parts}");
}

#[test]
fn a_search_in_the_titles_of_many_exceptions_pauses() {
    let event = fixtures::event(1, "2026-11-06 9:00", Some("FREQ=DAILY"));
    let title = Title::parse(&"word ".repeat(40)).ok();
    let renamed = (0..1_000).map(|day| {
        let start = datetime!(2026-11-06 9:00) + Duration::days(day);
        exception(&event, start, Exception { title: title.clone(), ..Exception::default() })
    });
    let world = renamed.fold(World::of([event.clone()]), World::with);
    let (replica, _) = parts(async { Replica::empty(1).updated(world.delta()).await });
    let search = OccurrenceQuery { search: SearchText::parse("words").ok(), ..query() };
    let caller = fixtures::caller(fixtures::ADA, Role::Member);
    let list = world.listing_with(Data::Replica(Arc::new(replica)), |_| true);
    let (pages, parts) = parts(list.execute(&caller, std::slice::from_ref(&search)));
    assert!(pages.unwrap()[0].items.is_empty());
    assert!(parts >= 8, "{parts}");
}
