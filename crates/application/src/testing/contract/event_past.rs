//! Occurrences that have begun stay as they were, in every edit, split and cancellation.

use convene_domain::{
    event::{Event, EventStatus},
    occurrence::OccurrenceKey,
    recurrence::Rule,
    text::{Description, Title},
    time::{Instant, LocalDateTime, zone::Zone},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    failure::{Field, Refusal},
    occurrence::OccurrenceOfEvent,
    ports::{EditScope, EventEdit, EventPatch, NewRecurrence, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{EventBuilder, fresh_uuid, register},
};

fn starting(at: LocalDateTime) -> EventPatch {
    EventPatch { starts_at: Some(at), ..EventPatch::default() }
}

fn daily() -> EventPatch {
    rule("FREQ=DAILY;COUNT=10")
}

fn rule(text: &str) -> EventPatch {
    let rule = Rule::parse(text).unwrap();
    let recurrence = NewRecurrence { rule, exdates: vec![], rdates: vec![] };
    EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() }
}

fn description(text: &str) -> EventPatch {
    EventPatch { description: Some(Description::parse(text).unwrap()), ..EventPatch::default() }
}

fn title(text: &str) -> EventPatch {
    EventPatch { title: Some(Title::parse(text).unwrap()), ..EventPatch::default() }
}

fn key(event: &Event, original_start: Instant) -> OccurrenceKey {
    OccurrenceKey { event: event.id, original_start }
}

async fn edit(tenant: &Tenant, event: &Event, patch: EventPatch, at: Instant) -> Event {
    let edit = edit_of(event.id, patch);
    tenant.ports.events.update(&tenant.scope, edit, &by_root_at(at)).await.unwrap().now
}

async fn split(tenant: &Tenant, event: &Event, start: Instant, at: Instant) -> Event {
    let new_event = convene_domain::id::EventId::from_uuid(fresh_uuid());
    let scope = EditScope::ThisAndFollowing { from: key(event, start), new_event };
    let edit = EventEdit { scope, ..edit_of(event.id, EventPatch::default()) };
    tenant.ports.events.update(&tenant.scope, edit, &by_root_at(at)).await.unwrap().now
}

async fn move_to(tenant: &Tenant, event: &Event, start: Instant, to: LocalDateTime) {
    let patch = OccurrencePatch { starts_at: Some(to), ..OccurrencePatch::default() };
    let edit = OccurrenceEdit { occurrence: key(event, start), patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
}

pub(super) async fn a_split_leaves_the_past_to_the_first_event(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 10)).await;
    let now = day(2) + Duration::hours(2);
    let event = edit(&tenant, &event, starting(FIRST + Duration::HOUR), now).await;
    let hour = Duration::HOUR;
    let days = |numbers: std::ops::Range<i64>| numbers.map(|number| day(number) + hour);
    let all: Vec<Instant> = [day(0), day(1), day(2)].into_iter().chain(days(3..10)).collect();
    assert_eq!(tenant.listed(&[&event], day(0), day(20)).await, all);

    let second = split(&tenant, &event, day(4) + hour, now).await;
    assert_eq!(tenant.listed(&[&event, &second], day(0), day(20)).await, all);
    let third = split(&tenant, &second, day(6) + hour, now).await;
    assert_eq!(tenant.listed(&[&event, &second, &third], day(0), day(20)).await, all);
    assert_eq!(tenant.listed(&[&event], day(0), day(20)).await, all[..4]);
    assert_eq!(tenant.listed(&[&third], day(0), day(20)).await, all[6..]);
    assert_eq!((second.earlier.len(), third.earlier.len()), (0, 0));

    // The second half moves into the past, which belongs to the first event.
    let third = edit(&tenant, &third, starting(FIRST + Duration::days(1)), now).await;
    let expected: Vec<Instant> = (1..5).map(day).filter(|start| *start > now).collect();
    assert_eq!(tenant.listed(&[&third], now, day(20)).await, expected);
}

