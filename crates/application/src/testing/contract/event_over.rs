//! Edits of events all of whose occurrences have begun.

use convene_domain::{
    capacity::Capacity,
    duration::EventDuration,
    recurrence::Rule,
    text::Title,
    time::{LocalDateTime, zone::Zone},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, by_root, by_root_at, day, edit_of, refusal, refusals},
};
use crate::{
    failure::{Field, Refusal},
    ports::{DaysPatch, EventPatch, NewRecurrence, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{EventBuilder, occurrence_key},
};

fn starting(at: LocalDateTime) -> EventPatch {
    EventPatch { starts_at: Some(at), ..EventPatch::default() }
}

pub(super) async fn a_start_on_which_nothing_takes_place_is_refused(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let now = day(2);
    let once = tenant.event(EventBuilder::once(FIRST)).await;
    let all = tenant.event(EventBuilder::daily(FIRST, 2)).await;
    // A form sends all fields of a one-off event.
    for (event, recurrence) in [(&once, None), (&once, Some(None)), (&all, None)] {
        let patch = EventPatch { recurrence, ..starting(FIRST + Duration::days(30)) };
        let edit = edit_of(event.id, patch);
        let refused = tenant.ports.events.update(&tenant.scope, edit, &by_root_at(now)).await;
        let message = "must not be changed, because every occurrence has begun; create another event";
        assert_eq!(refusal(refused), Refusal::invalid(Field::StartsAt, message));
        assert_eq!(tenant.event_now(event).await, *event);
    }
}

pub(super) async fn a_first_day_on_which_nothing_takes_place_is_refused(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let now = day(5);
    let first = FIRST.date();
    let once = |start| EventBuilder::once(start).lasting_by_calendar("P1D");
    let days = EventBuilder::repeating(first.midnight(), "FREQ=DAILY;COUNT=2").lasting_by_calendar("P1D");
    for (event, all_day) in
        [(once(first.midnight()), None), (days, None), (EventBuilder::once(FIRST), Some(true))]
    {
        let event = tenant.event(event).await;
        let starting_on = |days| {
            let (starts_on, ends_on) =
                (Some(first + Duration::days(days)), Some(first + Duration::days(days)));
            let days = Some(DaysPatch { all_day, starts_on, ends_on });
            edit_of(event.id, EventPatch { days, ..EventPatch::default() })
        };
        let refused = tenant.ports.events.update(&tenant.scope, starting_on(30), &by_root_at(now)).await;
        let message = "must not be changed, because every occurrence has begun; create another event";
        assert!(refusals(refused).contains(&Refusal::invalid(Field::StartsOn, message)));
        assert_eq!(tenant.event_now(&event).await, event);
        let refused = tenant.ports.events.update(&tenant.scope, starting_on(40_000), &by_root_at(now)).await;
        assert!(matches!(refusal(refused), Refusal::InvalidInput { field, .. } if field.is(Field::StartsOn)));
    }
}

/// An edit that could only change the past names each field with which it does.
pub(super) async fn the_times_of_an_event_that_is_over_are_refused(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let now = day(2);
    let first = FIRST.date();
    let nothing = EventPatch::default;
    let lasting = |text| EventPatch { duration: EventDuration::parse(text).ok(), ..nothing() };
    let rule = |text| {
        let rule = Rule::parse(text).unwrap();
        let recurrence = NewRecurrence { rule, exdates: vec![], rdates: vec![] };
        EventPatch { recurrence: Some(Some(recurrence)), ..nothing() }
    };
    let days = |all_day, starts_on, ends_on| EventPatch {
        days: Some(DaysPatch { all_day, starts_on, ends_on }),
        ..nothing()
    };
    let once = || EventBuilder::once(FIRST);
    let whole = || EventBuilder::once(first.midnight()).lasting_by_calendar("P1D");
    let series = || EventBuilder::daily(FIRST, 2);
    let yesterday = FIRST - Duration::DAY;
    let end = FIRST + Duration::hours(5);
    for (event, patch, fields) in [
        (once(), starting(yesterday), vec!["startsAt"]),
        (series(), starting(yesterday), vec!["startsAt"]),
        (once(), lasting("PT3H"), vec!["duration"]),
        (series(), lasting("PT3H"), vec!["duration"]),
        (once(), EventPatch { ends_at: Some(end), ..nothing() }, vec!["endsAt"]),
        (series(), EventPatch { time_zone: Zone::parse("Asia/Tokyo").ok(), ..nothing() }, vec!["timeZone"]),
        (series(), rule("FREQ=DAILY;COUNT=1"), vec!["recurrence"]),
        (once(), days(Some(true), None, None), vec!["allDay"]),
        (once(), days(Some(true), Some(first), Some(first)), vec!["endsOn", "startsOn"]),
        (whole(), days(None, Some(first.previous_day().unwrap()), None), vec!["startsOn"]),
        (whole(), days(None, None, first.next_day()), vec!["endsOn"]),
        (
            series(),
            EventPatch {
                duration: lasting("PT3H").duration,
                time_zone: Zone::parse("Asia/Tokyo").ok(),
                ..starting(FIRST + Duration::days(40))
            },
            vec!["duration", "startsAt", "timeZone"],
        ),
    ] {
        let event = tenant.event(event).await;
        let patch = EventPatch { title: Title::parse("Concert").ok(), ..patch };
        let edit = edit_of(event.id, patch.clone());
        let refused = refusals(tenant.ports.events.update(&tenant.scope, edit, &by_root_at(now)).await);
        let message = "must not be changed, because every occurrence has begun; create another event";
        let mut named = Vec::new();
        for refusal in refused {
            let Refusal::InvalidInput { field, message: told } = refusal else { panic!("{refusal:?}") };
            assert_eq!(told, message);
            named.push(field.to_string());
        }
        named.sort();
        assert_eq!(named, fields, "{patch:?}");
        assert_eq!(tenant.event_now(&event).await, event);
        // Other values can change, and those of a form that are the same.
        let start = event.series.start();
        let same = EventPatch {
            title: Title::parse("Concert").ok(),
            capacity: Capacity::new(9).ok(),
            time_zone: Some(event.series.zone()),
            duration: Some(event.duration),
            ..starting(start)
        };
        let edited =
            tenant.ports.events.update(&tenant.scope, edit_of(event.id, same), &by_root_at(now)).await;
        assert_eq!(edited.unwrap().now.title.as_str(), "Concert");
    }
    // More dates, and an occurrence that takes place later.
    let event = tenant.event(series()).await;
    let patch = EventPatch { duration: lasting("PT3H").duration, ..rule("FREQ=DAILY;COUNT=5") };
    tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &by_root_at(now)).await.unwrap();
    assert_eq!(tenant.listed(&[&event], day(0), day(9)).await, [0, 1, 3, 4].map(day));
    let event = tenant.event(once()).await;
    let own = OccurrencePatch { starts_at: Some(FIRST + Duration::days(5)), ..OccurrencePatch::default() };
    let edit = OccurrenceEdit {
        occurrence: occurrence_key(&event, day(0)),
        patch: own,
        on_affected: OnAffected::Refuse,
    };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
    let edit = edit_of(event.id, lasting("PT3H"));
    tenant.ports.events.update(&tenant.scope, edit, &by_root_at(now)).await.unwrap();
    let listed = tenant.listing(&[event.id], day(0), day(9)).await;
    assert_eq!(listed[0].interval.duration(), Duration::hours(3));
}
