//! Durations of days of the calendar.

use convene_domain::{duration::EventDuration, occurrence::OccurrenceKey};
use time::{
    Duration,
    macros::{datetime, utc_datetime},
};

use super::{
    environment::Environment,
    support::{by_root, edit_of, refusal},
};
use crate::{
    failure::Refusal,
    ports::{EditScope, EventEdit, EventPatch, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{EventBuilder, occurrence_key, register},
};

/// In Paris, the clocks go forward on 30 March 2031 at 2:00.
const PARIS: &str = "Europe/Paris";

pub(super) async fn a_day_ends_at_midnight_when_the_clocks_change(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let days = EventBuilder::repeating(datetime!(2031-03-29 0:00), "FREQ=DAILY;COUNT=3");
    let days = tenant.event(days.zone(PARIS).lasting_by_calendar("P1D")).await;
    let ada = tenant.member("ada").await;
    let starts =
        [utc_datetime!(2031-03-28 23:00), utc_datetime!(2031-03-29 23:00), utc_datetime!(2031-03-30 22:00)];
    for (number, start) in starts.into_iter().enumerate() {
        let seat = tenant.seat(&days, start, &ada).await;
        let hours = if number == 1 { 23 } else { 24 };
        assert_eq!(seat.interval.duration(), Duration::hours(hours), "{start}");
    }
    // 24 hours are 24 hours.
    let hours = EventBuilder::once(datetime!(2031-03-30 0:00)).zone(PARIS).lasting(Duration::hours(24));
    let hours = tenant.event(hours).await;
    let bea = tenant.member("bea").await;
    let seat = tenant.seat(&hours, starts[1], &bea).await;
    assert_eq!(seat.interval.end(), utc_datetime!(2031-03-30 23:00));
    let refused =
        tenant.try_register(register(occurrence_key(&days, starts[2]), bea.id), super::support::NOW);
    assert_eq!(refusal(refused.await), Refusal::ScheduleConflict { with: Box::new(seat) });
}

pub(super) async fn durations_are_stored_as_given(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    for text in ["P1D", "P1W", "P7D", "PT24H", "P1DT12H", "P2W3DT1H", "P31D"] {
        let event = EventBuilder::once(datetime!(2031-03-10 9:00)).lasting_by_calendar(text);
        let event = tenant.event(event).await;
        assert_eq!(tenant.event_now(&event).await.duration.to_string(), text);
        let edit = OccurrenceEdit {
            occurrence: OccurrenceKey { event: event.id, original_start: utc_datetime!(2031-03-10 9:00) },
            patch: OccurrencePatch {
                duration: Some(EventDuration::parse("P1WT1H").unwrap()),
                ..OccurrencePatch::default()
            },
            on_affected: OnAffected::Refuse,
        };
        let key = edit.occurrence;
        tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
        let stored = tenant.stored(key).await.unwrap();
        assert_eq!(stored.exception.duration.unwrap().to_string(), "P1WT1H");
        assert_eq!(stored.interval.duration(), Duration::WEEK + Duration::HOUR);
    }
}

pub(super) async fn an_edit_replaces_the_whole_duration(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let texts = ["P1D", "P1W", "P7D", "P1DT1H", "PT1H", "PT24H", "PT36H"];
    for (before, after) in texts.into_iter().flat_map(|before| texts.map(|after| (before, after))) {
        let event = EventBuilder::once(datetime!(2031-03-10 9:00)).lasting_by_calendar(before);
        let event = tenant.event(event).await;
        let duration = Some(EventDuration::parse(after).unwrap());
        let patch = EventPatch { duration, ..EventPatch::default() };
        tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &by_root()).await.unwrap();
        assert_eq!(tenant.event_now(&event).await.duration.to_string(), after, "{before}");
    }
}

pub(super) async fn days_stay_days_through_edits(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let days = EventBuilder::once(datetime!(2031-03-24 9:00)).zone(PARIS).lasting_by_calendar("P1D");
    let days = tenant.event(days).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&days, utc_datetime!(2031-03-24 8:00), &ada).await;
    // The occurrence moves to the day on which the clocks change, by itself and with its event.
    let edit = OccurrenceEdit {
        occurrence: seat.occurrence,
        patch: OccurrencePatch { starts_at: Some(datetime!(2031-03-29 9:00)), ..OccurrencePatch::default() },
        on_affected: OnAffected::Refuse,
    };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
    let now = tenant.registration_now(&seat).await;
    assert_eq!(now.interval.end(), utc_datetime!(2031-03-30 7:00), "9:00 in Paris");
    let ends_at = Some(datetime!(2031-03-25 12:00));
    let edit = EventEdit {
        event: days.id,
        expected_version: None,
        scope: EditScope::All,
        patch: EventPatch { ends_at, ..EventPatch::default() },
        on_affected: OnAffected::Refuse,
    };
    let changed = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
    assert_eq!(changed.now.duration.to_string(), "P1DT3H");
    let now = tenant.registration_now(&seat).await;
    assert_eq!(now.interval.end(), utc_datetime!(2031-03-30 10:00), "12:00 in Paris");
}
