use convene_domain::{
    duration::EventDuration,
    event::Event,
    occurrence::{Exception, OccurrenceKey, StoredState},
    text::Title,
    time::Instant,
};
use time::{Duration, macros::utc_datetime};
use tokio::time::{Duration as Wait, Instant as Clock, sleep};

use super::*;
use crate::{
    catalogue::{Item, day_of},
    fixtures,
    limits::INDEXED_OCCURRENCES,
    pace::tests::parts,
};

const FIRST: Instant = utc_datetime!(2026-11-02 9:00);

fn daily(number: u128) -> Event {
    fixtures::event(number, "2026-11-02 9:00", Some("FREQ=DAILY"))
}

/// The exception of an event on a day after the first one.
fn exception(event: &Event, day: i64) -> StoredOccurrence {
    let origin = event.occurrence_at(FIRST + Duration::days(day)).unwrap();
    let exception = Exception { title: Title::parse("Encore").ok(), ..Exception::default() };
    StoredOccurrence { exception, ..StoredOccurrence::from_rule(event, origin) }
}

async fn replica(delta: Delta) -> Replica {
    Replica::empty(0).updated(delta).await
}

fn keys(replica: &Replica) -> Vec<OccurrenceKey> {
    let mut keys: Vec<_> =
        replica.held_events().flat_map(|held| held.exceptions().map(|stored| stored.key)).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn a_difference_replaces_what_it_names_and_leaves_the_rest() {
    let (one, two, three) = (daily(1), daily(2), daily(257));
    let before = replica(Delta {
        revision: 3,
        events: [&one, &two, &three].map(|event| event.clone().into()).into(),
        exceptions: vec![exception(&one, 1), exception(&one, 2), exception(&two, 1)],
        ..Delta::default()
    })
    .await;
    let renamed = Event { title: Title::parse("Renamed").unwrap(), ..one.clone() };
    let after = before
        .updated(Delta {
            revision: 5,
            deleted_events: vec![two.id],
            // The key of the first exception belongs to another occurrence now.
            former_exceptions: vec![exception(&one, 1).key, exception(&one, 2).key],
            events: vec![renamed.clone().into()],
            exceptions: vec![exception(&renamed, 1)],
        })
        .await;
    assert_eq!(after.revision(), 5);
    let expected = replica(Delta {
        revision: 5,
        events: vec![renamed.clone().into(), three.clone().into()],
        exceptions: vec![exception(&renamed, 1)],
        ..Delta::default()
    })
    .await;
    assert_eq!(after, expected);
    assert_eq!(after.bytes(), expected.bytes());
    // Readers of the earlier revision are not affected.
    assert_eq!((before.revision(), before.event(two.id).map(|event| event.id)), (3, Some(two.id)));
    assert_eq!(keys(&before).len(), 3);
}

#[tokio::test]
async fn an_empty_catalogue_takes_no_bytes() {
    let event = daily(1);
    let exceptions = vec![exception(&event, 1)];
    let full = replica(Delta { events: vec![event.clone().into()], exceptions, ..Delta::default() }).await;
    assert!(full.bytes() > 1_024);
    let empty = full.updated(Delta { deleted_events: vec![event.id], ..Delta::default() }).await;
    assert_eq!(empty, Replica::empty(0));
    assert_eq!(empty.bytes(), 0);
}

#[tokio::test]
async fn a_change_that_moves_nothing_shares_the_days() {
    let before = replica(Delta { events: vec![daily(1).into()], ..Delta::default() }).await;
    let today = day_of(FIRST);
    let (mut pace, mut budget) = (Pace::default(), DayBudget::of(None));
    let day = before.day(today, today, &mut pace, &mut budget).await.unwrap();
    let renamed = Event { title: Title::parse("Renamed").unwrap(), ..daily(1) };
    let renamed = before.updated(Delta { events: vec![renamed.into()], ..Delta::default() }).await;
    assert!(Arc::ptr_eq(&day, &renamed.day(today, today, &mut pace, &mut budget).await.unwrap()));
    let later = fixtures::event(1, "2026-11-02 10:00", Some("FREQ=DAILY"));
    let moved = before.updated(Delta { events: vec![later.into()], ..Delta::default() }).await;
    assert_ne!(day, moved.day(today, today, &mut pace, &mut budget).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_list_waits_three_seconds_in_all_while_others_compute_days() {
    let replica = replica(Delta { events: vec![daily(1).into()], ..Delta::default() }).await;
    let today = day_of(FIRST);
    let (mut pace, mut budget) = (Pace::default(), DayBudget::of(None));
    let busy = |seconds| {
        let turn = Arc::clone(&replica.building.queue).try_lock_owned().unwrap();
        tokio::spawn(async move {
            sleep(Wait::from_secs(seconds)).await;
            drop(turn);
        })
    };
    let begin = Clock::now();
    busy(2);
    replica.day(today, today, &mut pace, &mut budget).await.unwrap();
    replica.day(today, today, &mut pace, &mut budget).await.unwrap();
    busy(2);
    let known = replica.day(today, today, &mut pace, &mut budget).await;
    assert!(known.is_ok(), "a day that is known needs no turn");
    let outcome = replica.day(today + 100, today + 100, &mut pace, &mut budget).await;
    assert_eq!(outcome.unwrap_err(), NoDay::Overloaded);
    assert_eq!(begin.elapsed().as_secs(), 3);
}

#[test]
fn a_large_difference_is_applied_in_parts() {
    let events = (1..=5 * Pace::STEPS_PER_PART as u128).map(|number| daily(number).into()).collect();
    let (replica, parts) = parts(replica(Delta { events, ..Delta::default() }));
    assert_eq!(replica.held_events().count(), 5 * Pace::STEPS_PER_PART);
    assert!(parts >= 5, "{parts}");
}

#[test]
fn the_exceptions_of_an_event_are_applied_in_parts() {
    let event = daily(1);
    let days = 1..=3 * i64::try_from(Pace::STEPS_PER_PART).unwrap();
    let exceptions = days.map(|day| exception(&event, day)).collect();
    let (replica, parts) =
        parts(replica(Delta { events: vec![event.into()], exceptions, ..Delta::default() }));
    assert_eq!(keys(&replica).len(), 3 * Pace::STEPS_PER_PART);
    assert!(parts >= 7, "{parts}");
}

/// An event with this rule whose occurrences take as long as any.
fn longest(number: u128, rule: &str) -> CatalogueEvent {
    let duration = EventDuration::new(Duration::days(31)).unwrap();
    Event { duration, ..fixtures::event(number, "2026-11-02 9:00", Some(rule)) }.into()
}

fn longest_daily(numbers: std::ops::Range<u128>) -> Delta {
    let events = numbers.map(|number| longest(number, "FREQ=DAILY;COUNT=10000")).collect();
    Delta { events, ..Delta::default() }
}

async fn days(replica: &Replica, days: RangeInclusive<DayNumber>) -> Vec<Arc<Day>> {
    let (mut pace, mut budget, last) = (Pace::default(), DayBudget::of(None), *days.end());
    let mut found = Vec::new();
    for day in days {
        found.push(replica.day(day, last, &mut pace, &mut budget).await.unwrap());
    }
    found
}

#[test]
fn a_difference_changes_an_index_in_bounded_time() {
    let far = day_of(utc_datetime!(2040-01-05 0:00));
    // All days are changed; those that were used last; none, because their events have too many items.
    for (before, after, kept) in
        [(1..100, 100..103, 21..=21), (1..200, 200..203, 1..=20), (1..200, 200..456, 0..=0)]
    {
        let end = after.end;
        let ((), building) = parts(async {
            let replica = replica(longest_daily(before.clone())).await;
            days(&replica, far..=far + 20).await;
        });
        let (changed, all) = parts(async {
            let replica = replica(longest_daily(before)).await;
            days(&replica, far..=far + 20).await;
            let changed = replica.updated(longest_daily(after)).await;
            let known = changed.days().runs().into_iter().flatten().count();
            (changed, known)
        });
        let (changed, known) = changed;
        assert!(kept.contains(&known), "{known}");
        let updating = all - building;
        assert!(updating <= 2 * INDEXED_OCCURRENCES / Pace::STEPS_PER_PART, "{updating}");
        let fresh = parts(replica(longest_daily(1..end))).0;
        let (changed, fresh) =
            parts(async { (days(&changed, far..=far + 20).await, days(&fresh, far..=far + 20).await) }).0;
        assert!(changed == fresh);
    }
}

/// An event each hour.
fn hourly(number: u128) -> CatalogueEvent {
    let hours: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
    let rule = format!("FREQ=DAILY;BYHOUR={}", hours.join(","));
    fixtures::event(number, "2026-11-02 0:00", Some(&rule)).into()
}

/// The parts in which a difference is applied to a replica of this one event that knows these days.
fn parts_of_update(event: CatalogueEvent, known: impl Iterator<Item = DayNumber>, delta: Delta) -> usize {
    let (replica, _) = parts(async {
        let replica = replica(Delta { events: vec![event], ..Delta::default() }).await;
        for day in known {
            days(&replica, day..=day).await;
        }
        replica
    });
    parts(replica.updated(delta)).1
}

#[test]
fn an_event_is_compared_in_parts_on_a_long_sequence_of_days() {
    let moved = Event { title: Title::parse("Renamed").unwrap(), ..hourly(1).event.as_ref().clone() };
    let delta = Delta { events: vec![moved.into()], ..Delta::default() };
    let first = day_of(FIRST);
    let updating = parts_of_update(hourly(1), first..first + 3_900, delta);
    // Twice 24 items on each day, of which the first thousands of comparisons take a part each.
    assert!(updating >= 3_900 * 24 / (8 * Pace::STEPS_PER_PART), "{updating}");
}

#[test]
fn an_event_is_compared_in_parts_on_days_apart() {
    let first = day_of(FIRST);
    let rule = Some("FREQ=YEARLY;INTERVAL=10");
    let event = |number: u128, time: &str| CatalogueEvent::from(fixtures::event(number, time, rule));
    let events = (1..5).map(|number| event(number, "2026-11-02 10:00")).collect();
    let delta = Delta { events, ..Delta::default() };
    let known = (first + 1..first + 7_000).step_by(2);
    let updating = parts_of_update(event(1, "2026-11-02 9:00"), known, delta);
    assert!(updating >= 4 * 3_500 * Pace::STEPS_PER_RULE / Pace::STEPS_PER_PART, "{updating}");
}

#[test]
fn few_days_are_computed_at_a_time_if_they_are_full() {
    let hours: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
    let rule = format!("FREQ=DAILY;BYHOUR={}", hours.join(","));
    let events = (1..=100).map(|number| longest(number, &rule)).collect();
    let replica = parts(replica(Delta { events, ..Delta::default() })).0;
    let today = day_of(FIRST) + 40;
    for last in [today + 366, today - 366] {
        let (mut pace, mut budget) = (Pace::default(), DayBudget::of(None));
        let (day, parts) = parts(replica.day(today, last, &mut pace, &mut budget));
        assert_eq!(day.unwrap().running.len(), 100 * (31 * 24 - 1));
        assert!(parts <= 5 * INDEXED_OCCURRENCES / Pace::STEPS_PER_PART, "{parts}");
        assert_eq!(replica.days().runs(), [today..=today]);
        assert!(budget.computed <= 3 * INDEXED_OCCURRENCES);
        assert!(replica.days().bytes() <= 2 * INDEXED_OCCURRENCES * size_of::<Item>());
        replica.days().clear();
    }
}

#[test]
fn the_index_follows_an_event_with_many_exceptions() {
    let event = daily(1);
    let exceptions: Vec<_> = (0..3_000).map(|day| exception(&event, day)).collect();
    let (replica, _) =
        parts(replica(Delta { events: vec![event.clone().into()], exceptions, ..Delta::default() }));
    let first = day_of(FIRST);
    let known = (first..first + 3_000).step_by(50);
    parts(async {
        for day in known.clone() {
            days(&replica, day..=day).await;
        }
    });
    let cancelled = StoredOccurrence { state: StoredState::Cancelled, ..exception(&event, 100) };
    let delta = Delta { exceptions: vec![cancelled], ..Delta::default() };
    let (changed, updating) = parts(replica.updated(delta));
    assert!(known.clone().all(|day| changed.knows_day(day)), "no day is computed again");
    // The exceptions are copied and sorted once, and those of a day compared for each day.
    assert!(updating <= 1 + 3 * 3_000 / Pace::STEPS_PER_PART, "{updating}");
    let (day, _) = parts(days(&changed, first + 100..=first + 100));
    assert!(day[0].starting[0].is_cancelled);
}
