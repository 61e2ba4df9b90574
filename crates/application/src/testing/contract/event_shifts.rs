//! Edits that move all dates of an event: a new start or a new zone, without a rule.

use convene_domain::{
    event::{Event, EventStatus},
    id::{EventId, RegistrationId},
    occurrence::OccurrenceKey,
    recurrence::Rule,
    registration::Registration,
    text::Title,
    time::{Instant, LocalDateTime, zone::Zone},
};
use time::{
    Duration,
    macros::{datetime, utc_datetime},
};

use super::{
    environment::Environment,
    support::{FIRST, by_root, by_root_at, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    failure::{Field, Refusal},
    ports::{
        Duplication, EventPatch, NewRecurrence, NewStart, OccurrenceEdit, OccurrencePatch, OnAffected,
        RegistrationFilter,
    },
    testing::builders::{EventBuilder, first, fresh_uuid},
};

fn starting(at: LocalDateTime) -> EventPatch {
    EventPatch { starts_at: Some(at), ..EventPatch::default() }
}

fn zone(name: &str) -> EventPatch {
    EventPatch { time_zone: Some(Zone::parse(name).unwrap()), ..EventPatch::default() }
}

/// Edits the event, which must affect nobody.
async fn edit(tenant: &Tenant, event: &Event, patch: EventPatch) -> Event {
    let edit = edit_of(event.id, patch);
    let changed = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
    assert_eq!(changed.cancelled_registrations, 0);
    changed.now
}

fn key(event: &Event, original_start: Instant) -> OccurrenceKey {
    OccurrenceKey { event: event.id, original_start }
}

fn starts(event: &Event) -> Vec<Instant> {
    event.series.from_start().take(40).map(|occurrence| occurrence.start).collect()
}

pub(super) async fn a_one_off_event_takes_its_registrations_along(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    for by in [Duration::days(7), Duration::hours(15), -Duration::days(2), Duration::days(400)] {
        let event = tenant.event(EventBuilder::once(FIRST)).await;
        let seat = tenant.seat(&event, day(0), &ada).await;
        let edited = edit(&tenant, &event, starting(FIRST + by)).await;
        let now = tenant.registration_now(&seat).await;
        assert_eq!(now.interval, edited.interval_from(day(0) + by));
        assert_eq!(now.occurrence, key(&event, day(0) + by));
        assert!(now.status.is_active());
        // There is one occurrence, at the new time.
        let listed = tenant.listed(&[&edited], day(-10), day(40)).await;
        assert_eq!(listed.len(), usize::from(by < Duration::days(40)), "{listed:?}");
        edit(&tenant, &edited, starting(FIRST)).await;
        assert_eq!(tenant.registration_now(&seat).await, seat, "there and back");
        tenant.cancel(&seat).await;
    }
}

pub(super) async fn a_weekday_set_rotates_with_everything_that_is_known_of_its_dates(
    environment: Environment,
) {
    let tenant = environment.tenant("choir").await;
    let builder =
        EventBuilder::repeating(FIRST, "FREQ=WEEKLY;BYDAY=MO,WE").without(FIRST + Duration::days(9));
    let event = tenant.event(builder).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(7), &ada).await;
    let title = Title::parse("Concert").unwrap();
    let renamed = OccurrenceEdit {
        occurrence: key(&event, day(14)),
        patch: OccurrencePatch { title: Some(title.clone()), ..OccurrencePatch::default() },
        on_affected: OnAffected::Refuse,
    };
    tenant.ports.events.update_occurrence(&tenant.scope, renamed, &by_root()).await.unwrap();
    tenant
        .ports
        .events
        .cancel_occurrence(&tenant.scope, key(&event, day(16)).into(), &by_root())
        .await
        .unwrap();

    let journal = tenant.journal().await;
    let edited = edit(&tenant, &event, starting(FIRST + Duration::days(1))).await;
    journal.expect([("event.updated", event.id.to_string())]).await;
    assert_eq!(edited.series.rule().unwrap().to_string(), "FREQ=WEEKLY;BYDAY=TU,TH");
    assert_eq!(edited.series.exdates(), [FIRST + Duration::days(10)]);
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), day(8));
    let concert = tenant.stored(key(&event, day(15))).await.unwrap();
    assert_eq!(concert.exception.title, Some(title));
    let cancelled = tenant.stored(key(&event, day(17))).await.unwrap();
    assert_eq!((cancelled.status(), cancelled.exception.cancelled), (EventStatus::Cancelled, true));
    let listed = tenant.listed(&[&edited], day(0), day(22)).await;
    assert_eq!(listed, [1, 3, 8, 15].map(day));
}

