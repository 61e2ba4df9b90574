use convene_domain::{
    activity::Action,
    capacity::Capacity,
    duration::EventDuration,
    event::{EarlierSchedule, Event, EventStatus, RegistrationPolicy},
    id::EventId,
    occurrence::{OccurrenceKey, OccurrenceStatus, StoredOccurrence},
    recurrence::{Rule, Series, SeriesParts},
    text::{Description, Location, Title},
    time::{Instant, LocalDateTime, interval::Interval, zone::Zone},
};
use time::{
    Duration,
    macros::{datetime, utc_datetime},
};
use uuid::Uuid;

use super::*;
use crate::{
    failure::{Field, Refusal},
    limits::{KEPT_VERSIONS, Limit},
    ports::{EditScope, EventEdit, EventPatch, NewRecurrence, OccurrenceEdit, OccurrencePatch, OnAffected},
};

const NOW: Instant = utc_datetime!(2026-11-23 00:00);

/// Every Monday and Thursday at 09:00 in Paris, from 2 November 2026, one hour, 10 seats.
fn rehearsals() -> Event {
    Event {
        id: EventId::from_uuid(Uuid::from_u128(1)),
        title: Title::parse("Rehearsal").unwrap(),
        description: Description::parse("").unwrap(),
        location: Location::parse("").unwrap(),
        series: series(datetime!(2026-11-02 09:00), "Europe/Paris", "FREQ=WEEKLY;BYDAY=MO,TH"),
        duration: EventDuration::new(Duration::hours(1)).unwrap(),
        earlier: vec![],
        capacity: Capacity::new(10).unwrap(),
        policy: RegistrationPolicy::default(),
        status: EventStatus::Scheduled,
        version: 3,
        created_at: utc_datetime!(2026-10-01 00:00),
        updated_at: utc_datetime!(2026-10-01 00:00),
    }
}

fn series(start: LocalDateTime, zone: &str, rule: &str) -> Series {
    let rule = Some(Rule::parse(rule).unwrap());
    let zone = Zone::parse(zone).unwrap();
    Series::new(SeriesParts { rule, ..SeriesParts::once(start, zone) }).unwrap()
}

fn stored(event: &Event, local: LocalDateTime, taken: u32) -> StoredOccurrence {
    let origin = event.series.occurrence_at_local(local).unwrap();
    StoredOccurrence { taken, ..StoredOccurrence::from_rule(event, origin) }
}

fn edit(event: &Event, patch: EventPatch) -> EventEdit {
    EventEdit {
        event: event.id,
        expected_version: None,
        scope: EditScope::All,
        patch,
        on_affected: OnAffected::Refuse,
    }
}

