//! Properties of lists: all pages together equal a plain computation.

use convene_domain::{
    duration::{EventDuration, LeadTime},
    event::Schedule,
    occurrence::RegistrationState,
    recurrence::{Rule, Series, SeriesParts},
    time::zone::Zone,
};
use proptest::prelude::*;

use super::*;

const BEGINNING: time::PrimitiveDateTime = datetime!(2026-10-20 0:00);

/// Few times of day, so that many occurrences begin at the same time.
fn a_start() -> impl Strategy<Value = time::PrimitiveDateTime> {
    (0..25_i64, 0..3_i64).prop_map(|(day, third)| BEGINNING + Duration::hours(day * 24 + third * 8))
}

fn a_schedule() -> impl Strategy<Value = (Series, EventDuration)> {
    let rule = prop_oneof![
        Just(None),
        Just(Some("FREQ=DAILY")),
        Just(Some("FREQ=DAILY;INTERVAL=3;COUNT=4")),
        Just(Some("FREQ=WEEKLY")),
    ];
    let hours = prop_oneof![Just(1_i64), Just(8), Just(30), Just(100)];
    (a_start(), rule, hours).prop_map(|(start, rule, hours)| {
        let rule = rule.map(|text| Rule::parse(text).unwrap());
        let series = Series::new(SeriesParts { rule, ..SeriesParts::once(start, Zone::UTC) }).unwrap();
        (series, EventDuration::new(Duration::hours(hours)).unwrap())
    })
}

fn an_event(number: u128) -> impl Strategy<Value = Event> {
    let leads = (prop::option::of(60..200_i64), prop::option::of(0..48_i64));
    let earlier = prop::option::weighted(0.3, (a_schedule(), a_start()));
    (a_schedule(), earlier, prop::bool::weighted(0.15), leads).prop_map(
        move |((series, duration), earlier, cancelled, (opens, closes))| {
            let lead = |hours: i64| LeadTime::new(Duration::hours(hours)).unwrap();
            let earlier = earlier.map(|((series, duration), until)| {
                let until = until.as_utc();
                EarlierSchedule {
                    series,
                    duration,
                    until,
                    ..EarlierSchedule::of(&fixtures::event(number, "2026-11-02 9:00", None), until)
                }
            });
            Event {
                series,
                duration,
                earlier: earlier.into_iter().collect(),
                status: if cancelled { EventStatus::Cancelled } else { EventStatus::Scheduled },
                policy: RegistrationPolicy {
                    opens: opens.map(lead),
                    closes: closes.map(lead),
                    cancellation_closes: None,
                },
                ..fixtures::event(number, "2026-10-20 0:00", None)
            }
        },
    )
}

/// Every occurrence that the rules derive before an instant.
fn origins(event: &Event, before: Instant) -> Vec<SeriesOccurrence> {
    let of_schedule = |schedule: Schedule<'_>| {
        let origins = schedule.series.from_start().take_while(|origin| origin.start < before);
        origins.filter(|origin| schedule.covers(origin.start)).collect::<Vec<_>>()
    };
    event.schedules().flat_map(of_schedule).collect()
}

/// An exception: the event, the occurrence and the change.
fn a_touch() -> impl Strategy<Value = (prop::sample::Index, usize, Exception, u32)> {
    let moved = prop::option::of(a_start());
    let title = prop::option::of(Just(Title::parse("Encore").unwrap()));
    let exception = (moved, title, prop::bool::weighted(0.2)).prop_map(|(starts_at, title, cancelled)| {
        Exception { starts_at, title, cancelled, ..Exception::default() }
    });
    let taken = prop_oneof![Just(0), Just(10_u32)];
    (any::<prop::sample::Index>(), 0..12_usize, exception, taken)
}

fn a_world() -> impl Strategy<Value = World> {
    let events = (0..6_usize).prop_flat_map(|count| (1..=count as u128).map(an_event).collect::<Vec<_>>());
    (events, prop::collection::vec(a_touch(), 0..12)).prop_map(|(events, touches)| {
        let mut world = World::of(events);
        for (event, nth, of_its_own, taken) in touches {
            if world.events.is_empty() {
                break;
            }
            let event = Arc::clone(event.get(&world.events));
            let far = BEGINNING.as_utc() + Duration::days(60);
            let Some(origin) = origins(&event, far).into_iter().nth(nth) else { continue };
            let stored = StoredOccurrence { taken, ..excepted(&event, origin, of_its_own) };
            if world.stored.iter().all(|other| other.key != stored.key) {
                world.stored.push(stored);
            }
        }
        world
    })
}

