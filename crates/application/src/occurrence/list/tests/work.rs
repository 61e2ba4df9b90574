//! The work of lists, in steps.

use convene_domain::text::Description;

use super::*;

/// An event each hour, of which the first 5,000 occurrences are exceptions: half of them take place ten minutes later, and the last one
/// half an hour after the first one.
fn with_many_exceptions() -> World {
    let event = hourly(1).next().unwrap();
    let excepted = event.series.from_start().take(5_000).enumerate().map(|(number, origin)| {
        let starts_at = match number {
            4_999 => Some(datetime!(2026-11-02 0:30)),
            _ => Some(origin.local + Duration::minutes(10)).filter(|_| number % 2 == 0),
        };
        let title = Title::parse("Encore").ok();
        excepted(&event, origin, Exception { title, starts_at, ..Exception::default() })
    });
    let excepted: Vec<_> = excepted.collect();
    World { stored: excepted, ..World::of([event]) }
}

#[test]
fn lists_of_an_event_cost_what_they_show_although_it_has_many_exceptions() {
    let world = with_many_exceptions();
    let caller = fixtures::caller(fixtures::BOB, Role::Member);
    let (replica, _) = parts(async { Arc::new(Replica::empty(1).updated(world.delta()).await) });
    let window = Interval::new(utc_datetime!(2026-11-02 0:00), utc_datetime!(2027-11-02 0:00)).unwrap();
    let from = |direction, from| OccurrenceQuery {
        window,
        events: Some(vec![fixtures::event_id(1)]),
        page: PageRequest { direction, ..fixtures::page(1, from) },
        ..query()
    };
    let first = utc_datetime!(2026-11-02 0:10);
    let middle = first + Duration::hours(4_000);
    let key = OccurrenceKey { event: fixtures::event_id(1), original_start: middle - Duration::minutes(10) };
    for (query, expected) in [
        (from(Direction::Forward, None), first),
        (from(Direction::Forward, Some((middle, key))), middle + Duration::minutes(50)),
        (from(Direction::Backward, Some((middle, key))), middle - Duration::minutes(70)),
        (from(Direction::Backward, None), utc_datetime!(2027-11-01 23:00)),
    ] {
        // One part of the database is prepared for all lists.
        for (data, prepared) in [(Data::Replica(Arc::clone(&replica)), 0), (Data::Database(1), 5_000)] {
            let queries = vec![query.clone(); 100];
            let (pages, parts) = parts(world.listing_with(data, |_| true).execute(&caller, &queries));
            assert_eq!(starts(&pages.unwrap()[99]), [expected]);
            let steps = prepared + 100 * 100;
            assert!(parts <= 1 + steps / Pace::STEPS_PER_PART, "{parts} for {query:?}");
        }
    }
    // What has moved is found where it takes place, and not where it would.
    let hour = |from: Instant| OccurrenceQuery {
        window: Interval::new(from, from + Duration::minutes(40)).unwrap(),
        ..query()
    };
    let (page, _) = parts(world.list(hour(utc_datetime!(2026-11-02 0:00))));
    assert_eq!(starts(&page), [first, utc_datetime!(2026-11-02 0:30)]);
    let last = utc_datetime!(2026-11-01 0:00) + Duration::hours(4_999);
    assert_eq!(starts(&parts(world.list(hour(last))).0), [last - Duration::minutes(50)]);
}

#[test]
fn a_search_in_long_texts_ends_its_page_after_a_number_of_bytes() {
    let length = 9_995;
    let long = |number: u128| {
        let text =
            if number.is_multiple_of(100) { "last words".to_owned() } else { "word ".repeat(length / 5) };
        let description = Description::parse(&text).unwrap();
        Event { description, ..fixtures::event(number, "2026-11-06 9:00", Some("FREQ=DAILY;COUNT=2")) }
    };
    let world = World::of((1..=500).map(long));
    for direction in [Direction::Forward, Direction::Backward] {
        let (mut from, mut found, mut pages) = (None, 0, 0);
        loop {
            let search = OccurrenceQuery {
                search: SearchText::parse("words").ok(),
                page: PageRequest { direction, ..fixtures::page(100, from) },
                ..query()
            };
            // The same from replicas with an index and without one, and from the database.
            let page = parts(world.list(search)).0;
            found += page.items.len();
            pages += 1;
            if !page.has_more {
                break;
            }
            assert_ne!(page.examined, from, "every page makes progress");
            from = page.examined;
        }
        assert_eq!(found, 10);
        // Each page compares 2 MiB of the 5 MB, which are compared again on the second day.
        assert!((5..=6).contains(&pages), "{pages}");
    }
}

#[test]
fn many_lists_together_examine_as_many_occurrences_as_one() {
    let event = hourly(1).next().unwrap();
    let cancelled = event
        .series
        .from_start()
        .take(5_000)
        .map(|origin| excepted(&event, origin, Exception { cancelled: true, ..Exception::default() }));
    let world = World { stored: cancelled.collect(), ..World::of([event.clone()]) };
    let (replica, _) = parts(async { Arc::new(Replica::empty(1).updated(world.delta()).await) });
    let caller = fixtures::caller(fixtures::BOB, Role::Member);
    let window = Interval::new(utc_datetime!(2026-11-02 0:00), utc_datetime!(2027-11-02 0:00)).unwrap();
    let query =
        OccurrenceQuery { window, events: Some(vec![event.id]), page: fixtures::page(1, None), ..query() };
    for (lists, is_found) in [(1, true), (1_000, false)] {
        let list = world.listing_with(Data::Replica(Arc::clone(&replica)), |_| true);
        let queries = vec![query.clone(); lists];
        let (pages, parts) = parts(list.execute(&caller, &queries));
        let page = pages.unwrap().pop().unwrap();
        assert_eq!((page.items.is_empty(), page.has_more), (!is_found, true));
        assert!(parts <= 150, "{parts}");
    }
}
