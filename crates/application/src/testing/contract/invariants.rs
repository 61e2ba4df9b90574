//! What must hold over everything that is stored, whatever happened before.

use std::collections::{BTreeMap, HashMap};

use convene_domain::{
    activity::{Action, Subject},
    id::RegistrationId,
    overlap,
    registration::{Registration, RegistrationStatus, RegistrationStatusKind},
};

use super::{environment::Environment, tenant::Tenant};
use crate::ports::RegistrationFilter;

/// Checks every organization that was founded on the environment.
pub(super) async fn check(environment: &Environment) {
    for tenant in environment.tenants() {
        let registrations = tenant.registrations(RegistrationFilter::default()).await;
        seats_are_counted(&tenant, &registrations).await;
        nobody_is_in_two_places(&registrations);
        the_log_tells_every_registration(&tenant, &registrations).await;
    }
}

/// The counters of an occurrence are those of its registrations, and no seat is given twice.
async fn seats_are_counted(tenant: &Tenant, registrations: &[Registration]) {
    let mut by_occurrence: BTreeMap<_, Vec<&Registration>> = BTreeMap::new();
    for registration in registrations.iter().filter(|registration| registration.status.is_active()) {
        by_occurrence.entry(registration.occurrence).or_default().push(registration);
    }
    for (key, active) in by_occurrence {
        let stored = tenant.stored(key).await.expect("what people registered for is stored");
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

fn nobody_is_in_two_places(registrations: &[Registration]) {
    let mut agendas: HashMap<_, Vec<_>> = HashMap::new();
    for registration in registrations.iter().filter(|one| one.status == RegistrationStatus::Confirmed) {
        agendas.entry(registration.member).or_default().push((registration.id, registration.interval));
    }
    for (member, agenda) in agendas {
        let overlaps: Vec<_> = overlap::pairs(agenda).collect();
        assert!(overlaps.is_empty(), "{member} is in two places at once: {overlaps:?}");
    }
}

/// Each registration was made once, moved up at most once and cancelled at most once, and the log says so.
async fn the_log_tells_every_registration(tenant: &Tenant, registrations: &[Registration]) {
    let mut told: HashMap<RegistrationId, Vec<Action>> = HashMap::new();
    for entry in tenant.log().await {
        if let Subject::Registration(id) = entry.subject {
            told.entry(id).or_default().push(entry.action);
        }
    }
    for registration in registrations {
        let actions = told.remove(&registration.id).unwrap_or_default();
        let count = |action| actions.iter().filter(|told| **told == action).count();
        let (created, waitlisted) =
            (count(Action::RegistrationCreated), count(Action::RegistrationWaitlisted));
        let (promoted, cancelled) =
            (count(Action::RegistrationPromoted), count(Action::RegistrationCancelled));
        assert_eq!(created + waitlisted, 1, "{registration:?}: {actions:?}");
        let fits = match registration.status {
            RegistrationStatus::Confirmed => promoted == waitlisted && cancelled == 0,
            RegistrationStatus::Waitlisted { .. } => waitlisted == 1 && promoted == 0 && cancelled == 0,
            RegistrationStatus::Cancelled { .. } => promoted <= waitlisted && cancelled == 1,
        };
        assert!(fits, "the log does not go with {registration:?}: {actions:?}");
    }
}
