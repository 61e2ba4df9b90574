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

/// A replica that knows the days of the query.
async fn indexed(world: &World, query: &OccurrenceQuery) -> Arc<Replica> {
    let replica = Replica::empty(0).updated(world.delta()).await;
    let days = day_of(query.window.start())..=day_of(query.window.end());
    for day in days.clone() {
        replica.day(day, *days.end(), &mut Pace::default(), &mut DayBudget::of(None)).await.unwrap();
    }
    Arc::new(replica)
}

#[test]
fn a_search_for_a_common_text_examines_few_of_many_texts() {
    let events = (1..=5_000).map(|number| fixtures::event(number, "2026-11-06 9:00", None));
    let world = World::of(events);
    let (replica, _) = parts(indexed(&world, &query()));
    let searching = |text| {
        let query = OccurrenceQuery { search: SearchText::parse(text).ok(), ..query() };
        parts(world.list_from(Data::Replica(Arc::clone(&replica)), query))
    };
    let (page, common) = searching("event");
    assert_eq!((page.items.len(), page.has_more), (10, true));
    let (page, rare) = searching("concert");
    assert_eq!((page.items.len(), page.has_more, page.examined), (0, false, None));
    assert!(common <= 2 && rare >= 40, "{common} and {rare}");
}

#[tokio::test]
async fn a_search_for_a_rare_text_in_a_known_index_finds_all_occurrences() {
    let rare = Title::parse("Concert").unwrap();
    let concerts = ["2026-11-02 1:00", "2026-11-02 22:30"].into_iter().zip(101..).map(|(start, number)| {
        let event = fixtures::event(number, start, Some("FREQ=DAILY"));
        Event { title: rare.clone(), ..event }
    });
    let renamed = fixtures::event(200, "2026-11-02 3:30", Some("FREQ=DAILY"));
    let exception = exception(
        &renamed,
        datetime!(2026-11-04 3:30),
        Exception { title: Some(rare.clone()), ..Exception::default() },
    );
    let world = World::of(hourly(40).chain(concerts).chain([renamed])).with(exception);
    let search = OccurrenceQuery { search: SearchText::parse("concert").ok(), ..query() };
    let replica = indexed(&world, &search).await;
    for direction in [Direction::Forward, Direction::Backward] {
        for size in [1, 4, 100] {
            let mut from = None;
            let mut found = 0;
            loop {
                let page = PageRequest { direction, ..fixtures::page(size, from) };
                let query = OccurrenceQuery { page, ..search.clone() };
                let page = world.list_from(Data::Replica(Arc::clone(&replica)), query.clone()).await;
                assert_eq!(page, world.list_from(Data::Database(usize::MAX), query).await);
                found += page.items.len();
                let last =
                    if direction == Direction::Forward { page.items.last() } else { page.items.first() };
                from = last.map(|last| (last.occurrence.interval.start(), last.occurrence.key));
                if !page.has_more {
                    break;
                }
            }
            assert_eq!(found, 15);
        }
    }
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
    let world = World::of((1..=900).map(long));
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
        assert_eq!(found, 18);
        // Each page compares 8 MiB of the 9 MB, which are compared again on the second day.
        assert_eq!(pages, 3);
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
