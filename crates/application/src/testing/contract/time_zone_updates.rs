//! Occurrences that were stored before an update of the time-zone database moved their dates.

use convene_domain::{
    activity::Actor,
    event::{Event, EventStatus},
    id::EventId,
    occurrence::OccurrenceKey,
    registration::{CancellationReason, Registration, RegistrationStatus},
    text::{Description, Title},
    time::zone::Zone,
};
use time::{
    Duration,
    macros::{datetime, utc_datetime},
};

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    change::Change,
    failure::{Outcome, Refusal},
    ports::{Changed, EventEdit, EventPatch, OccurrenceEdit, OccurrencePatch, OnAffected, RealignedEvents},
    testing::builders::{EventBuilder, occurrence_key, register},
};

/// Changes a field that no occurrence has.
async fn describe(
    tenant: &Tenant,
    event: &Event,
    text: &str,
    on_affected: OnAffected,
) -> Outcome<Changed<Event>> {
    let description = Some(Description::parse(text).unwrap());
    let edit = edit_of(event.id, EventPatch { description, ..EventPatch::default() });
    tenant.ports.events.update(&tenant.scope, EventEdit { on_affected, ..edit }, &by_root()).await
}

/// Gives one occurrence a title of its own. Returns its version.
async fn rename(tenant: &Tenant, occurrence: OccurrenceKey) -> u32 {
    let title = Some(Title::parse("Concert").unwrap());
    let patch = OccurrencePatch { title, ..OccurrencePatch::default() };
    let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
    let changed = tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
    changed.now.version
}

/// The events with outdated occurrences.
async fn outdated(tenant: &Tenant) -> Vec<EventId> {
    let found = tenant.ports.realignment.outdated(NOW).await.unwrap();
    assert!(found.iter().all(|outdated| outdated.organization == tenant.organization.id));
    found.into_iter().map(|outdated| outdated.event).collect()
}

/// Realigns events together. Returns the number of moved registrations.
async fn realign(tenant: &Tenant, events: &[&Event]) -> Outcome<u32> {
    let change = Change { actor: Actor::System, ..by_root() };
    let ids = events.iter().map(|event| event.id).collect();
    Ok(tenant.ports.realignment.realign(&tenant.scope, ids, &change).await?.registrations)
}

fn ids<'r>(registrations: impl IntoIterator<Item = &'r Registration>) -> Vec<String> {
    let mut ids: Vec<String> = registrations.into_iter().map(|one| one.id.to_string()).collect();
    ids.sort();
    ids
}

pub(super) async fn a_second_occurrence_of_a_date_does_not_stop_edits(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (ada, bob) = (tenant.member("ada").await, tenant.member("bob").await);
    let both = [&ada, &bob];
    for (by, before, after) in [
        (-1, &both[..1], &both[..]),
        (1, &both[..1], &both[..]),
        (-1, &both[..], &both[..1]),
        (1, &both[..], &both[..1]),
        (-1, &both[..1], &both[1..]),
        (1, &both[..1], &both[1..]),
    ] {
        let event = tenant.event(EventBuilder::daily(FIRST, 6).lasting(Duration::minutes(30))).await;
        let date = occurrence_key(&event, day(1));
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for member in before {
            first.push(tenant.seat(&event, day(1), member).await);
        }
        let former = environment.outdate(&tenant, date, Duration::hours(by)).await;
        for member in after {
            second.push(tenant.seat(&event, day(1), member).await);
        }
        // The one with more registrations stays, then the one with the earlier original start.
        let stays_first = (first.len(), -by) > (second.len(), 0);
        let (stays, affected) = if stays_first { (first, second) } else { (second, first) };

        match refusal(describe(&tenant, &event, "in the hall", OnAffected::Refuse).await) {
            Refusal::RegistrationsAffected { registrations, count } => {
                assert_eq!(count as usize, affected.len());
                assert_eq!(ids(&registrations), ids(&affected));
            }
            other => panic!("{other:?}"),
        }
        let edited = describe(&tenant, &event, "in the hall", OnAffected::CancelRegistrations).await.unwrap();
        assert_eq!(edited.cancelled_registrations as usize, affected.len());
        for registration in &affected {
            let now = tenant.registration_now(registration).await;
            assert_eq!(now.status.cancellation_reason(), Some(CancellationReason::OccurrenceMoved));
        }
        for registration in &stays {
            let now = tenant.registration_now(registration).await;
            assert_eq!((now.occurrence, now.interval.start()), (date, day(1)));
            assert_eq!(now.status, registration.status);
        }
        assert_eq!(tenant.counts(date).await.0 as usize, stays.len());
        assert_eq!(tenant.listed(&[&event], day(0), day(6)).await, [0, 1, 2, 3, 4, 5].map(day));
        assert!(tenant.stored(former).await.is_some(), "a former id resolves");
        // An edit that takes nobody's seat.
        let edited = describe(&tenant, &event, "on the stage", OnAffected::Refuse).await.unwrap();
        assert_eq!((edited.cancelled_registrations, edited.moved_registrations), (0, 0));
        for registration in &stays {
            tenant.cancel(registration).await;
        }
    }
}

