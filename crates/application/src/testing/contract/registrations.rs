//! The contract of [`Registrations`](crate::ports::Registrations).

use std::slice;

use convene_domain::{
    id::RegistrationId,
    occurrence::OccurrenceKey,
    registration::{Registration, RegistrationStatusKind},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, day},
};
use crate::{
    limits::EXAMINED_OBJECTS,
    ports::{RegistrationFilter, RegistrationPosition},
    testing::builders::{EventBuilder, first, first_after, fresh_uuid},
};

const fn position(registration: &Registration) -> RegistrationPosition {
    RegistrationPosition::StartsAt(registration.interval.start(), registration.id)
}

pub(super) async fn lists_registrations_by_start_and_then_id(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let series = tenant.event(EventBuilder::daily(FIRST, 9)).await;
    let crowd = tenant.crowd(3).await;
    let mut all = Vec::new();
    for (number, member) in [(3, 0), (1, 2), (1, 0), (2, 1), (1, 1)] {
        all.push(tenant.seat(&series, day(number), &crowd[member]).await);
    }
    all.sort_by_key(|registration| (registration.interval.start(), registration.id));
    let page = async |page| {
        let everything = RegistrationFilter::default();
        let page = tenant.ports.registrations.list(&tenant.scope, everything, page).await.unwrap();
        (page.items, page.has_more)
    };
    let after = |number: usize| first_after(2, position(&all[number]));
    assert_eq!(page(first(2)).await, (all[..2].to_vec(), true));
    assert_eq!(page(after(1)).await, (all[2..4].to_vec(), true));
    assert_eq!(page(after(3)).await, (all[4..].to_vec(), false));
    assert_eq!(page(first(5)).await, (all.clone(), false));
    // A position can be one that no registration has.
    assert_eq!(page(first_after(5, RegistrationPosition::StartsAt(day(2), all[0].id))).await.0, all[3..]);
}

pub(super) async fn lists_registrations_of_many_occurrences_at_once(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let series = tenant.event(EventBuilder::daily(FIRST, 9)).await;
    let crowd = tenant.crowd(3).await;
    let mut all = Vec::new();
    for (number, member) in [(3, 0), (1, 2), (1, 0), (2, 1), (1, 1)] {
        all.push(tenant.seat(&series, day(number), &crowd[member]).await);
    }
    let cancelled = tenant.cancel(&all[2]).await.registration;
    all[2] = cancelled.clone();
    all.sort_by_key(|registration| (registration.interval.start(), registration.id));
    let key = |number| OccurrenceKey { event: series.id, original_start: day(number) };
    let asked = [key(1), key(2), key(4)];
    let list = async |filter, page| {
        let port = &tenant.ports.registrations;
        let mut found =
            port.list_by_occurrence(&tenant.scope, &asked, filter, page, EXAMINED_OBJECTS).await.unwrap();
        asked.map(|key| found.remove(&key).map_or((vec![], false), |page| (page.items, page.has_more)))
    };
    let everything = RegistrationFilter::default;
    let (of_one, of_two) = (&all[..3], &all[3..4]);
    let none = (vec![], false);
    let found = list(everything(), first(2)).await;
    assert_eq!(found, [(of_one[..2].to_vec(), true), (of_two.to_vec(), false), none.clone()]);
    let after = first_after(2, position(&of_one[1]));
    let found = list(everything(), after).await;
    assert_eq!(found, [(of_one[2..].to_vec(), false), (of_two.to_vec(), false), none.clone()]);
    let statuses = Some(vec![RegistrationStatusKind::Cancelled]);
    let found = list(RegistrationFilter { statuses, ..everything() }, first(2)).await;
    assert_eq!(found, [(vec![cancelled], false), none.clone(), none]);
    // An occurrence of another organization has no registrations.
    let other = environment.tenant("band").await;
    let found =
        other.ports.registrations.list_by_occurrence(&other.scope, &asked, everything(), first(9), 9).await;
    assert!(found.unwrap().values().all(|page| page.items.is_empty()));
}

pub(super) async fn lists_registrations_of_many_events_at_once(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let series = tenant.event(EventBuilder::daily(FIRST, 9)).await;
    let other = tenant.event(EventBuilder::daily(FIRST + Duration::hours(5), 9)).await;
    let empty = tenant.event(EventBuilder::daily(FIRST, 9)).await;
    let crowd = tenant.crowd(2).await;
    let mut of_one = Vec::new();
    for (number, member) in [(3, 0), (1, 1), (2, 1)] {
        of_one.push(tenant.seat(&series, day(number), &crowd[member]).await);
    }
    let cancelled = tenant.cancel(&of_one[2]).await.registration;
    of_one[2] = cancelled.clone();
    of_one.sort_by_key(|registration| (registration.interval.start(), registration.id));
    let of_other = vec![tenant.seat(&other, day(1) + Duration::hours(5), &crowd[0]).await];
    let asked = [series.id, other.id, empty.id];
    let port = &tenant.ports.registrations;
    let list = async |filter, page| {
        let mut found =
            port.list_by_event(&tenant.scope, &asked, filter, page, EXAMINED_OBJECTS).await.unwrap();
        asked.map(|id| found.remove(&id).map_or((vec![], false), |page| (page.items, page.has_more)))
    };
    let everything = RegistrationFilter::default;
    let none = (vec![], false);
    let found = list(everything(), first(2)).await;
    assert_eq!(found, [(of_one[..2].to_vec(), true), (of_other.clone(), false), none.clone()]);
    let found = list(everything(), first_after(2, position(&of_one[1]))).await;
    assert_eq!(found, [(of_one[2..].to_vec(), false), none.clone(), none.clone()]);
    let statuses = Some(vec![RegistrationStatusKind::Cancelled]);
    let found = list(RegistrationFilter { statuses, ..everything() }, first(2)).await;
    assert_eq!(found, [(vec![cancelled], false), none.clone(), none.clone()]);
    let occurrence = Some(of_one[0].occurrence);
    let found = list(RegistrationFilter { occurrence, ..everything() }, first(2)).await;
    assert_eq!(found, [(of_one[..1].to_vec(), false), none.clone(), none]);
    // An event of another organization has no registrations.
    let band = environment.tenant("band").await;
    let found = band.ports.registrations.list_by_event(&band.scope, &asked, everything(), first(9), 9).await;
    assert!(found.unwrap().values().all(|page| page.items.is_empty()));
}

