//! Occurrences that were stored before an update of the time-zone database moved their dates.

use convene_domain::{
    event::Event,
    occurrence::OccurrenceKey,
    registration::{CancellationReason, Registration},
    text::{Description, Title},
    time::zone::Zone,
};
use time::{
    Duration,
    macros::{datetime, utc_datetime},
};

use super::{
    environment::Environment,
    support::{FIRST, by_root, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    failure::{Outcome, Refusal},
    ports::{Changed, EventEdit, EventPatch, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{EventBuilder, occurrence_key},
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