pub(super) async fn a_night_moves_past_midnight_as_a_whole(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let start = datetime!(2031-03-10 23:00);
    let event = tenant.event(EventBuilder::daily(start, 6).without(datetime!(2031-03-12 23:00))).await;
    let night = |number: i64| start.as_utc() + Duration::days(number);
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, night(1), &ada).await;
    let moved = OccurrenceEdit {
        occurrence: key(&event, night(3)),
        patch: OccurrencePatch { starts_at: Some(datetime!(2031-03-13 20:00)), ..OccurrencePatch::default() },
        on_affected: OnAffected::Refuse,
    };
    tenant.ports.events.update_occurrence(&tenant.scope, moved, &by_root()).await.unwrap();
    tenant
        .ports
        .events
        .cancel_occurrence(&tenant.scope, key(&event, night(4)).into(), &by_root())
        .await
        .unwrap();
    let edited = edit(&tenant, &event, starting(datetime!(2031-03-11 01:00))).await;
    let by = Duration::hours(2);
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), night(1) + by);
    let listed = tenant.listed(&[&edited], day(0), day(9)).await;
    let evening = datetime!(2031-03-13 20:00).as_utc();
    assert_eq!(listed, [night(0) + by, night(1) + by, evening, night(5) + by]);
}

pub(super) async fn the_end_moves_with_the_start(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let later = FIRST + Duration::HOUR;
    for until in ["20310314T090000", "20310314T090000Z", "20310314"] {
        let rule = format!("FREQ=DAILY;UNTIL={until}");
        let event = tenant.event(EventBuilder::repeating(FIRST, &rule)).await;
        let edited = edit(&tenant, &event, starting(later)).await;
        assert_eq!(starts(&edited).len(), 5, "{until}");
        let edited = edit(&tenant, &edited, zone("America/New_York")).await;
        assert_eq!(starts(&edited).len(), 5, "{until}");
        let edited = edit(&tenant, &edited, zone("Asia/Tokyo")).await;
        let locals: Vec<LocalDateTime> = edited.series.from_start().map(|date| date.local).collect();
        assert_eq!(locals, [0, 1, 2, 3, 4].map(|number| later + Duration::days(number)), "{until}");
    }
}

pub(super) async fn the_end_that_a_split_left_moves_with_the_start(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=DAILY")).await;
    let second = tenant.split(&event, day(3), EventPatch::default()).await;
    let first = edit(&tenant, &event, starting(FIRST + Duration::HOUR)).await;
    assert_eq!(starts(&first), [0, 1, 2].map(|number| day(number) + Duration::HOUR));
    let first = edit(&tenant, &first, zone("Europe/Paris")).await;
    assert_eq!(starts(&first).len(), 3);
    // The second part moves by itself.
    let second = edit(&tenant, &second, starting(FIRST + Duration::hours(75))).await;
    assert_eq!(starts(&second)[0], day(3) + Duration::hours(3));
}

pub(super) async fn a_rule_that_cannot_move_is_asked_for(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let start = datetime!(2031-03-31 09:00);
    let event = tenant.event(EventBuilder::repeating(start, "FREQ=MONTHLY;BYMONTHDAY=31")).await;
    let journal = tenant.journal().await;
    let patch = starting(datetime!(2031-04-01 09:00));
    let refused = tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &by_root()).await;
    let Refusal::InvalidInput { field, message } = refusal(refused) else { panic!("a refused value") };
    assert!(field.is(Field::Recurrence), "{field}");
    assert!(message.contains("is required"), "{message}");
    journal.expect_nothing().await;
}

