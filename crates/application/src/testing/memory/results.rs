//! The stored results of changes.

use convene_domain::{
    event::Event,
    id::IssueId,
    issue::Issue,
    member::Member,
    occurrence::{Occurrence, Resolved},
    organization::Organization,
    registration::Registration,
};

use super::{registration_book::untouched, tenant::Tenant};
use crate::{
    failure::{Field, Refusal},
    ports::{
        Cancelled, Changed, Erased, EventDeleted, EventRestored, MemberRemoved, OrganizationDeleted,
        RealignedEvents,
    },
};

/// The result of a change, which is stored with its idempotency key and loaded for a repeat.
pub(super) trait StoredResult: Clone + Send + Sync + 'static {
    /// Returns the id of the changed object.
    fn subject(&self) -> String;

    /// Loads the objects of the result as they are now. Refused with `NotFound` if an object was deleted in the meantime.
    fn current(self, tenant: &Tenant) -> Result<Self, Refusal>;
}

impl StoredResult for Organization {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn current(self, tenant: &Tenant) -> Result<Self, Refusal> {
        Ok(tenant.organization.clone())
    }
}

impl StoredResult for OrganizationDeleted {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn current(self, _: &Tenant) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl StoredResult for Member {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    /// Finds removed members too.
    fn current(self, tenant: &Tenant) -> Result<Self, Refusal> {
        let found = tenant.members.get(&self.id).map(|record| record.member.clone());
        found.ok_or_else(|| Refusal::not_found(Field::MemberId))
    }
}

impl StoredResult for (Organization, Member) {
    fn subject(&self) -> String {
        self.0.id.to_string()
    }

    fn current(self, tenant: &Tenant) -> Result<Self, Refusal> {
        Ok((self.0.current(tenant)?, self.1.current(tenant)?))
    }
}

impl StoredResult for MemberRemoved {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn current(self, _: &Tenant) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl StoredResult for Event {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn current(self, tenant: &Tenant) -> Result<Self, Refusal> {
        let found = tenant.events.get(&self.id).map(|event| Self::clone(event));
        found.ok_or_else(|| Refusal::not_found(Field::EventId))
    }
}

impl StoredResult for EventDeleted {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn current(self, _: &Tenant) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl StoredResult for EventRestored {
    fn subject(&self) -> String {
        self.event.id.to_string()
    }

    fn current(self, tenant: &Tenant) -> Result<Self, Refusal> {
        let current = |former: &Registration| tenant.registrations.get(&former.id).cloned();
        let of_present = |former: &Registration| tenant.member(former.member).is_some();
        let former = self.former_registrations.iter().filter_map(current);
        let former_registrations = former.filter(of_present).collect();
        Ok(Self { event: self.event.current(tenant)?, former_registrations })
    }
}

impl StoredResult for Changed<Event> {
    fn subject(&self) -> String {
        self.now.id.to_string()
    }

    fn current(self, tenant: &Tenant) -> Result<Self, Refusal> {
        Ok(Self { now: self.now.current(tenant)?, ..self })
    }
}

impl StoredResult for Changed<Occurrence> {
    fn subject(&self) -> String {
        self.now.key.to_string()
    }

    fn current(self, tenant: &Tenant) -> Result<Self, Refusal> {
        let not_found = || Refusal::not_found(Field::OccurrenceId);
        let dropped_exceptions = Vec::new();
        if let Some(last) = self.dropped_exceptions.first() {
            tenant.events.get(&last.key.event).ok_or_else(not_found)?;
            return Ok(Self { now: last.clone(), dropped_exceptions, ..self });
        }
        let now = match tenant.resolve(self.now.key).ok_or_else(not_found)? {
            Resolved::Stored(record) => tenant.view(&record.stored),
            Resolved::Derived(date) => {
                let event = tenant.events.get(&self.now.key.event).ok_or_else(not_found)?;
                tenant.view(&untouched(event, date).stored)
            }
        };
        Ok(Self { now: now.ok_or_else(not_found)?, ..self })
    }
}

impl StoredResult for Registration {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn current(self, tenant: &Tenant) -> Result<Self, Refusal> {
        let found = tenant.registrations.get(&self.id).cloned();
        found.ok_or_else(|| Refusal::not_found(Field::OccurrenceId))
    }
}

impl StoredResult for Cancelled {
    fn subject(&self) -> String {
        self.registration.id.to_string()
    }

    fn current(self, tenant: &Tenant) -> Result<Self, Refusal> {
        let current = |registration: &Registration| tenant.registrations.get(&registration.id).cloned();
        let registration = current(&self.registration);
        let promoted = self.promoted.as_ref().and_then(current);
        Ok(Self {
            registration: registration.ok_or_else(|| Refusal::not_found(Field::RegistrationId))?,
            promoted,
        })
    }
}

impl StoredResult for Issue {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn current(self, tenant: &Tenant) -> Result<Self, Refusal> {
        let found = tenant.issues.get(&self.number).cloned();
        found.ok_or_else(|| Refusal::not_found(Field::IssueId))
    }
}

impl StoredResult for IssueId {
    fn subject(&self) -> String {
        self.to_string()
    }

    fn current(self, _: &Tenant) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl StoredResult for RealignedEvents {
    /// A realignment has no idempotency key.
    fn subject(&self) -> String {
        String::new()
    }

    fn current(self, _: &Tenant) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl StoredResult for Erased {
    /// An erasure has no idempotency key.
    fn subject(&self) -> String {
        String::new()
    }

    fn current(self, _: &Tenant) -> Result<Self, Refusal> {
        Ok(self)
    }
}