fn step_for(plan: &EventPlan, index: usize) -> &StoredOccurrence {
    match &plan.steps[index] {
        OccurrenceStep::Become { after, .. } => after,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_patch_that_changes_nothing_plans_nothing() {
    let event = rehearsals();
    let patch = EventPatch { title: Some(event.title.clone()), ..EventPatch::default() };
    let plan = plan_event_edit(&event, &edit(&event, patch), &[], NOW).unwrap();
    assert_eq!(plan, EventPlan::new(event, Vec::new()));
}

#[test]
fn a_stale_version_is_refused() {
    let event = rehearsals();
    let stale = EventEdit { expected_version: Some(2), ..edit(&event, EventPatch::default()) };
    assert_eq!(
        plan_event_edit(&event, &stale, &[], NOW),
        Err(Refusal::VersionConflict { current: 3 }.into())
    );
}

#[test]
fn registrations_follow_a_new_time_of_day_on_the_same_date() {
    let event = rehearsals();
    let held = stored(&event, datetime!(2026-11-26 09:00), 4);
    let patch = EventPatch { starts_at: Some(datetime!(2026-11-02 10:30)), ..EventPatch::default() };
    let plan = plan_event_edit(&event, &edit(&event, patch), std::slice::from_ref(&held), NOW).unwrap();
    let after = step_for(&plan, 0);
    assert_eq!(after.interval.start(), utc_datetime!(2026-11-26 09:30));
    assert_eq!(after.key.original_start, utc_datetime!(2026-11-26 09:30));
    assert_eq!(after.original_local, datetime!(2026-11-26 10:30));
    assert_eq!((after.taken, after.version), (4, 2));
    assert!(plan.steps[0].moves());
    assert_eq!(plan.event.version, 4);
    assert_eq!(plan.entries[0].action, Action::EventUpdated);
}

#[test]
fn occurrences_that_have_begun_do_not_change() {
    let event = rehearsals();
    let past = stored(&event, datetime!(2026-11-19 09:00), 4);
    let patch = EventPatch { starts_at: Some(datetime!(2026-11-02 10:30)), ..EventPatch::default() };
    let plan = plan_event_edit(&event, &edit(&event, patch), &[past], NOW).unwrap();
    assert_eq!(plan.steps, vec![]);
}

#[test]
fn an_occurrence_that_began_early_keeps_one_schedule() {
    let event = rehearsals();
    let now = utc_datetime!(2026-10-10 10:30);
    let mut early = stored(&event, datetime!(2026-11-02 09:00), 1);
    early.interval = Interval::new(now - Duration::HOUR, now).unwrap();
    let titled = |event: &Event, title: &str, stored: &[StoredOccurrence], now| {
        let patch = EventPatch { title: Some(Title::parse(title).unwrap()), ..EventPatch::default() };
        plan_event_edit(event, &edit(event, patch), stored, now).unwrap().event
    };
    let once = titled(&event, "Concert", &[early.clone()], now);
    assert_eq!(once.earlier.iter().map(|kept| kept.title.as_str()).collect::<Vec<_>>(), ["Rehearsal"]);
    let twice = titled(&once, "Opera", &[early.clone()], now + Duration::HOUR);
    assert_eq!(twice.earlier, once.earlier);
    let mut later = stored(&twice, datetime!(2026-11-05 09:00), 1);
    later.interval = Interval::new(now + Duration::HOUR * 2, now + Duration::HOUR * 3).unwrap();
    let thrice = titled(&twice, "Ballet", &[early, later], now + Duration::HOUR * 2);
    assert_eq!(
        thrice.earlier.iter().map(|kept| kept.title.as_str()).collect::<Vec<_>>(),
        ["Rehearsal", "Opera"]
    );
}

#[test]
fn a_series_that_has_begun_keeps_its_previous_schedule() {
    let event = rehearsals();
    let patch = EventPatch { starts_at: Some(datetime!(2026-11-02 10:30)), ..EventPatch::default() };
    let edited = plan_event_edit(&event, &edit(&event, patch.clone()), &[], NOW).unwrap().event;
    let starts = |event: &Event| -> Vec<Instant> {
        let (from, to) = (utc_datetime!(2026-11-16 00:00), utc_datetime!(2026-11-27 00:00));
        event.schedules().flat_map(|schedule| schedule.between(from, to)).map(|found| found.start).collect()
    };
    assert_eq!(
        starts(&edited),
        [
            utc_datetime!(2026-11-16 08:00),
            utc_datetime!(2026-11-19 08:00),
            utc_datetime!(2026-11-23 09:30),
            utc_datetime!(2026-11-26 09:30),
        ]
    );
    assert!(edited.occurrence_at(utc_datetime!(2026-11-19 08:00)).is_some());
    assert!(edited.occurrence_at(utc_datetime!(2026-11-19 09:30)).is_none());
    assert_eq!(edited.first_start(), utc_datetime!(2026-11-02 08:00));

    let not_begun = plan_event_edit(&event, &edit(&event, patch), &[], event.created_at).unwrap().event;
    assert_eq!(not_begun.earlier, vec![]);
}

/// A weekly event that was rescheduled after each of its dates until this is refused, and the time of the refusal.
fn rescheduled() -> (Event, Instant) {
    let mut event = rehearsals();
    for round in 0..=Event::MAX_EARLIER_SCHEDULES {
        let minute = u8::try_from(round % 2).unwrap();
        let starts_at = datetime!(2026-11-02 09:00).replace_minute(minute + 1).unwrap();
        let now = NOW + Duration::days(7 * i64::try_from(round).unwrap());
        let patch = EventPatch { starts_at: Some(starts_at), ..EventPatch::default() };
        match plan_event_edit(&event, &edit(&event, patch), &[], now) {
            Ok(plan) => event = plan.event,
            Err(refusals) => {
                assert_eq!(round, Event::MAX_EARLIER_SCHEDULES);
                assert_eq!(refusals[..], [Refusal::LimitExceeded(Limit::EarlierSchedules)]);
                return (event, now);
            }
        }
    }
    panic!("never refused");
}

#[test]
fn a_series_that_cannot_be_rescheduled_any_more_can_be_cancelled_and_restored() {
    let (mut event, mut now) = rescheduled();
    for round in 1..=3 {
        let cancelled = plan_cancellation(&event, &[], now).unwrap().event;
        now += Duration::days(14);
        event = plan_restoration(&cancelled, &[], now).unwrap().event;
        assert_eq!(event.earlier.len(), Event::MAX_EARLIER_SCHEDULES + round);
    }
}

#[test]
fn a_daily_class_can_change_its_room_each_day_of_a_year() {
    let rule = Some(Rule::parse("FREQ=DAILY").unwrap());
    let parts = SeriesParts { rule, ..SeriesParts::once(datetime!(2026-11-02 09:00), Zone::UTC) };
    let mut event = Event { series: Series::new(parts).unwrap(), ..rehearsals() };
    for day in 0..365 {
        let room = Location::parse(&format!("Room {day}")).unwrap();
        let patch = EventPatch { location: Some(room), ..EventPatch::default() };
        let now = NOW + Duration::days(day);
        event = plan_event_edit(&event, &edit(&event, patch), &[], now).unwrap().event;
    }
    for day in 0..364 {
        let begun = NOW + Duration::days(day) + Duration::hours(9);
        assert_eq!(event.location_at(begun).as_str(), format!("Room {day}"));
    }
}

/// An event that takes place each hour, with as many exdates as a series may have, from this day on.
fn hourly_with_exdates(first: LocalDateTime) -> Event {
    let exdates = (0..366).map(|hour| first + Duration::hours(hour)).collect();
    let rule = Some(Rule::parse(&format!("FREQ=DAILY;BYHOUR={}", hours())).unwrap());
    let parts = SeriesParts { rule, exdates, ..SeriesParts::once(datetime!(2026-11-02 00:00), Zone::UTC) };
    Event { series: Series::new(parts).unwrap(), ..rehearsals() }
}

fn hours() -> String {
    (0..24).map(|hour| hour.to_string()).collect::<Vec<_>>().join(",")
}

#[test]
fn an_earlier_schedule_keeps_the_dates_of_its_own_period() {
    let event = hourly_with_exdates(datetime!(2026-11-10 00:00));
    let title =
        |title: &str| EventPatch { title: Some(Title::parse(title).unwrap()), ..EventPatch::default() };
    let now = utc_datetime!(2026-11-11 12:30);
    let first = plan_event_edit(&event, &edit(&event, title("A")), &[], now).unwrap().event;
    let later = now + Duration::days(30);
    let second = plan_event_edit(&first, &edit(&first, title("B")), &[], later).unwrap().event;
    let kept: Vec<usize> = second.earlier.iter().map(|earlier| earlier.series.exdates().len()).collect();
    // Dates that a new time-zone database could move into the period are kept, too.
    assert_eq!(kept, [109, 366]);
    assert_eq!(second.series.exdates().len(), 366);
    for hour in 0..1_000 {
        let at = utc_datetime!(2026-11-02 00:00) + Duration::hours(hour);
        assert_eq!(second.occurrence_at(at), event.occurrence_at(at), "{at}");
    }
}

#[test]
fn the_bytes_of_earlier_schedules_are_limited_and_the_event_can_be_cancelled() {
    let mut event = hourly_with_exdates(datetime!(2026-12-02 01:00));
    let mut now = utc_datetime!(2026-11-02 00:30);
    let wide = |number: usize| EventPatch {
        title: Some(Title::parse(&number.to_string().repeat(40)).unwrap()),
        location: Some(Location::parse(&"\u{1f600}".repeat(500)).unwrap()),
        ..EventPatch::default()
    };
    for number in 0..Event::MAX_EARLIER_SCHEDULES {
        now += Duration::HOUR;
        match plan_event_edit(&event, &edit(&event, wide(number)), &[], now) {
            Ok(plan) => event = plan.event,
            Err(refusals) => {
                assert_eq!(refusals[..], [Refusal::LimitExceeded(Limit::EarlierSchedules)]);
                let bytes: usize = event.earlier.iter().map(EarlierSchedule::bytes).sum();
                assert!((100_000..=Event::MAX_EARLIER_BYTES).contains(&bytes), "{bytes}");
                let description = Some(Description::parse("It stays.").unwrap());
                let unchanged = EventPatch { description, ..EventPatch::default() };
                plan_event_edit(&event, &edit(&event, unchanged), &[], now).unwrap();
                plan_cancellation(&event, &[], now).unwrap();
                return;
            }
        }
    }
    panic!("never refused");
}

#[test]
fn the_dates_of_thousands_of_occurrences_that_began_early_are_used() {
    let event = hourly_with_exdates(datetime!(2026-11-02 01:00));
    let begun = utc_datetime!(2026-11-20 10:00);
    let early = event.series.between(begun, Instant::MAX).take(3_000).map(|origin| {
        let mut stored = StoredOccurrence::from_rule(&event, origin);
        stored.exception.starts_at = Some(datetime!(2026-11-20 10:00));
        stored.interval = Interval::new(begun, begun + Duration::HOUR).unwrap();
        stored
    });
    let early: Vec<StoredOccurrence> = early.collect();
    let patch = EventPatch { title: Some(Title::parse("Later").unwrap()), ..EventPatch::default() };
    let now = begun + Duration::MINUTE;
    let plan = plan_event_edit(&event, &edit(&event, patch), &early, now).unwrap();
    assert_eq!(plan.steps, []);
    for stored in &early {
        assert_eq!(plan.event.series.occurrence_at(stored.key.original_start), None);
    }
    let last = early.last().unwrap().key.original_start;
    assert!(plan.event.series.between(last, Instant::MAX).next().is_some());
}

#[test]
fn thousands_that_ask_for_the_same_second_get_seconds_of_their_own() {
    let event = rehearsals();
    let held = stored(&event, datetime!(2026-11-26 09:00), 1);
    let start = held.key.original_start - Duration::seconds(2);
    let mut free = free_seconds::FreeSeconds::new(&event, &[], std::iter::empty());
    let taken: Vec<Instant> = (0..3_000).map(|_| free.take(start)).collect();
    let others = (0..).filter(|second| *second != 2).map(|second| start + Duration::seconds(second));
    assert_eq!(taken, others.take(3_000).collect::<Vec<_>>());
}

#[test]
fn an_occurrence_that_a_new_zone_drops_keeps_its_second() {
    let mut event = rehearsals();
    event.series = series(datetime!(2026-11-02 09:00), "Europe/Berlin", "FREQ=DAILY;BYHOUR=9,10");
    let later = |local, own: LocalDateTime| {
        let mut later = stored(&event, local, 1);
        later.exception.starts_at = Some(own);
        later.interval = Interval::new(own.as_utc() - Duration::HOUR, own.as_utc()).unwrap();
        later
    };
    let first = later(datetime!(2026-11-25 09:00), datetime!(2026-11-24 12:00));
    let second = later(datetime!(2026-11-25 10:00), datetime!(2026-11-24 18:00));
    // The dates move into the past.
    let now = utc_datetime!(2026-11-24 10:30);
    let patch = EventPatch { starts_at: Some(datetime!(2026-11-01 09:00)), ..EventPatch::default() };
    let plan = plan_event_edit(&event, &edit(&event, patch), &[first, second], now).unwrap();
    let postponed: Vec<StoredOccurrence> = plan.steps.iter().map(OccurrenceStep::after).collect();
    let starts = |steps: &[StoredOccurrence]| -> Vec<Instant> {
        steps.iter().map(|one| one.key.original_start).collect()
    };
    assert_eq!(starts(&postponed), [utc_datetime!(2026-11-24 08:00:01), utc_datetime!(2026-11-24 09:00:01)]);

    // The first one would have begun in Helsinki, and the second one would be postponed from the second of the first.
    let event = plan.event;
    let patch =
        EventPatch { time_zone: Some(Zone::parse("Europe/Helsinki").unwrap()), ..EventPatch::default() };
    let plan = plan_event_edit(&event, &edit(&event, patch), &postponed, now).unwrap();
    let dropped = |step: &OccurrenceStep| matches!(step, OccurrenceStep::Drop(_));
    assert_eq!(plan.steps.iter().map(dropped).collect::<Vec<_>>(), [true, false]);
    let after: Vec<StoredOccurrence> = plan.steps.iter().map(OccurrenceStep::after).collect();
    assert_eq!(starts(&after), [utc_datetime!(2026-11-24 08:00:01), utc_datetime!(2026-11-24 08:00:02)]);
}

#[test]
fn the_versions_that_deletions_keep_are_limited_in_total() {
    let event = rehearsals();
    let tuesdays = (0..5).map(|week| utc_datetime!(2026-12-01 08:00) + Duration::weeks(week));
    let former = tuesdays.map(|original_start| (OccurrenceKey { event: event.id, original_start }, 3));
    let former = former.collect();
    for (kept, dropped) in [(0, 5), (KEPT_VERSIONS - 2, 2), (KEPT_VERSIONS, 0), (KEPT_VERSIONS + 1, 0)] {
        assert_eq!(dropped_versions(&event, &former, kept as u64, NOW).len(), dropped, "{kept}");
    }
}

#[test]
fn a_date_without_a_match_in_the_new_rule_is_dropped() {
    let event = rehearsals();
    let monday = stored(&event, datetime!(2026-11-30 09:00), 1);
    let thursday = stored(&event, datetime!(2026-11-26 09:00), 1);
    let recurrence =
        NewRecurrence { rule: Rule::parse("FREQ=WEEKLY;BYDAY=MO").unwrap(), exdates: vec![], rdates: vec![] };
    let patch = EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() };
    let plan = plan_event_edit(&event, &edit(&event, patch), &[monday, thursday.clone()], NOW).unwrap();
    assert_eq!(plan.steps, vec![OccurrenceStep::Drop(Box::new(thursday))]);
    assert_eq!(plan.following_registrations(), 0);
}

#[test]
fn the_registrations_that_follow_an_edit_are_limited_and_cancelled_ones_are_not() {
    let event = rehearsals();
    let at_hour = |hour: u8| EventPatch {
        starts_at: Some(datetime!(2026-11-02 09:00).replace_hour(hour).unwrap()),
        ..EventPatch::default()
    };
    let held = |taken: u32| {
        let mut held = stored(&event, datetime!(2026-11-30 09:00), taken);
        held.capacity = Capacity::new(20_000).unwrap();
        held
    };
    let mut large = event.clone();
    large.capacity = Capacity::new(20_000).unwrap();
    assert!(plan_event_edit(&large, &edit(&large, at_hour(12)), &[held(10_000)], NOW).is_ok());
    let refused = plan_event_edit(&large, &edit(&large, at_hour(12)), &[held(10_001)], NOW);
    assert_eq!(refused.unwrap_err()[..], [Refusal::LimitExceeded(Limit::EditedRegistrations)]);
    assert!(plan_cancellation(&large, &[held(20_000)], NOW).is_ok());
}

#[test]
fn an_exception_keeps_its_own_values() {
    let event = rehearsals();
    let mut moved = stored(&event, datetime!(2026-11-26 09:00), 2);
    moved.exception.starts_at = Some(datetime!(2026-11-27 15:00));
    moved.exception.capacity = Some(Capacity::new(3).unwrap());
    moved.capacity = Capacity::new(3).unwrap();
    let patch = EventPatch {
        capacity: Some(Capacity::new(20).unwrap()),
        duration: Some(EventDuration::new(Duration::hours(2)).unwrap()),
        ..EventPatch::default()
    };
    let plan = plan_event_edit(&event, &edit(&event, patch), &[moved], NOW).unwrap();
    let after = step_for(&plan, 0);
    assert_eq!(after.interval.start(), utc_datetime!(2026-11-27 14:00));
    assert_eq!(after.interval.end(), utc_datetime!(2026-11-27 16:00), "the duration was the event's");
    assert_eq!(after.capacity.get(), 3);
}

#[test]
fn a_capacity_below_the_seats_taken_is_refused() {
    let event = rehearsals();
    let held = stored(&event, datetime!(2026-11-26 09:00), 4);
    let patch = EventPatch { capacity: Some(Capacity::new(3).unwrap()), ..EventPatch::default() };
    let plan = plan_event_edit(&event, &edit(&event, patch), &[held], NOW).unwrap();
    assert_eq!(
        verify_effects(&plan.steps, OnAffected::Refuse, 0, Vec::new()),
        Err(Refusal::CapacityBelowRegistrations { taken: 4 }.into())
    );
}

#[test]
fn exdates_move_to_the_new_time() {
    let mut event = rehearsals();
    let mut parts = event.series.parts().clone();
    parts.exdates = vec![datetime!(2026-11-26 09:00)];
    event.series = Series::new(parts).unwrap();
    let patch = EventPatch { starts_at: Some(datetime!(2026-11-02 11:00)), ..EventPatch::default() };
    let plan = plan_event_edit(&event, &edit(&event, patch), &[], NOW).unwrap();
    assert_eq!(plan.event.series.exdates(), [datetime!(2026-11-26 11:00)]);
}

#[test]
fn all_problems_are_reported_at_once() {
    let event = rehearsals();
    let patch = EventPatch {
        starts_at: Some(datetime!(2026-11-03 09:00)),
        recurrence: Some(Some(NewRecurrence {
            rule: Rule::parse("FREQ=WEEKLY;BYDAY=MO").unwrap(),
            exdates: vec![],
            rdates: vec![],
        })),
        registration_opens: Some(Some(convene_domain::duration::LeadTime::new(Duration::hours(1)).unwrap())),
        registration_closes: Some(Some(convene_domain::duration::LeadTime::new(Duration::hours(2)).unwrap())),
        ..EventPatch::default()
    };
    let refusals = plan_event_edit(&event, &edit(&event, patch), &[], NOW).unwrap_err();
    let fields: Vec<String> = refusals
        .iter()
        .map(|refusal| match refusal {
            Refusal::InvalidInput { field, .. } => field.to_string(),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(fields, ["startsAt", "registrationCloses"]);
}

#[test]
fn a_split_ends_the_old_series_and_moves_the_rest() {
    let event = rehearsals();
    let kept = stored(&event, datetime!(2026-11-26 09:00), 1);
    let moved = stored(&event, datetime!(2026-12-03 09:00), 2);
    let new_event = EventId::from_uuid(Uuid::from_u128(2));
    let from = stored(&event, datetime!(2026-11-30 09:00), 0).key;
    let split = EventEdit {
        scope: EditScope::ThisAndFollowing { from, new_event },
        ..edit(&event, EventPatch { title: Some(Title::parse("Later").unwrap()), ..EventPatch::default() })
    };
    let plan = plan_event_edit(&event, &split, &[kept, moved.clone()], NOW).unwrap();

    let ended = plan.ended.as_ref().unwrap();
    assert_eq!(ended.series.last_start(), Some(utc_datetime!(2026-11-26 08:00)));
    assert_eq!((ended.title.as_str(), ended.version), ("Rehearsal", 4));
    assert_eq!(plan.event.series.first_start(), utc_datetime!(2026-11-30 08:00));
    assert_eq!((plan.event.id, plan.event.title.as_str(), plan.event.version), (new_event, "Later", 1));

    assert_eq!(plan.steps.len(), 1);
    let after = step_for(&plan, 0);
    assert_eq!(after.key, OccurrenceKey { event: new_event, original_start: moved.key.original_start });
    assert!(!plan.steps[0].moves());
    let actions: Vec<Action> = plan.entries.iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [Action::EventSplit, Action::EventCreated]);
}

#[test]
fn a_split_at_the_first_occurrence_edits_the_whole_series() {
    let mut event = rehearsals();
    event.series = series(datetime!(2026-11-30 09:00), "Europe/Paris", "FREQ=WEEKLY");
    let from = OccurrenceKey { event: event.id, original_start: event.series.first_start() };
    let split = EventEdit {
        scope: EditScope::ThisAndFollowing { from, new_event: EventId::from_uuid(Uuid::from_u128(2)) },
        ..edit(&event, EventPatch { capacity: Some(Capacity::new(3).unwrap()), ..EventPatch::default() })
    };
    let plan = plan_event_edit(&event, &split, &[], NOW).unwrap();
    assert_eq!((plan.event.id, plan.ended), (event.id, None));
}

#[test]
fn a_split_needs_an_occurrence_of_the_series() {
    let event = rehearsals();
    let from = OccurrenceKey { event: event.id, original_start: utc_datetime!(2026-12-01 08:00) };
    let scope = EditScope::ThisAndFollowing { from, new_event: EventId::from_uuid(Uuid::from_u128(2)) };
    let split = EventEdit { scope, ..edit(&event, EventPatch::default()) };
    assert_eq!(
        plan_event_edit(&event, &split, &[], NOW),
        Err(Refusal::not_found(Field::FromOccurrenceId).into())
    );
}

#[test]
fn cancelling_an_event_keeps_occurrences_that_have_begun() {
    let event = rehearsals();
    let past = stored(&event, datetime!(2026-11-19 09:00), 4);
    let coming = stored(&event, datetime!(2026-11-26 09:00), 4);
    let plan = plan_cancellation(&event, &[past, coming], NOW).unwrap();
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(step_for(&plan, 0).status(), OccurrenceStatus::Cancelled);
    assert_eq!(plan.event.status, EventStatus::Cancelled);
    assert_eq!(plan_cancellation(&plan.event, &[], NOW), Err(Refusal::AlreadyCancelled.into()));
}

#[test]
fn one_occurrence_moves_alone() {
    let event = rehearsals();
    let before = stored(&event, datetime!(2026-11-26 09:00), 4);
    let patch =
        OccurrencePatch { starts_at: Some(datetime!(2026-11-26 14:00)), ..OccurrencePatch::default() };
    let request = OccurrenceEdit { occurrence: before.key, patch, on_affected: OnAffected::Refuse };
    let plan = plan_occurrence_edit(&event, &before, &request, NOW).unwrap();
    assert_eq!(plan.after.key, before.key);
    assert_eq!(plan.after.interval.start(), utc_datetime!(2026-11-26 13:00));
    assert_eq!(plan.entry.unwrap().changes.len(), 2, "start and end");
    let again = plan_occurrence_edit(&event, &plan.after, &request, NOW).unwrap();
    assert_eq!(again.entry, None);
}

#[test]
fn an_occurrence_that_has_begun_cannot_be_changed() {
    let event = rehearsals();
    let past = stored(&event, datetime!(2026-11-19 09:00), 4);
    let request = OccurrenceEdit {
        occurrence: past.key,
        patch: OccurrencePatch { title: Some(Title::parse("x").unwrap()), ..OccurrencePatch::default() },
        on_affected: OnAffected::Refuse,
    };
    assert!(plan_occurrence_edit(&event, &past, &request, NOW).is_err());
    assert!(plan_occurrence_cancellation(&event, &past, None, NOW).is_err());
}