pub(super) async fn wall_clock_times_take_precedence_over_instants(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=DAILY;BYHOUR=9,10;COUNT=10")).await;
    let crowd = tenant.crowd(2).await;
    let at_nine = tenant.seat(&event, day(1), &crowd[0]).await;
    let at_ten = tenant.seat(&event, day(1) + Duration::HOUR, &crowd[1]).await;
    let edited = edit(&tenant, &event, zone("Europe/Paris")).await;
    assert_eq!(tenant.registration_now(&at_nine).await.interval.start(), day(1) - Duration::HOUR);
    assert_eq!(tenant.registration_now(&at_ten).await.interval.start(), day(1));
    // The same with a new start.
    let patch = EventPatch { starts_at: Some(FIRST + Duration::HOUR), ..zone("UTC") };
    edit(&tenant, &edited, patch).await;
    assert_eq!(tenant.registration_now(&at_nine).await.interval.start(), day(1) + Duration::HOUR);
    assert_eq!(tenant.registration_now(&at_ten).await.interval.start(), day(1) + Duration::hours(2));
}

pub(super) async fn clocks_that_change_do_not_move_anybody_to_another_time(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    // The clocks skip 02:00 to 03:00 on 30 March 2031.
    let start = datetime!(2031-03-28 01:30);
    let event = tenant.event(EventBuilder::daily(start, 5).zone("Europe/Paris")).await;
    let ada = tenant.member("ada").await;
    let paris = Zone::parse("Europe/Paris").unwrap();
    let mut seats = Vec::new();
    for number in 0..5 {
        let local = start + Duration::days(number);
        seats.push((local, tenant.seat(&event, paris.resolve(local).instant, &ada).await));
    }
    let by = Duration::HOUR;
    let edited = edit(&tenant, &event, starting(start + by)).await;
    for (local, seat) in &seats {
        let now = tenant.registration_now(seat).await.interval.start();
        assert_eq!(now, paris.resolve(*local + by).instant, "{local}");
    }
    edit(&tenant, &edited, starting(start)).await;
    for (_, seat) in &seats {
        assert_eq!(tenant.registration_now(seat).await, *seat);
    }
}

pub(super) async fn a_cancelled_date_leaves_the_instant_of_two_times_to_a_held_one(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    // The clocks skip 02:00 to 03:00 on 30 March 2031: 02:30 and 03:30 are one instant.
    let start = datetime!(2031-03-28 02:30);
    for is_cancelled in [true, false] {
        let builder = EventBuilder::repeating(start, "FREQ=DAILY;BYHOUR=2,3;COUNT=10").zone("Europe/Paris");
        let event = tenant.event(builder.lasting(Duration::minutes(30))).await;
        let ada = tenant.member(&format!("ada-{is_cancelled}")).await;
        let seat = tenant.seat(&event, utc_datetime!(2031-03-31 00:30), &ada).await;
        let other = OccurrenceKey { event: event.id, original_start: utc_datetime!(2031-03-31 01:30) };
        if is_cancelled {
            tenant.ports.events.cancel_occurrence(&tenant.scope, other.into(), &by_root()).await.unwrap();
        } else {
            let patch = OccurrencePatch { title: Title::parse("Solo").ok(), ..OccurrencePatch::default() };
            let renamed = OccurrenceEdit { occurrence: other, patch, on_affected: OnAffected::Refuse };
            tenant.ports.events.update_occurrence(&tenant.scope, renamed, &by_root()).await.unwrap();
        }
        edit(&tenant, &event, starting(start - Duration::DAY)).await;
        let now = tenant.registration_now(&seat).await;
        assert_eq!((now.interval.start(), now.status), (utc_datetime!(2031-03-30 01:30), seat.status));
    }
}