fn a_query() -> impl Strategy<Value = OccurrenceQuery> {
    let search = prop::option::of(prop_oneof![Just("encore"), Just("EVENT"), Just("nt 2")]);
    (0..500_i64, 1..400_i64, any::<bool>(), any::<bool>(), search).prop_map(
        |(from, hours, include_cancelled, only_open, search)| {
            let from = BEGINNING.as_utc() + Duration::hours(from);
            OccurrenceQuery {
                window: Interval::new(from, from + Duration::hours(hours)).unwrap(),
                search: search.map(|text| SearchText::parse(text).unwrap()),
                include_cancelled,
                only_open,
                ..query()
            }
        },
    )
}

/// The plain computation: all occurrences from the first day, then filtered by the query.
fn plainly(world: &World, query: &OccurrenceQuery) -> Vec<Occurrence> {
    let of_event = |event: &Arc<Event>| {
        // The maximum move of an occurrence.
        let origins = origins(event, query.window.end() + Duration::days(90));
        let event = Arc::clone(event);
        origins.into_iter().map(move |origin| {
            let key = OccurrenceKey { event: event.id, original_start: origin.start };
            let stored = world.stored.iter().find(|stored| stored.key == key);
            stored.map_or_else(
                || Occurrence::untouched(&event, origin),
                |stored| Occurrence::stored(&event, stored),
            )
        })
    };
    let text = query.search.as_ref().map(|search| search.as_str().to_lowercase());
    let is_wanted = |occurrence: &Occurrence| {
        occurrence.interval.overlaps(&query.window)
            && (query.include_cancelled || occurrence.status == EventStatus::Scheduled)
            && text.as_ref().is_none_or(|text| occurrence.title.as_str().to_lowercase().contains(text))
            && (!query.only_open || occurrence.registration_state(fixtures::NOW) == RegistrationState::Open)
    };
    let mut found: Vec<_> = world.events.iter().flat_map(of_event).filter(is_wanted).collect();
    found.sort_by_key(position);
    found
}

fn position(occurrence: &Occurrence) -> OccurrencePosition {
    (occurrence.interval.start(), occurrence.key)
}

/// Reads the list in pages of this size, in this direction.
async fn in_pages(
    world: &World,
    query: &OccurrenceQuery,
    size: usize,
    direction: Direction,
) -> Vec<Occurrence> {
    let mut found: Vec<Occurrence> = Vec::new();
    loop {
        let request = PageRequest { direction, ..fixtures::page(size, found.last().map(position)) };
        let mut page = world.list(OccurrenceQuery { page: request, ..query.clone() }).await;
        assert!(page.items.len() <= size);
        assert!(page.items.iter().all(|next| request.reaches(&position(next))), "pages go on");
        assert!(page.items.is_sorted_by_key(|next| position(next)), "a page has the order of the list");
        if direction == Direction::Backward {
            page.items.reverse();
        }
        assert!(!page.has_more || page.items.len() == size, "a page that is not the last is full");
        found.extend(page.items.into_iter().map(|found| found.occurrence));
        if !page.has_more {
            return found;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_of_any_size_equal_the_plain_list(world in a_world(), query in a_query(), size in 1..30_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut expected = plainly(&world, &query);
        for direction in [Direction::Forward, Direction::Backward] {
            prop_assert_eq!(&runtime.block_on(in_pages(&world, &query, size, direction)), &expected);
            prop_assert_eq!(&runtime.block_on(in_pages(&world, &query, 100, direction)), &expected);
            expected.reverse();
        }
    }

    #[test]
    fn a_replica_with_an_index_follows_changes(
        before in a_world(),
        after in a_world(),
        queries in prop::collection::vec(a_query(), 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut replica = Arc::new(Replica::empty(0).updated(before.delta()).await);
            for query in &queries {
                // Some days are computed now, and others after the change.
                before.list_from(Data::Replica(Arc::clone(&replica)), query.clone()).await;
            }
            let gone = before.events.iter().map(|event| event.id);
            let delta = Delta {
                deleted_events: gone.filter(|id| after.events.iter().all(|event| event.id != *id)).collect(),
                former_exceptions: before.exceptions().iter().map(|stored| stored.key).collect(),
                ..after.delta()
            };
            replica = Arc::new(replica.updated(delta).await);
            for query in queries {
                let query = OccurrenceQuery { page: fixtures::page(100, None), ..query };
                let found = after.list_from(Data::Replica(Arc::clone(&replica)), query.clone()).await.items;
                let found: Vec<_> = found.into_iter().map(|found| found.occurrence).collect();
                let mut expected = plainly(&after, &query);
                expected.truncate(100);
                prop_assert_eq!(found, expected);
            }
            Ok(())
        })?;
    }
}