pub(super) async fn filters_registrations(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let series = tenant.event(EventBuilder::daily(FIRST, 9).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    let [ada, bea] = crowd.as_slice() else { panic!("two") };
    let zero = tenant.seat(&series, day(0), ada).await;
    let one = tenant.seat(&series, day(1), bea).await;
    let waiting = tenant.seat_or_waitlist(&series, day(1), ada).await;
    let two = tenant.seat(&series, day(2), ada).await;
    let two = tenant.cancel(&two).await.registration;
    let list = async |filter| tenant.registrations(filter).await;
    let all = RegistrationFilter::default;
    let by_position = |mut some: Vec<Registration>| {
        some.sort_by_key(|registration| (registration.interval.start(), registration.id));
        some
    };
    let everything = by_position(vec![zero.clone(), one.clone(), waiting.clone(), two.clone()]);
    assert_eq!(list(all()).await, everything);
    let of_status = |status| RegistrationFilter { statuses: Some(vec![status]), ..all() };
    assert_eq!(list(of_status(RegistrationStatusKind::Confirmed)).await, [zero.clone(), one.clone()]);
    assert_eq!(list(of_status(RegistrationStatusKind::Waitlisted)).await, slice::from_ref(&waiting));
    assert_eq!(list(of_status(RegistrationStatusKind::Cancelled)).await, slice::from_ref(&two));
    let statuses = Some(vec![RegistrationStatusKind::Waitlisted, RegistrationStatusKind::Cancelled]);
    assert_eq!(list(RegistrationFilter { statuses, ..all() }).await, [waiting.clone(), two.clone()]);
    assert_eq!(list(RegistrationFilter { member: Some(bea.id), ..all() }).await, slice::from_ref(&one));
    let of_occurrence = RegistrationFilter { occurrence: Some(one.occurrence), ..all() };
    let both = by_position(vec![one.clone(), waiting.clone()]);
    assert_eq!(list(of_occurrence.clone()).await, both);
    assert_eq!(list(RegistrationFilter { member: Some(ada.id), ..of_occurrence }).await, [waiting]);

    // The first one takes place from 09:00 to 10:00.
    let ends = day(0) + Duration::HOUR;
    let least = Duration::MILLISECOND;
    let from = |from| RegistrationFilter { from: Some(from), ..all() };
    assert_eq!(list(from(ends - least)).await, everything, "it has not ended yet");
    assert_eq!(list(from(ends)).await, everything[1..], "it has ended");
    let to = |to| RegistrationFilter { to: Some(to), ..all() };
    assert_eq!(list(to(day(2))).await, everything[..3], "it does not begin before it begins");
    assert_eq!(list(to(day(2) + least)).await, everything);
    let within = RegistrationFilter { from: Some(day(1)), to: Some(day(2)), ..all() };
    assert_eq!(list(within).await, both);
}

pub(super) async fn gets_registrations_by_id(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let series = tenant.event(EventBuilder::daily(FIRST, 9)).await;
    let ada = tenant.member("ada").await;
    let one = tenant.seat(&series, day(0), &ada).await;
    let two = tenant.seat(&series, day(1), &ada).await;
    let ids = [two.id, RegistrationId::from_uuid(fresh_uuid()), one.id];
    let mut found = tenant.ports.registrations.get_many(&tenant.scope, &ids).await.unwrap();
    found.sort_by_key(|registration| registration.id);
    assert_eq!(found, [one, two]);
}

pub(super) async fn finds_the_active_registrations_of_a_member(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let series = tenant.event(EventBuilder::daily(FIRST, 9).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    let [ada, bea] = crowd.as_slice() else { panic!("two") };
    let held = tenant.seat(&series, day(0), ada).await;
    let others = tenant.seat(&series, day(1), bea).await;
    let waiting = tenant.seat_or_waitlist(&series, day(1), ada).await;
    let cancelled = tenant.seat(&series, day(2), ada).await;
    tenant.cancel(&cancelled).await;
    let other = tenant.seat(&series, day(3), ada).await;
    let derived = OccurrenceKey { event: series.id, original_start: day(4) };
    let keys = [held.occurrence, others.occurrence, cancelled.occurrence, derived];
    let mut found = tenant.ports.registrations.active_of(&tenant.scope, ada.id, &keys).await.unwrap();
    found.sort_by_key(|registration| registration.interval);
    assert_eq!(found, [held, waiting]);
    let keys = [other.occurrence];
    assert_eq!(tenant.ports.registrations.active_of(&tenant.scope, bea.id, &keys).await.unwrap(), []);
}