pub(super) async fn the_last_working_day_moves_to_another_month_in_a_copy_only(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let rule = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3";
    let event = tenant.event(EventBuilder::repeating(datetime!(2031-04-30 18:00), rule)).await;
    let september = datetime!(2031-09-30 18:00);
    let edit = edit_of(event.id, starting(september));
    let refused = refusal(tenant.ports.events.update(&tenant.scope, edit, &by_root()).await);
    assert!(
        matches!(&refused, Refusal::InvalidInput { field, .. } if field.is(Field::Recurrence)),
        "{refused}"
    );
    let (copy, start) = (EventId::from_uuid(fresh_uuid()), Some(NewStart::At(september)));
    let duplication = Duplication { event: event.id, copy, title: None, start };
    let copy = tenant.ports.events.duplicate(&tenant.scope, duplication, &by_root()).await.unwrap();
    let dates: Vec<LocalDateTime> = copy.series.from_start().map(|date| date.local).collect();
    assert_eq!(dates, [september, datetime!(2031-10-31 18:00), datetime!(2031-11-28 18:00)]);
}

pub(super) async fn an_occurrence_in_progress_is_not_repeated(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 4)).await;
    let now = by_root_at(day(1) + Duration::minutes(30));
    for (hours, patch) in [
        (2, starting(FIRST + Duration::hours(2))),
        (1, starting(FIRST + Duration::hours(1))),
        (6, EventPatch { starts_at: Some(FIRST + Duration::HOUR), ..zone("America/New_York") }),
    ] {
        let edit = edit_of(event.id, patch);
        let edited = tenant.ports.events.update(&tenant.scope, edit, &now).await.unwrap().now;
        let listed = tenant.listed(&[&edited], day(0), day(5)).await;
        // New York is four hours behind UTC in summer.
        let by = Duration::hours(if hours == 6 { 5 } else { hours });
        assert_eq!(listed, [day(0), day(1), day(2) + by, day(3) + by]);
    }
}

pub(super) async fn an_occurrence_with_its_own_time_outlives_its_date(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let own = FIRST + Duration::hours(27);
    let patch = OccurrencePatch { starts_at: Some(own), ..OccurrencePatch::default() };
    let occurrence = OccurrenceKey { event: event.id, original_start: day(1) };
    let moved = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, moved, &by_root()).await.unwrap();
    let seat = tenant.seat(&event, day(1), &tenant.member("ada").await).await;
    let now = day(-1) + Duration::hours(3);
    for (days, expected) in
        [(-3, vec![day(0), day(1), own.as_utc()]), (0, vec![day(0), own.as_utc(), day(2), day(3), day(4)])]
    {
        let patch = EventPatch { starts_at: Some(FIRST + Duration::days(days)), ..EventPatch::default() };
        let edit = edit_of(event.id, patch);
        let edited = tenant.ports.events.update(&tenant.scope, edit, &by_root_at(now)).await.unwrap();
        assert_eq!(tenant.listed(&[&edited.now], now, day(20)).await, expected);
        assert_eq!(tenant.registration_now(&seat).await.interval.start(), own.as_utc());
        assert!(edited.dropped_exceptions.is_empty());
    }
}

pub(super) async fn a_value_of_the_event_is_no_exception(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 4)).await;
    let same = OccurrencePatch {
        title: Some(event.title.clone()),
        starts_at: Some(FIRST + Duration::DAY),
        duration: Some(event.duration),
        capacity: Some(event.capacity),
        ..OccurrencePatch::default()
    };
    let away = OccurrencePatch { starts_at: Some(FIRST + Duration::hours(30)), ..OccurrencePatch::default() };
    for patch in [same.clone(), away, same] {
        let occurrence = key(&event, day(1));
        let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
        tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
    }
    let edited = edit(&tenant, &event, starting(FIRST + Duration::HOUR)).await;
    let listed = tenant.listing(&[edited.id], day(0), day(20)).await;
    let starts: Vec<_> = listed.iter().map(|one| one.interval.start()).collect();
    assert_eq!(starts, [0, 1, 2, 3].map(|number| day(number) + Duration::HOUR));
    assert!(listed.iter().all(|one| !one.is_exception));
}