pub(super) async fn a_held_occurrence_has_the_date_before_an_empty_one(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    for (by, is_first_held) in [(1, false), (-1, false), (1, true), (-1, true)] {
        let event = tenant.event(EventBuilder::daily(FIRST, 6).lasting(Duration::minutes(30))).await;
        let date = occurrence_key(&event, day(1));
        let by = Duration::hours(by);
        let (seat, version) = if is_first_held {
            let seat = tenant.seat(&event, day(1), &ada).await;
            environment.outdate(&tenant, date, by).await;
            (seat, rename(&tenant, date).await)
        } else {
            let version = rename(&tenant, date).await;
            environment.outdate(&tenant, date, by).await;
            (tenant.seat(&event, day(1), &ada).await, version)
        };
        let edited = describe(&tenant, &event, "in the hall", OnAffected::Refuse).await.unwrap();
        assert_eq!(edited.cancelled_registrations, 0);
        let dropped: Vec<_> = edited.dropped_exceptions.iter().map(|one| one.title.to_string()).collect();
        assert_eq!(dropped, ["Concert"], "{by}, {is_first_held}");
        let now = tenant.registration_now(&seat).await;
        assert_eq!((now.occurrence, now.interval.start()), (date, day(1)));
        assert_eq!(now.status, seat.status);
        let stored = tenant.stored(date).await.unwrap();
        assert_eq!((stored.taken, stored.exception.is_any()), (1, false));
        assert!(!is_first_held || stored.version > version, "an outdated version stays refused");
        describe(&tenant, &event, "on the stage", OnAffected::Refuse).await.unwrap();
        assert_eq!(tenant.listed(&[&event], day(0), day(6)).await, [0, 1, 2, 3, 4, 5].map(day));
        tenant.cancel(&now).await;
    }
}

/// The clocks of the new zone skip the hour between two dates, as they may after an update.
pub(super) async fn the_date_of_two_occurrences_stays_with_the_seats(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let start = datetime!(2031-03-29 2:30);
    let dates = [utc_datetime!(2031-03-30 2:30), utc_datetime!(2031-03-30 3:30)];
    for (held, empty) in [(0, 1), (1, 0)] {
        let event = EventBuilder::repeating(start, "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30;COUNT=6");
        let event = tenant.event(event.lasting(Duration::minutes(15))).await;
        let seat = tenant.seat(&event, dates[held], &ada).await;
        rename(&tenant, occurrence_key(&event, dates[empty])).await;
        let time_zone = Some(Zone::parse("Europe/Paris").unwrap());
        let edit = edit_of(event.id, EventPatch { time_zone, ..EventPatch::default() });
        let edited = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
        let now = tenant.registration_now(&seat).await;
        assert_eq!(now.interval.start(), utc_datetime!(2031-03-30 1:30), "{held}");
        assert_eq!(now.status, seat.status);
        assert_eq!(edited.dropped_exceptions.len(), 1);
        tenant.cancel(&now).await;
    }
}

