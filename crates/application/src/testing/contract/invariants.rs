//! Invariants that hold over all stored data after every case.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use convene_domain::{
    activity::{Action, Subject},
    event::EventStatus,
    id::RegistrationId,
    occurrence::OccurrenceStatus,
    overlap,
    registration::{Registration, RegistrationStatus, RegistrationStatusKind},
    time::Instant,
};

use super::{environment::Environment, support::read_all_pages, tenant::Tenant};
use crate::{
    catalogue::Replica,
    ports::{EventFilter, EventOrderField, EventPosition, RegistrationFilter},
};

/// Checks every organization of the environment.
pub(super) async fn check(environment: &Environment) {
    for tenant in environment.tenants() {
        let registrations = tenant.registrations(RegistrationFilter::default()).await;
        check_counters(&tenant, &registrations).await;
        check_overlaps(&registrations);
        check_waitlists(&tenant, &registrations).await;
        check_log(&tenant, &registrations).await;
        check_lists_of_events(&tenant).await;
    }
}

/// Checks that the counters of each occurrence equal its registrations and do not exceed its capacity.
async fn check_counters(tenant: &Tenant, registrations: &[Registration]) {
    let mut by_occurrence: BTreeMap<_, Vec<&Registration>> = BTreeMap::new();
    for registration in registrations.iter().filter(|registration| registration.status.is_active()) {
        by_occurrence.entry(registration.occurrence).or_default().push(registration);
    }
    for (key, active) in by_occurrence {
        let stored = tenant.stored(key).await.expect("an occurrence with registrations is stored");
        let of = |kind| active.iter().filter(move |registration| registration.status.kind() == kind);
        let taken = of(RegistrationStatusKind::Confirmed).count();
        let waiting = of(RegistrationStatusKind::Waitlisted).count();
        assert_eq!((stored.taken as usize, stored.waiting as usize), (taken, waiting), "{key}: counters");
        assert!(stored.taken <= stored.capacity.get(), "{key}: more seats than there are");
        assert!(active.iter().all(|registration| registration.interval == stored.interval), "{key}: times");
        let mut members: Vec<_> = active.iter().map(|registration| registration.member).collect();
        members.sort_unstable();
        members.dedup();
        assert_eq!(members.len(), active.len(), "{key}: a member is registered twice");
        let mut sequences: Vec<_> =
            active.iter().filter_map(|registration| registration.status.waitlist_sequence()).collect();
        sequences.sort_unstable();
        sequences.dedup();
        assert_eq!(sequences.len(), waiting, "{key}: a waitlist sequence is missing or used twice");
    }
}

fn check_overlaps(registrations: &[Registration]) {
    let mut agendas: HashMap<_, Vec<_>> = HashMap::new();
    for registration in registrations.iter().filter(|one| one.status == RegistrationStatus::Confirmed) {
        agendas.entry(registration.member).or_default().push((registration.id, registration.interval));
    }
    for (member, agenda) in agendas {
        let overlaps: Vec<_> = overlap::pairs(agenda).collect();
        assert!(overlaps.is_empty(), "{member} is in two places at once: {overlaps:?}");
    }
}

/// Checks that no seat of an upcoming occurrence is free while a waitlisted member could take it.
async fn check_waitlists(tenant: &Tenant, registrations: &[Registration]) {
    let Some(now) = tenant.log().await.iter().map(|entry| entry.at).max() else { return };
    let ids: Vec<_> = registrations.iter().map(|registration| registration.member).collect();
    let members = tenant.ports.members.get_many(&tenant.scope, &ids).await.unwrap();
    let members: HashSet<_> = members.into_iter().map(|member| member.id).collect();
    let upcoming = registrations.iter().filter(|one| one.interval.start() > now);
    for waiting in upcoming.filter(|one| one.status.waitlist_sequence().is_some()) {
        let stored =
            tenant.stored(waiting.occurrence).await.expect("an occurrence with a waitlist is stored");
        let is_busy = registrations.iter().any(|seat| {
            seat.member == waiting.member
                && seat.status == RegistrationStatus::Confirmed
                && seat.interval.overlaps(&waiting.interval)
        });
        let has_free_seat =
            stored.status() == OccurrenceStatus::Scheduled && stored.taken < stored.capacity.get();
        assert!(
            is_busy || !has_free_seat || !members.contains(&waiting.member),
            "a seat is free, and so is the time of {waiting:?}"
        );
    }
}

/// Checks that each registration has one entry of its creation, and at most one each of its promotion and cancellation, none of them
/// after its last change.
async fn check_log(tenant: &Tenant, registrations: &[Registration]) {
    let mut logged: HashMap<RegistrationId, (Vec<Action>, Vec<Instant>)> = HashMap::new();
    for entry in tenant.log().await {
        if let Subject::Registration(id) = entry.subject {
            let (actions, times) = logged.entry(id).or_default();
            actions.push(entry.action);
            times.push(entry.at);
        }
    }
    for registration in registrations {
        let (actions, times) = logged.remove(&registration.id).unwrap_or_default();
        let is_last = times.iter().all(|at| *at <= registration.updated_at);
        assert!(is_last, "{registration:?} was changed before its entries of {times:?}");
        let count = |action| actions.iter().filter(|logged| **logged == action).count();
        let (created, waitlisted) =
            (count(Action::RegistrationCreated), count(Action::RegistrationWaitlisted));
        let (promoted, cancelled) =
            (count(Action::RegistrationPromoted), count(Action::RegistrationCancelled));
        assert_eq!(created + waitlisted, 1, "{registration:?}: {actions:?}");
        let is_consistent = match registration.status {
            RegistrationStatus::Confirmed => promoted == waitlisted && cancelled == 0,
            RegistrationStatus::Waitlisted { .. } => waitlisted == 1 && promoted == 0 && cancelled == 0,
            RegistrationStatus::Cancelled { .. } => promoted <= waitlisted && cancelled == 1,
        };
        assert!(is_consistent, "the log does not match {registration:?}: {actions:?}");
    }
}

/// Checks that each filter of events selects those whose values it describes, and counts as many, with and without a replica.
async fn check_lists_of_events(tenant: &Tenant) {
    let held = tenant.ports.catalogue.replica(&tenant.scope).await.unwrap();
    let read = async |filter: EventFilter, held: Option<Arc<Replica>>| {
        let list = |page| tenant.ports.events.list(&tenant.scope, filter.clone(), page, held.clone());
        read_all_pages(list, |event| EventPosition::of(event, EventOrderField::CreatedAt)).await
    };
    let all = read(EventFilter::default(), None).await;
    let Some(now) = all.iter().map(|event| event.updated_at).max() else { return };
    for from in [None, Some(now)] {
        for recurring in [Some(true), Some(false)] {
            for status in [None, Some(EventStatus::Cancelled)] {
                let filter = EventFilter { status, recurring, from, ..EventFilter::default() };
                let expected = all.iter().filter(|event| filter.may_match(event) && filter.covers(event));
                let expected: Vec<_> = expected.cloned().collect();
                for held in [None, held.clone()] {
                    assert_eq!(read(filter.clone(), held).await, expected, "{filter:?}");
                }
                let count = tenant.ports.events.count(&tenant.scope, filter.clone()).await.unwrap();
                let is_count = count.is_none_or(|count| count as usize == expected.len());
                assert!(is_count, "{filter:?}: {count:?} of {}", expected.len());
            }
        }
    }
}