pub(super) async fn an_occurrence_that_was_moved_forward_does_not_reappear(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let now = day(2);
    let early = FIRST + Duration::hours(30);
    for (name, patches) in [
        ("later", vec![starting(FIRST + Duration::HOUR), starting(FIRST)]),
        ("a day before", vec![starting(FIRST - Duration::days(1)), starting(FIRST - Duration::days(2))]),
        ("a week before", vec![starting(FIRST - Duration::days(7)), starting(FIRST)]),
        ("a day after", vec![starting(FIRST + Duration::days(1)), starting(FIRST)]),
        ("a title", vec![title("Concert")]),
        ("a description", vec![description("in the hall"), starting(FIRST + Duration::HOUR)]),
        (
            "another zone",
            vec![EventPatch {
                time_zone: Some(Zone::parse("America/New_York").unwrap()),
                ..EventPatch::default()
            }],
        ),
        (
            "a rule",
            vec![daily(), starting(FIRST + Duration::HOUR), EventPatch { starts_at: Some(FIRST), ..daily() }],
        ),
    ] {
        let mut event = tenant.event(EventBuilder::daily(FIRST, 10)).await;
        let member = tenant.member(&name.replace(' ', "-")).await;
        let seat = tenant.seat(&event, day(5), &member).await;
        move_to(&tenant, &event, day(5), early).await;
        let took_place = tenant.registration_now(&seat).await;
        assert_eq!(took_place.interval.start(), early.as_utc());
        for patch in patches {
            event = edit(&tenant, &event, patch, now).await;
            let listed = tenant.listed(&[&event], early.as_utc(), early.as_utc() + Duration::HOUR).await;
            assert_eq!(listed, [early.as_utc()], "{name}");
            let now_registered = tenant.registration_now(&seat).await;
            assert_eq!(now_registered.interval, took_place.interval, "{name}");
            assert!(now_registered.status.is_active(), "{name}");
            // Of ten dates, one took place early; each other one is listed once.
            let all = tenant.listed(&[&event], day(-20), day(40)).await;
            let mut distinct = all.clone();
            distinct.dedup();
            assert_eq!(all, distinct, "{name}");
            assert!(all.len() <= 10, "{name}: {all:?}");
        }
        let cancelled = tenant.ports.events.cancel(&tenant.scope, event.id, &by_root_at(now)).await;
        assert_eq!(cancelled.unwrap().cancelled_registrations, 0, "{name}: it has taken place");
        assert_eq!(tenant.registration_now(&seat).await.status, seat.status);
    }
}

pub(super) async fn a_split_does_not_bring_back_what_was_moved_forward(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let now = day(2);
    let event = tenant.event(EventBuilder::daily(FIRST, 10)).await;
    let early = FIRST + Duration::hours(30);
    move_to(&tenant, &event, day(5), early).await;
    let mut all: Vec<Instant> = (0..10).filter(|number| *number != 5).map(day).collect();
    all.insert(2, early.as_utc());
    assert_eq!(tenant.listed(&[&event], day(0), day(20)).await, all);
    let second = split(&tenant, &event, day(4), now).await;
    assert_eq!(tenant.listed(&[&event, &second], day(0), day(20)).await, all);
    assert_eq!(second.series.exdates(), [], "no organizer excluded it");
    // Neither does a later edit of the second half, with a rule or without.
    let second = edit(&tenant, &second, daily(), now).await;
    let without_fifth: Vec<Instant> = (4..14).filter(|number| *number != 5).map(day).collect();
    assert_eq!(tenant.listed(&[&second], day(0), day(20)).await, without_fifth);
    let second = edit(&tenant, &second, starting(FIRST + Duration::hours(97)), now).await;
    assert_eq!(tenant.listed(&[&second], day(0), day(20)).await.len(), 9);

    let from = key(&event, day(5));
    let new_event = convene_domain::id::EventId::from_uuid(fresh_uuid());
    let scope = EditScope::ThisAndFollowing { from, new_event };
    let again = EventEdit { scope, ..edit_of(event.id, EventPatch::default()) };
    let refused = tenant.ports.events.update(&tenant.scope, again, &by_root_at(now)).await;
    let expected = Refusal::invalid(Field::FromOccurrenceId, "must be an occurrence that has not begun");
    assert_eq!(refusal(refused), expected);
}