pub(super) async fn seats_and_agendas_follow_a_realignment(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (ada, bob) = (tenant.member("ada").await, tenant.member("bob").await);
    let hour = Duration::HOUR;
    let later = tenant.event(EventBuilder::once(FIRST + Duration::days(1) + hour)).await;
    for builder in [EventBuilder::daily(FIRST, 6), EventBuilder::once(FIRST + Duration::days(1))] {
        let event = tenant.event(builder.seats(1)).await;
        let (date, other) =
            (occurrence_key(&event, day(1)), register(occurrence_key(&later, day(1) + hour), ada.id));
        let seat = tenant.seat(&event, day(1), &ada).await;
        let waiting = tenant.seat_or_waitlist(&event, day(1), &bob).await;
        assert_eq!(outdated(&tenant).await, []);
        let former = environment.outdate(&tenant, date, hour).await;
        assert_eq!(outdated(&tenant).await, [event.id]);
        assert!(matches!(refusal(tenant.try_register(other, NOW).await), Refusal::ScheduleConflict { .. }));

        let journal = tenant.journal().await;
        assert_eq!(realign(&tenant, &[&event]).await.unwrap(), 2);
        assert_eq!(tenant.event_now(&event).await, event, "the event itself does not change");
        journal.expect([("event.realigned", event.id.to_string())]).await;
        assert_eq!(journal.new_entries().await[0].actor, Actor::System);
        assert_eq!(outdated(&tenant).await, []);
        for before in [&seat, &waiting] {
            let now = tenant.registration_now(before).await;
            assert_eq!((now.occurrence, now.interval), (before.occurrence, before.interval));
            assert_eq!(now.status, before.status);
        }
        assert_eq!(tenant.stored(former).await.unwrap().key, date, "a former id");
        let listed = tenant.listing(&[event.id], day(1), day(2)).await;
        assert_eq!(listed.iter().map(|one| (one.key, one.taken)).collect::<Vec<_>>(), [(date, 1)]);

        let again = tenant.try_register(other, NOW).await.unwrap();
        let journal = tenant.journal().await;
        assert_eq!(realign(&tenant, &[&event]).await.unwrap(), 0);
        journal.expect_nothing().await;
        for registration in [&again, &waiting, &seat] {
            tenant.cancel(registration).await;
        }
    }
}

