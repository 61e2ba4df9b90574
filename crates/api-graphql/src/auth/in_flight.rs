//! The limits of requests in flight of each caller, of each organization, and of the process.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use convene_application::ports::OrganizationReference;
use convene_domain::text::UserId;

use super::rate_limit::CallerKey;
use crate::telemetry::record_in_flight;

/// The limits of requests in flight. [`Default`] has the values and their reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlightLimits {
    /// The maximum number of requests of one caller.
    pub caller: usize,
    /// The maximum number of requests of one organization. It never has more than remain free for others.
    pub organization: usize,
    /// The maximum number of requests of the process.
    pub process: usize,
}

impl Default for InFlightLimits {
    fn default() -> Self {
        Self {
            // A page of a client loads with a dozen.
            caller: 64,
            // A rush of members for a popular event. Others have room left.
            organization: 2_048,
            // Each one takes up to 256 KiB for its body.
            process: 4_096,
        }
    }
}

/// The caller to whom the resources of a request count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The id of the organization; `None` for an operator without one.
    pub organization: Option<String>,
    pub user: UserId,
}

/// The requests in flight of this process.
#[derive(Clone, Default)]
pub(super) struct InFlight {
    limits: InFlightLimits,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Default)]
struct Counts {
    total: usize,
    callers: HashMap<CallerKey, usize>,
    organizations: HashMap<String, usize>,
    /// The requests whose organization is being looked up, under the name that their credentials have for it.
    looked_up: HashMap<Option<OrganizationReference>, usize>,
}

/// The place of a request in the limits, until it is dropped.
pub struct Slot {
    in_flight: InFlight,
    caller: CallerKey,
    /// The lookup of the organization has not ended.
    is_looked_up: bool,
    organization: Option<String>,
}

impl InFlight {
    pub(super) fn new(limits: InFlightLimits) -> Self {
        Self { limits, counts: Arc::default() }
    }

    /// Takes a place for a request of this caller. `None` if there are too many.
    pub(super) fn enter(&self, caller: CallerKey) -> Option<Slot> {
        let mut counts = self.counts();
        let free = self.limits.process.checked_sub(counts.total + 1)?;
        if !increase(&mut counts.callers, &caller, self.limits.caller) {
            return None;
        }
        if !increase(&mut counts.looked_up, &caller.organization, free.max(1)) {
            decrease(&mut counts.callers, &caller);
            return None;
        }
        counts.total += 1;
        record_in_flight(counts.total);
        Some(Slot { in_flight: self.clone(), caller, is_looked_up: true, organization: None })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// The caller of the request.
    #[must_use]
    pub fn owner(&self) -> Owner {
        Owner { organization: self.organization.clone(), user: self.caller.user.clone() }
    }

    /// Counts the request for its organization, which is known after the lookup. Returns false if there are too many: more than the
    /// limit, or more than remain free. So the next organization finds a place although some others have all they can.
    pub(super) fn enter_organization(&mut self, organization: String) -> bool {
        let InFlightLimits { organization: limit, process, .. } = self.in_flight.limits;
        let mut counts = self.in_flight.counts();
        let free = process.saturating_sub(counts.total);
        let entered = increase(&mut counts.organizations, &organization, limit.min(free.max(1)));
        if std::mem::take(&mut self.is_looked_up) {
            decrease(&mut counts.looked_up, &self.caller.organization);
        }
        if entered {
            self.organization = Some(organization);
        }
        entered
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.in_flight.counts();
        counts.total -= 1;
        record_in_flight(counts.total);
        decrease(&mut counts.callers, &self.caller);
        if self.is_looked_up {
            decrease(&mut counts.looked_up, &self.caller.organization);
        }
        if let Some(organization) = &self.organization {
            decrease(&mut counts.organizations, organization);
        }
    }
}

fn increase<K: Clone + Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K, max: usize) -> bool {
    let count = counts.entry(key.clone()).or_default();
    let allowed = *count < max;
    if allowed {
        *count += 1;
    }
    allowed
}

fn decrease<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    match counts.get_mut(key) {
        Some(count) if *count > 1 => *count -= 1,
        _ => drop(counts.remove(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(number: usize) -> CallerKey {
        caller_of("acme", number)
    }

    fn caller_of(organization: &str, number: usize) -> CallerKey {
        let user = UserId::parse(&format!("user-{number}")).unwrap();
        CallerKey { organization: OrganizationReference::parse(organization), user }
    }

    /// A request of an organization, after its lookup.
    fn request_of(in_flight: &InFlight, organization: &str, number: usize) -> Option<Slot> {
        let mut slot = in_flight.enter(caller_of(organization, number))?;
        slot.enter_organization(organization.to_owned()).then_some(slot)
    }

    #[test]
    fn a_caller_has_a_limit_of_its_own_and_places_are_freed() {
        let limits = InFlightLimits::default();
        let in_flight = InFlight::default();
        let mut taken: Vec<_> = (0..limits.caller).map(|_| in_flight.enter(caller(1)).unwrap()).collect();
        assert!(in_flight.enter(caller(1)).is_none());
        assert!(in_flight.enter(caller(2)).is_some());
        taken.pop();
        assert!(in_flight.enter(caller(1)).is_some());
        taken.clear();
        let counts = in_flight.counts();
        assert_eq!((counts.total, counts.callers.len()), (0, 0));
    }

    #[test]
    fn an_organization_leaves_room_for_others() {
        let limits = InFlightLimits::default();
        let in_flight = InFlight::default();
        let mut taken = Vec::new();
        for number in 0..limits.organization {
            let mut slot = in_flight.enter(caller(number)).unwrap();
            assert!(slot.enter_organization("acme".to_owned()));
            taken.push(slot);
        }
        let mut slot = in_flight.enter(caller(limits.process)).unwrap();
        assert!(!slot.enter_organization("acme".to_owned()));
        assert!(slot.enter_organization("other".to_owned()));
        drop((taken, slot));
        let counts = in_flight.counts();
        assert_eq!((counts.total, counts.organizations.len()), (0, 0));
    }

    #[test]
    fn several_organizations_together_leave_room_for_the_next_one() {
        let in_flight = InFlight::new(InFlightLimits { process: 256, organization: 128, caller: 64 });
        let mut taken = Vec::new();
        for organization in 0..5 {
            let name = format!("greedy-{organization}");
            let before = taken.len();
            taken.extend((0..1_000).map_while(|number| request_of(&in_flight, &name, number)));
            assert!(taken.len() - before <= 128 >> organization);
        }
        let next: Vec<_> = (0..4).map_while(|number| request_of(&in_flight, "next", number)).collect();
        assert_eq!(next.len(), 4);
    }

    #[test]
    fn requests_whose_organization_is_looked_up_leave_room_for_others() {
        let in_flight = InFlight::new(InFlightLimits { process: 256, organization: 128, caller: 64 });
        let mut waiting = Vec::new();
        for organization in ["first", "second", "third"] {
            waiting.extend((0..1_000).map_while(|number| in_flight.enter(caller_of(organization, number))));
        }
        assert!(request_of(&in_flight, "next", 1).is_some());
        assert_eq!(waiting.len(), 128 + 64 + 32);
        drop(waiting);
        assert!(in_flight.counts().looked_up.is_empty());
    }
}