/// Of a daily series of six, the fifth is moved to noon of the second day, and has begun.
async fn with_fifth_at_noon_of_second(tenant: &Tenant) -> Event {
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    move_to(tenant, &event, day(4), FIRST + Duration::hours(27)).await;
    event
}

pub(super) async fn the_first_part_of_a_split_does_not_bring_back_what_was_moved_forward(
    environment: Environment,
) {
    let tenant = environment.tenant("choir").await;
    let now = day(2) + Duration::hours(3);
    let early = day(1) + Duration::hours(3);
    let event = with_fifth_at_noon_of_second(&tenant).await;
    split(&tenant, &event, day(3), now).await;
    let begun = async || tenant.listing(&[event.id], early, day(2)).await.remove(0).occurrence;
    let before = begun().await;
    let first = edit(&tenant, &event, rule("FREQ=DAILY;COUNT=6"), now).await;
    let expected = [day(0), day(1), early, day(2), day(3), day(5)];
    assert_eq!(tenant.listed(&[&first], day(0), day(20)).await, expected);
    assert_eq!(begun().await, before);
    let first = edit(&tenant, &first, starting(FIRST + Duration::HOUR), now).await;
    let hour = Duration::HOUR;
    let expected = [day(0), day(1), early, day(2), day(3) + hour, day(5) + hour];
    assert_eq!(tenant.listed(&[&first], day(0), day(20)).await, expected);
    // A second split of the first part, and an extension of it.
    split(&tenant, &first, day(3) + hour, now).await;
    let first = edit(&tenant, &first, rule("FREQ=DAILY;COUNT=6"), now).await;
    assert_eq!(tenant.listed(&[&first], day(0), day(20)).await, expected);
}

pub(super) async fn a_rule_with_a_start_does_not_bring_back_what_was_moved_forward(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let now = day(2) + Duration::hours(3);
    for (start, text, expected) in [
        (3, "FREQ=DAILY;COUNT=4", vec![3, 5, 6]),
        (4, "FREQ=DAILY;COUNT=4", vec![5, 6, 7]),
        (4, "FREQ=WEEKLY;BYDAY=FR,SA;COUNT=3", vec![5, 11]),
        (-1, "FREQ=DAILY;COUNT=9", vec![3, 5, 6, 7]),
    ] {
        let event = with_fifth_at_noon_of_second(&tenant).await;
        let patch = EventPatch { starts_at: Some(FIRST + Duration::days(start)), ..rule(text) };
        let event = edit(&tenant, &event, patch, now).await;
        let expected: Vec<Instant> = expected.into_iter().map(day).collect();
        assert_eq!(tenant.listed(&[&event], now, day(20)).await, expected, "{start} {text}");
        // Nor does the rule alone, later.
        let event = edit(&tenant, &event, rule(&text.replace("COUNT=", "COUNT=1")), now).await;
        let listed = tenant.listed(&[&event], now, day(20)).await;
        assert!(!listed.contains(&day(4)), "{start} {text}: {listed:?}");
    }
    // The moved date of another occurrence is a date of that one.
    let event = with_fifth_at_noon_of_second(&tenant).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(3), &ada).await;
    let patch = EventPatch { starts_at: Some(FIRST + Duration::days(1)), ..rule("FREQ=DAILY;COUNT=6") };
    let event = edit(&tenant, &event, patch, now).await;
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), day(4));
    assert_eq!(tenant.listed(&[&event], now, day(20)).await, [day(4), day(6)]);
}

pub(super) async fn a_postponed_occurrence_stays_one_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(1), &ada).await;
    let later = FIRST + Duration::hours(24 * 8 + 3);
    move_to(&tenant, &event, day(1), later).await;
    let now = day(3) + Duration::hours(3);
    let edited = edit(&tenant, &event, starting(FIRST + Duration::HOUR), now).await;
    let hour = Duration::HOUR;
    let expected = [day(0), day(2), day(3), day(4) + hour, day(5) + hour, later.as_utc()];
    assert_eq!(tenant.listed(&[&edited], day(0), day(20)).await, expected);
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), later.as_utc());
    let second = split(&tenant, &edited, day(5) + hour, now).await;
    assert_eq!(tenant.listed(&[&edited, &second], day(0), day(20)).await, expected);
    // It can still be cancelled.
    let occurrence = tenant.registration_now(&seat).await.occurrence;
    let cancelled = tenant
        .ports
        .events
        .cancel_occurrence(&tenant.scope, occurrence.into(), &by_root_at(now))
        .await
        .unwrap();
    assert_eq!(cancelled.cancelled_registrations, 1);
}