pub(super) async fn values_of_single_occurrences_follow_a_realignment(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let keys = [1, 2, 3].map(|number| occurrence_key(&event, day(number)));
    rename(&tenant, keys[0]).await;
    let starts_at = Some(datetime!(2031-03-14 20:00));
    let patch = OccurrencePatch { starts_at, ..OccurrencePatch::default() };
    let edit = OccurrenceEdit { occurrence: keys[1], patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
    tenant.ports.events.cancel_occurrence(&tenant.scope, keys[2].into(), &by_root()).await.unwrap();
    let expected = tenant.listed_with_cancelled(&[&event], day(0), day(6)).await;
    let mut before = Vec::new();
    for key in keys {
        before.push(tenant.stored(key).await.unwrap());
    }
    for key in keys {
        environment.outdate(&tenant, key, Duration::minutes(-30)).await;
    }
    assert_eq!(outdated(&tenant).await, [event.id]);
    // Another process has the outdated times in memory.
    let elsewhere = Tenant { ports: environment.other.clone(), ..tenant.clone() };
    let with_values = async || elsewhere.listed_with_cancelled(&[&event], day(0), day(6)).await;
    assert_ne!(with_values().await, expected);
    realign(&tenant, &[&event]).await.unwrap();
    assert_eq!(outdated(&tenant).await, []);
    assert_eq!(with_values().await, expected);
    for before in before {
        let now = tenant.stored(before.key).await.unwrap();
        assert_eq!((now.key, now.interval, now.state), (before.key, before.interval, before.state));
        assert_eq!((now.exception, now.version), (before.exception, before.version + 1));
    }
}

/// Each of them has the id that the one before it gets.
pub(super) async fn dates_one_hour_apart_follow_a_realignment(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    for by in [1, -1] {
        let event = EventBuilder::repeating(FIRST, "FREQ=DAILY;BYHOUR=9,10,11,12,13,14;COUNT=12")
            .lasting(Duration::HOUR);
        let event = tenant.event(event).await;
        let mut hours = [1, 2, 3, 4].map(Duration::hours);
        let mut seats = Vec::new();
        for hour in hours {
            seats.push(tenant.seat(&event, day(0) + hour, &ada).await);
        }
        if by > 0 {
            hours.reverse();
        }
        for hour in hours {
            environment.outdate(&tenant, occurrence_key(&event, day(0) + hour), Duration::hours(by)).await;
        }
        assert_eq!(realign(&tenant, &[&event]).await.unwrap(), 4);
        assert_eq!(outdated(&tenant).await, []);
        for seat in seats {
            let now = tenant.registration_now(&seat).await;
            assert_eq!((now.occurrence, now.interval), (seat.occurrence, seat.interval));
            assert_eq!(tenant.counts(seat.occurrence).await, (1, 0));
            tenant.cancel(&now).await;
        }
    }
}

/// The member has another seat at the new time.
pub(super) async fn an_event_whose_member_is_busy_is_left_alone(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (ada, bob) = (tenant.member("ada").await, tenant.member("bob").await);
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let seats = [tenant.seat(&event, day(1), &ada).await, tenant.seat(&event, day(2), &bob).await];
    let mut stored = Vec::new();
    for number in [1, 2] {
        let key = occurrence_key(&event, day(number));
        stored.push(environment.outdate(&tenant, key, Duration::HOUR).await);
    }
    let other = tenant.event(EventBuilder::once(FIRST + Duration::days(1))).await;
    let conflicting = tenant.seat(&other, day(1), &ada).await;
    let journal = tenant.journal().await;
    match refusal(realign(&tenant, &[&event]).await) {
        Refusal::RegistrationsAffected { registrations, .. } => {
            assert_eq!(ids(&registrations), ids([&seats[0]]));
        }
        refused => panic!("{refused:?}"),
    }
    journal.expect_nothing().await;
    for (seat, key) in seats.iter().zip(&stored) {
        assert_eq!(tenant.registration_now(seat).await.occurrence, *key);
        assert_eq!(tenant.counts(*key).await, (1, 0));
    }
    assert_eq!(outdated(&tenant).await, [event.id]);
    tenant.cancel(&conflicting).await;
    assert_eq!(realign(&tenant, &[&event]).await.unwrap(), 2);
    assert_eq!(outdated(&tenant).await, []);
}

pub(super) async fn a_cancelled_event_is_realigned(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    tenant.seat(&event, day(1), &ada).await;
    tenant.ports.events.cancel(&tenant.scope, event.id, &by_root()).await.unwrap();
    let date = occurrence_key(&event, day(1));
    environment.outdate(&tenant, date, Duration::HOUR).await;
    let cancelled = tenant.event_now(&event).await;
    realign(&tenant, &[&event]).await.unwrap();
    assert_eq!(tenant.event_now(&event).await, cancelled);
    assert_eq!(outdated(&tenant).await, []);
    let restored = tenant.ports.events.restore(&tenant.scope, event.id, &by_root()).await.unwrap();
    assert_eq!(restored.event.status, EventStatus::Scheduled);
    assert_eq!(tenant.listed(&[&event], day(0), day(6)).await, [0, 1, 2, 3, 4, 5].map(day));
}

pub(super) async fn a_realignment_can_be_a_dry_run(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let seat = tenant.seat(&event, day(1), &ada).await;
    environment.outdate(&tenant, occurrence_key(&event, day(1)), Duration::HOUR).await;
    let before = tenant.registration_now(&seat).await;
    let journal = tenant.journal().await;
    let change = Change { actor: Actor::System, is_dry_run: true, ..by_root() };
    let moved = tenant.ports.realignment.realign(&tenant.scope, vec![event.id], &change).await.unwrap();
    assert_eq!(moved, RealignedEvents { events: vec![event.id], registrations: 1 });
    journal.expect_nothing().await;
    assert_eq!(tenant.registration_now(&seat).await, before);
    assert_eq!(outdated(&tenant).await, [event.id]);
    realign(&tenant, &[&event]).await.unwrap();
}

/// Two events whose dates alternate by the hour. Each needs the times that the other one leaves.
pub(super) async fn events_that_exchange_their_times_are_realigned_together(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    for by in [1, -1] {
        let mut events = Vec::new();
        for hours in ["9,11", "10,12"] {
            let rule = format!("FREQ=DAILY;BYHOUR={hours};COUNT=4");
            let start = if events.is_empty() { FIRST } else { FIRST + Duration::HOUR };
            events.push(tenant.event(EventBuilder::repeating(start, &rule).lasting(Duration::HOUR)).await);
        }
        let mut hours = [0_usize, 1, 2, 3];
        let mut seats = Vec::new();
        for hour in hours {
            let start = day(0) + [0, 1, 2, 3].map(Duration::hours)[hour];
            seats.push(tenant.seat(&events[hour % 2], start, &ada).await);
        }
        if by > 0 {
            hours.reverse();
        }
        for hour in hours {
            environment.outdate(&tenant, seats[hour].occurrence, Duration::hours(by)).await;
        }
        assert_eq!(outdated(&tenant).await, [events[0].id, events[1].id]);
        let journal = tenant.journal().await;
        assert_eq!(realign(&tenant, &[&events[0], &events[1]]).await.unwrap(), 4);
        journal.expect([0, 1].map(|event| ("event.realigned", events[event].id.to_string()))).await;
        assert_eq!(outdated(&tenant).await, []);
        for seat in seats {
            let now = tenant.registration_now(&seat).await;
            assert_eq!((now.occurrence, now.interval), (seat.occurrence, seat.interval));
            assert_eq!(now.status, seat.status);
            assert_eq!(tenant.counts(seat.occurrence).await, (1, 0));
            tenant.cancel(&now).await;
        }
    }
}

/// The member has a seat in one of two events at the same time, and waits for a free seat of the other one.
pub(super) async fn a_realignment_promotes_nobody_into_an_overlap(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (ada, bob) = (tenant.member("ada").await, tenant.member("bob").await);
    for (by, is_seat_first) in [(-1, true), (-1, false), (1, true), (1, false)] {
        let builder = || EventBuilder::once(FIRST + Duration::days(1)).lasting(Duration::HOUR).seats(1);
        let events = [tenant.event(builder()).await, tenant.event(builder()).await];
        let (taken, free) = if is_seat_first { (0, 1) } else { (1, 0) };
        let other = tenant.seat(&events[free], day(1), &bob).await;
        let waiting = tenant.seat_or_waitlist(&events[free], day(1), &ada).await;
        let seat = tenant.seat(&events[taken], day(1), &ada).await;
        tenant.cancel(&other).await;
        assert_eq!(tenant.registration_now(&waiting).await.status, waiting.status, "she is busy");
        for event in &events {
            environment.outdate(&tenant, occurrence_key(event, day(1)), Duration::hours(by)).await;
        }
        assert_eq!(realign(&tenant, &[&events[0], &events[1]]).await.unwrap(), 2);
        assert_eq!(outdated(&tenant).await, []);
        for before in [&seat, &waiting] {
            let now = tenant.registration_now(before).await;
            assert_eq!((now.occurrence, now.interval), (before.occurrence, before.interval));
            assert_eq!(now.status, before.status);
        }
        assert_eq!(tenant.counts(waiting.occurrence).await, (0, 1));
        // Her time becomes free.
        tenant.cancel(&seat).await;
        let now = tenant.registration_now(&waiting).await;
        assert_eq!(now.status, RegistrationStatus::Confirmed);
        tenant.cancel(&now).await;
    }
}

/// The seat that the member has at the new time of the second event does not move.
pub(super) async fn a_conflict_leaves_its_event_only(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let (mut events, mut seats) = (Vec::new(), Vec::new());
    for number in 0..3 {
        let event = EventBuilder::once(FIRST + Duration::days(number)).lasting(Duration::HOUR);
        let event = tenant.event(event).await;
        let seat = tenant.seat(&event, day(number), &ada).await;
        environment.outdate(&tenant, seat.occurrence, Duration::HOUR).await;
        events.push(event);
        seats.push(seat);
    }
    let other = tenant.event(EventBuilder::once(FIRST + Duration::DAY).lasting(Duration::HOUR)).await;
    let conflicting = tenant.seat(&other, day(1), &ada).await;
    let all: Vec<&Event> = events.iter().collect();
    let journal = tenant.journal().await;
    match refusal(realign(&tenant, &all).await) {
        Refusal::RegistrationsAffected { registrations, count } => {
            assert_eq!((count, ids(&registrations)), (1, ids([&seats[1]])));
        }
        refused => panic!("{refused:?}"),
    }
    journal.expect_nothing().await;
    assert_eq!(outdated(&tenant).await.len(), 3);
    assert_eq!(realign(&tenant, &[all[0], all[2]]).await.unwrap(), 2);
    assert_eq!(outdated(&tenant).await, [events[1].id]);
    tenant.cancel(&conflicting).await;
    assert_eq!(realign(&tenant, &[all[1]]).await.unwrap(), 1);
    assert_eq!(outdated(&tenant).await, []);
}

pub(super) async fn a_deleted_event_is_left_out_of_a_realignment(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let events =
        [tenant.event(EventBuilder::once(FIRST)).await, tenant.event(EventBuilder::once(FIRST)).await];
    let seat = tenant.seat(&events[1], day(0), &ada).await;
    environment.outdate(&tenant, seat.occurrence, Duration::HOUR).await;
    tenant.ports.events.delete(&tenant.scope, events[0].id, &by_root()).await.unwrap();
    assert_eq!(realign(&tenant, &[&events[0], &events[1]]).await.unwrap(), 1);
    assert_eq!(realign(&tenant, &[&events[0]]).await.unwrap(), 0);
    assert_eq!(outdated(&tenant).await, []);
}

pub(super) async fn the_version_of_the_last_update_is_recorded(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let (realignment, other) = (&tenant.ports.realignment, &environment.other.realignment);
    assert_eq!(other.recorded_version().await.unwrap(), None);
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    assert!(!other.has_occurrences().await.unwrap());
    tenant.seat(&event, day(1), &ada).await;
    assert!(other.has_occurrences().await.unwrap());
    assert_eq!(other.recorded_version().await.unwrap(), None);
    for version in ["2026e", "2026f", "2026f", "2026d"] {
        realignment.record_version(version, NOW).await.unwrap();
        assert_eq!(other.recorded_version().await.unwrap().as_deref(), Some(version));
    }
}