pub(super) async fn a_former_id_denotes_the_occurrence_that_had_it_last(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 7)).await;
    let ada = tenant.seat(&event, day(4), &tenant.member("ada").await).await;
    let bea = tenant.seat(&event, day(5), &tenant.member("bea").await).await;
    edit(&tenant, &event, starting(FIRST + Duration::DAY)).await;
    assert_eq!(tenant.registration_now(&ada).await.occurrence, bea.occurrence);
    edit(&tenant, &event, starting(FIRST + Duration::days(19))).await;
    // Ada's occurrence had the id after Bea's.
    let stored = tenant.stored(bea.occurrence).await.unwrap();
    assert_eq!(stored.interval.start(), day(4 + 19));
    let filter = RegistrationFilter { occurrence: Some(bea.occurrence), ..RegistrationFilter::default() };
    let found: Vec<_> = tenant.registrations(filter).await.into_iter().map(|one| one.id).collect();
    assert_eq!(found, [ada.id]);
    let cancelled =
        tenant.ports.events.cancel_occurrence(&tenant.scope, bea.occurrence.into(), &by_root()).await;
    assert_eq!(cancelled.unwrap().now.interval.start(), day(4 + 19));
}

pub(super) async fn a_rule_that_begins_later_begins_anew(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let now = day(15);
    for (text, count) in [("FREQ=DAILY;COUNT=4", 4), ("FREQ=WEEKLY;COUNT=2", 2)] {
        let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=WEEKLY;COUNT=8")).await;
        let rule = Rule::parse(text).unwrap();
        let recurrence = NewRecurrence { rule, exdates: vec![], rdates: vec![] };
        let start = FIRST + Duration::days(22);
        let patch = EventPatch { recurrence: Some(Some(recurrence)), ..starting(start) };
        let edit = edit_of(event.id, patch);
        let edited = tenant.ports.events.update(&tenant.scope, edit, &by_root_at(now)).await.unwrap().now;
        let listed = tenant.listed(&[&edited], day(0), day(60)).await;
        assert_eq!(listed.len(), 3 + count, "{text}: {listed:?}");
        assert_eq!(listed[..4], [day(0), day(7), day(14), day(22)], "{text}");
    }
}

pub(super) async fn an_event_that_was_moved_into_the_past_returns(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let now = day(0) - Duration::hours(2);
    let edit_now = async |event: &Event, patch| {
        let edit = edit_of(event.id, patch);
        tenant.ports.events.update(&tenant.scope, edit, &by_root_at(now)).await.unwrap().now
    };
    let moves =
        [(starting(FIRST - Duration::hours(3)), starting(FIRST)), (zone("Asia/Tokyo"), zone("Europe/Paris"))];
    for (there, back) in moves {
        for builder in [EventBuilder::once(FIRST), EventBuilder::daily(FIRST, 1)] {
            let event = tenant.event(builder.zone("Europe/Paris")).await;
            let past = edit_now(&event, there.clone()).await;
            assert!(tenant.listed(&[&past], day(-2), day(2)).await.is_empty(), "nothing took place");
            let event = edit_now(&event, back.clone()).await;
            let start = day(0) - Duration::hours(1);
            assert_eq!(tenant.listed(&[&event], day(-2), day(2)).await, [start]);
            let seat = tenant.seat(&event, start, &ada).await;
            tenant.cancel(&seat).await;
        }
    }
}

pub(super) async fn a_held_date_remains_where_two_dates_become_one(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let start = datetime!(2031-03-29 2:30);
    let event = EventBuilder::repeating(start, "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30;COUNT=6");
    let event = tenant.event(event.lasting(Duration::minutes(15))).await;
    let seat = tenant.seat(&event, utc_datetime!(2031-03-30 2:30), &tenant.member("ada").await).await;
    edit(&tenant, &event, zone("Europe/Paris")).await;
    let expected = utc_datetime!(2031-03-30 1:30);
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), expected);
}

