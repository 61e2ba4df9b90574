//! What changes answer with, told again to whoever repeats them.

use convene_domain::{
    event::Event,
    id::{EventId, IssueId},
    issue::Issue,
    member::Member,
    occurrence::Occurrence,
    organization::Organization,
    registration::Registration,
};

use super::{registration_book::untouched, tenant::Tenant};
use crate::{
    failure::Refusal,
    ports::{Cancelled, Changed, Erased, MemberRemoved},
};

/// What a change answers with.
pub(super) trait Answer: Clone + Send + Sync + 'static {
    /// The id of what was changed.
    fn subject(&self) -> String;

    /// The same objects, as they are now; the refusal names what is gone since.
    fn now(self, tenant: &Tenant) -> Result<Self, Refusal>;
}

impl Answer for Organization {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn now(self, tenant: &Tenant) -> Result<Self, Refusal> {
        Ok(tenant.organization.clone())
    }
}

impl Answer for Member {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    /// Also one who was removed since.
    fn now(self, tenant: &Tenant) -> Result<Self, Refusal> {
        let found = tenant.members.get(&self.id).map(|record| record.member.clone());
        found.ok_or_else(|| Refusal::not_found("memberId"))
    }
}

impl Answer for (Organization, Member) {
    fn subject(&self) -> String {
        self.0.id.to_string()
    }

    fn now(self, tenant: &Tenant) -> Result<Self, Refusal> {
        Ok((self.0.now(tenant)?, self.1.now(tenant)?))
    }
}

impl Answer for MemberRemoved {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn now(self, _: &Tenant) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl Answer for Event {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn now(self, tenant: &Tenant) -> Result<Self, Refusal> {
        let found = tenant.events.get(&self.id).map(|event| Self::clone(event));
        found.ok_or_else(|| Refusal::not_found("eventId"))
    }
}

impl Answer for EventId {
    fn subject(&self) -> String {
        self.to_string()
    }

    fn now(self, _: &Tenant) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl Answer for Changed<Event> {
    fn subject(&self) -> String {
        self.now.id.to_string()
    }

    fn now(self, tenant: &Tenant) -> Result<Self, Refusal> {
        Ok(Self { now: self.now.now(tenant)?, ..self })
    }
}

impl Answer for Changed<Occurrence> {
    fn subject(&self) -> String {
        self.now.key.to_string()
    }

    fn now(self, tenant: &Tenant) -> Result<Self, Refusal> {
        let found = tenant.occurrence(self.now.key).and_then(|record| tenant.view(&record.stored));
        let now = found
            .or_else(|| {
                let event = tenant.events.get(&self.now.key.event)?;
                let origin = event.occurrence_at(self.now.key.original_start)?;
                tenant.view(&untouched(event, origin).stored)
            })
            .ok_or_else(|| Refusal::not_found("occurrenceId"))?;
        Ok(Self { now, ..self })
    }
}

impl Answer for Registration {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn now(self, tenant: &Tenant) -> Result<Self, Refusal> {
        let found = tenant.registrations.get(&self.id).cloned();
        found.ok_or_else(|| Refusal::not_found("registrationId"))
    }
}

impl Answer for Cancelled {
    fn subject(&self) -> String {
        self.registration.id.to_string()
    }

    fn now(self, tenant: &Tenant) -> Result<Self, Refusal> {
        let promoted = self.promoted.and_then(|promoted| promoted.now(tenant).ok());
        Ok(Self { registration: self.registration.now(tenant)?, promoted })
    }
}

impl Answer for Issue {
    fn subject(&self) -> String {
        self.id.to_string()
    }

    fn now(self, tenant: &Tenant) -> Result<Self, Refusal> {
        let found = tenant.issues.get(&self.number).cloned();
        found.ok_or_else(|| Refusal::not_found("issueId"))
    }
}

impl Answer for IssueId {
    fn subject(&self) -> String {
        self.to_string()
    }

    fn now(self, _: &Tenant) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl Answer for Erased {
    /// Nobody repeats an erasure under a key.
    fn subject(&self) -> String {
        String::new()
    }

    fn now(self, _: &Tenant) -> Result<Self, Refusal> {
        Ok(self)
    }
}