pub(super) async fn the_date_of_a_dropped_postponed_occurrence_did_not_take_place(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    move_to(&tenant, &event, day(0), FIRST + Duration::hours(9)).await;
    let later = edit(&tenant, &event, title("Concert"), day(0) + Duration::HOUR).await;
    assert_eq!(tenant.listed(&[&later], day(-1), day(1)).await, [day(0) + Duration::hours(9)]);
    // In the new zone, the time to which it was postponed has passed.
    let apia = Some(Zone::parse("Pacific/Apia").unwrap());
    let patch = EventPatch { time_zone: apia, ..EventPatch::default() };
    let moved = edit(&tenant, &later, patch, day(0) + Duration::hours(2)).await;
    let expected: Vec<Instant> = (1..5).map(|number| day(number) - Duration::hours(13)).collect();
    assert_eq!(tenant.listed(&[&moved], day(-2), day(10)).await, expected);
}

pub(super) async fn a_day_of_an_earlier_zone_stays_listed(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 4).zone("Pacific/Apia")).await;
    let begun = Zone::parse("Pacific/Apia").unwrap().resolve(FIRST).instant;
    let now = begun + Duration::HOUR;
    let new_york = Zone::parse("America/New_York").unwrap();
    let event =
        edit(&tenant, &event, EventPatch { time_zone: Some(new_york), ..EventPatch::default() }, now).await;
    let next = new_york.resolve(FIRST + Duration::days(1)).instant;
    move_to(&tenant, &event, next, FIRST + Duration::hours(25)).await;
    // An exception gets the local time at which an occurrence took place in the earlier zone.
    let event = edit(&tenant, &event, starting(FIRST - Duration::days(1)), now).await;
    let listed = tenant.listed(&[&event], begun, begun + Duration::HOUR).await;
    assert_eq!(listed, [begun]);
}

pub(super) async fn what_took_place_early_keeps_its_title(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 7)).await;
    let early = FIRST - Duration::days(2);
    move_to(&tenant, &event, day(1), early).await;
    let now = day(-1);
    let event = edit(&tenant, &event, title("Concert"), now).await;
    let titles = |listed: Vec<OccurrenceOfEvent>| -> Vec<String> {
        listed.into_iter().map(|one| one.title.to_string()).collect()
    };
    let listed = tenant.listing(&[event.id], early.as_utc(), day(1)).await;
    assert_eq!(titles(listed), ["Rehearsal", "Concert"], "no date of the series had begun");
}

pub(super) async fn what_took_place_late_keeps_its_title(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=WEEKLY;COUNT=3")).await;
    move_to(&tenant, &event, day(0), FIRST + Duration::days(3)).await;
    edit(&tenant, &event, title("Concert"), day(1)).await;
    // No date of the series has begun since.
    edit(&tenant, &event, title("Course"), day(4)).await;
    let listed = tenant.listing(&[event.id], day(0), day(8)).await;
    let titles: Vec<&str> = listed.iter().map(|one| one.title.as_str()).collect();
    assert_eq!(titles, ["Concert", "Course"]);
}

pub(super) async fn a_search_finds_the_title_that_an_occurrence_had(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 4)).await;
    let event = edit(&tenant, &event, title("Café"), day(1)).await;
    let event = edit(&tenant, &event, title("Concert"), day(2)).await;
    let found = async |text: &str| tenant.found(text, event.id, day(0), day(9)).await;
    assert_eq!(found("rehearsal").await, [day(0), day(1)]);
    assert_eq!(found("cafe").await, [day(2)]);
    assert_eq!(found("concert").await, [day(3)]);
}