/// Each occurrence gets the id that the next one leaves, and the member has a registration for both.
pub(super) async fn seats_of_one_member_on_consecutive_days_move_by_days(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (ada, bob) = (tenant.member("ada").await, tenant.member("bob").await);
    let event = tenant.event(EventBuilder::daily(FIRST, 6).seats(1)).await;
    let mut held = Vec::new();
    for number in 0..6 {
        held.push(tenant.seat(&event, day(number), &ada).await);
        held.push(tenant.seat_or_waitlist(&event, day(number), &bob).await);
    }
    for by in [1, 2, -3, 4, -4] {
        let before = tenant.event_now(&event).await;
        edit(&tenant, &before, starting(before.series.start() + Duration::days(by))).await;
        for registration in &mut held {
            let now = tenant.registration_now(registration).await;
            let start = registration.interval.start() + Duration::days(by);
            assert_eq!((now.interval.start(), now.occurrence), (start, key(&event, start)), "by {by} days");
            assert_eq!(now.status, registration.status, "by {by} days");
            *registration = now;
        }
    }
}

pub(super) async fn registrations_are_listed_by_a_former_id(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let cancelled = tenant.seat(&event, day(1), &ada).await;
    tenant.cancel(&cancelled).await;
    let active = tenant.seat(&event, day(1), &ada).await;
    edit(&tenant, &event, starting(FIRST + Duration::HOUR)).await;
    for start in [day(1), day(1) + Duration::HOUR] {
        let occurrence = Some(key(&event, start));
        let filter = RegistrationFilter { occurrence, ..RegistrationFilter::default() };
        let found = tenant.registrations(filter).await;
        let mut found: Vec<_> = found.into_iter().map(|one| one.id).collect();
        found.sort();
        let mut expected = [cancelled.id, active.id];
        expected.sort();
        assert_eq!(found, expected, "by the id of {start}");
    }
}

/// A shift by whole days gives each occurrence an id that another one had.
pub(super) async fn each_registration_is_listed_for_one_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let mut held = Vec::new();
    for (number, name) in (0..).zip(["ada", "bob", "cleo", "dee"]) {
        let member = tenant.member(name).await;
        let cancelled = tenant.seat(&event, day(number), &member).await;
        tenant.cancel(&cancelled).await;
        held.extend([cancelled, tenant.seat(&event, day(number), &member).await]);
    }
    for by in [1, 2, -3, 1, -1] {
        let before = tenant.event_now(&event).await;
        let shifted = edit(&tenant, &before, starting(before.series.start() + Duration::days(by))).await;
        let mut listed = Vec::new();
        for number in -1..10 {
            let occurrence = key(&event, day(number));
            let filter = RegistrationFilter { occurrence: Some(occurrence), ..RegistrationFilter::default() };
            let found = tenant.registrations(filter.clone()).await;
            let count = tenant.ports.registrations.count(&tenant.scope, filter.clone()).await.unwrap();
            assert_eq!(count, u32::try_from(found.len()).ok(), "by {by} days, day {number}");
            // A former id may denote an occurrence that has another one now.
            let stored = tenant.stored(occurrence).await.filter(|stored| stored.key == occurrence);
            if stored.is_some() || shifted.occurrence_at(occurrence.original_start).is_some() {
                let active = found.iter().filter(|one| one.status.is_active()).count();
                let confirmed = stored.map_or(0, |stored| stored.taken);
                assert_eq!(u32::try_from(active).unwrap(), confirmed, "by {by} days, day {number}");
                let lists = &tenant.ports.registrations;
                let lists =
                    lists.list_by_occurrence(&tenant.scope, &[occurrence], filter, first(20), 20).await;
                let nested = lists.unwrap().remove(&occurrence).unwrap_or_default();
                assert_eq!(ids(nested.items), ids(found.clone()), "by {by} days, day {number}");
                listed.extend(found);
            }
        }
        assert_eq!(ids(listed), ids(held.clone()), "by {by} days");
    }
}

fn ids(registrations: Vec<Registration>) -> Vec<RegistrationId> {
    let mut ids: Vec<_> = registrations.into_iter().map(|one| one.id).collect();
    ids.sort();
    ids
}