pub(super) async fn cancelling_an_event_leaves_the_days_that_took_place(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(0), &ada).await;
    move_to(&tenant, &event, day(4), FIRST + Duration::hours(30)).await;
    let now = day(2) + Duration::minutes(10);
    tenant.ports.events.cancel(&tenant.scope, event.id, &by_root_at(now)).await.unwrap();
    let early = day(1) + Duration::hours(6);
    let event = tenant.event_now(&event).await;
    assert_eq!(tenant.listed(&[&event], day(0), day(20)).await, [day(0), day(1), early, day(2)]);
    assert_eq!(tenant.registration_now(&seat).await, seat);
    let all = tenant.listed_with_cancelled(&[&event], day(0), day(20)).await;
    let is_cancelled: Vec<bool> = all.iter().map(|(_, status)| *status == EventStatus::Cancelled).collect();
    assert_eq!(is_cancelled, [false, false, false, false, true, true], "{all:?}");
    let refused = tenant.try_register(register(key(&event, day(5)), ada.id), NOW).await;
    assert_eq!(refusal(refused), Refusal::EventCancelled);
}

pub(super) async fn a_present_id_takes_precedence_over_a_former_one(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 10)).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(3), &ada).await;
    let nine = FIRST + Duration::days(3);
    let with = |exdates: &[LocalDateTime], rdates: &[LocalDateTime]| {
        let rule = Rule::parse("FREQ=DAILY;COUNT=10").unwrap();
        let recurrence = NewRecurrence { rule, exdates: exdates.to_vec(), rdates: rdates.to_vec() };
        EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() }
    };
    let two = nine + Duration::hours(5);
    edit(&tenant, &event, with(&[nine], &[two]), NOW).await;
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), two.as_utc());
    let former = key(&event, day(3));
    let by_former = OccurrenceEdit {
        occurrence: former,
        patch: OccurrencePatch::default(),
        on_affected: OnAffected::Refuse,
    };
    let found = tenant.ports.events.update_occurrence(&tenant.scope, by_former.clone(), &by_root()).await;
    assert_eq!(found.unwrap().now.interval.start(), two.as_utc(), "the former id is the only one");

    edit(&tenant, &event, with(&[], &[two]), NOW).await;
    let found = tenant.ports.events.update_occurrence(&tenant.scope, by_former, &by_root()).await;
    assert_eq!(found.unwrap().now.interval.start(), day(3));
    let cancelled =
        tenant.ports.events.cancel_occurrence(&tenant.scope, former.into(), &by_root()).await.unwrap();
    assert_eq!((cancelled.now.interval.start(), cancelled.cancelled_registrations), (day(3), 0));
    assert!(tenant.registration_now(&seat).await.status.is_active());
    let second = split(&tenant, &event, day(4), NOW).await;
    assert_eq!(second.series.first_start(), day(4));
    let filter = crate::ports::RegistrationFilter {
        occurrence: Some(former),
        ..crate::ports::RegistrationFilter::default()
    };
    assert_eq!(tenant.registrations(filter).await, [], "the present one has no registration");
}

pub(super) async fn an_exdate_after_a_move_does_not_bring_back_what_has_begun(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    // Three have begun, and the others move by a week.
    let at = day(2) + Duration::HOUR;
    edit(&tenant, &event, starting(FIRST + Duration::weeks(1)), at).await;
    let expected = async |days: &[i64]| {
        let listed = tenant.listing(&[event.id], day(0), day(30)).await;
        let starts: Vec<Instant> = listed.iter().map(|one| one.interval.start()).collect();
        assert_eq!(starts, days.iter().map(|number| day(*number)).collect::<Vec<_>>());
    };
    expected(&[0, 1, 2, 10, 11, 12]).await;
    for (count, without, days) in [(6, 11, [0, 1, 2, 10, 12].as_slice()), (7, 11, &[0, 1, 2, 10, 12, 13])] {
        let rule = Rule::parse(&format!("FREQ=DAILY;COUNT={count}")).unwrap();
        let exdates = vec![FIRST + Duration::days(without)];
        let recurrence = NewRecurrence { rule, exdates, rdates: vec![] };
        for starts_at in [None, Some(FIRST + Duration::weeks(1))] {
            let recurrence = Some(Some(recurrence.clone()));
            edit(&tenant, &event, EventPatch { recurrence, starts_at, ..EventPatch::default() }, at).await;
            expected(days).await;
        }
    }
}
