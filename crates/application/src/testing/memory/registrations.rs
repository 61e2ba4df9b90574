use std::collections::HashMap;

use async_trait::async_trait;
use convene_domain::{
    id::{EventId, MemberId, RegistrationId},
    occurrence::{OccurrenceKey, Resolved},
    registration::Registration,
};

use super::{
    InMemory, pages,
    tenant::{OccurrenceRecord, Tenant},
};
use crate::{
    caller::TenantScope,
    failure::Fault,
    page::{Page, PageRequest},
    ports::{RegistrationFilter, RegistrationPage, RegistrationPosition, Registrations},
};

#[async_trait]
impl Registrations for InMemory {
    async fn get_many(
        &self,
        scope: &TenantScope,
        ids: &[RegistrationId],
    ) -> Result<Vec<Registration>, Fault> {
        let tenant = self.read(scope)?;
        Ok(ids.iter().filter_map(|id| tenant.registrations.get(id)).cloned().collect())
    }

    async fn list(
        &self,
        scope: &TenantScope,
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
    ) -> Result<RegistrationPage, Fault> {
        Ok(listed(&*self.read(scope)?, &filter, &page).into())
    }

    async fn count(&self, scope: &TenantScope, filter: RegistrationFilter) -> Result<Option<u32>, Fault> {
        let tenant = self.read(scope)?;
        Ok(pages::count(wanted(&tenant, &filter)))
    }

    async fn list_by_occurrence(
        &self,
        scope: &TenantScope,
        occurrences: &[OccurrenceKey],
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
        _: usize,
    ) -> Result<HashMap<OccurrenceKey, RegistrationPage>, Fault> {
        let tenant = self.read(scope)?;
        let of_one = |id: &OccurrenceKey| {
            let filter = RegistrationFilter { occurrence: Some(*id), ..filter.clone() };
            (*id, listed(&tenant, &filter, &page).into())
        };
        Ok(occurrences.iter().map(of_one).collect())
    }

    async fn list_by_event(
        &self,
        scope: &TenantScope,
        events: &[EventId],
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
        _: usize,
    ) -> Result<HashMap<EventId, RegistrationPage>, Fault> {
        let tenant = self.read(scope)?;
        let of_one = |id: &EventId| {
            let filter = RegistrationFilter { event: Some(*id), ..filter.clone() };
            (*id, listed(&tenant, &filter, &page).into())
        };
        Ok(events.iter().map(of_one).collect())
    }

    async fn count_by_occurrence(
        &self,
        scope: &TenantScope,
        occurrences: &[OccurrenceKey],
        filter: RegistrationFilter,
        _: usize,
    ) -> Result<HashMap<OccurrenceKey, Option<u32>>, Fault> {
        let tenant = self.read(scope)?;
        let of_one = |id: &OccurrenceKey| {
            let filter = RegistrationFilter { occurrence: Some(*id), ..filter.clone() };
            (*id, pages::count(wanted(&tenant, &filter)))
        };
        Ok(occurrences.iter().map(of_one).collect())
    }

    async fn count_by_event(
        &self,
        scope: &TenantScope,
        events: &[EventId],
        filter: RegistrationFilter,
        _: usize,
    ) -> Result<HashMap<EventId, Option<u32>>, Fault> {
        let tenant = self.read(scope)?;
        let of_one = |id: &EventId| {
            let filter = RegistrationFilter { event: Some(*id), ..filter.clone() };
            (*id, pages::count(wanted(&tenant, &filter)))
        };
        Ok(events.iter().map(of_one).collect())
    }

    async fn active_of(
        &self,
        scope: &TenantScope,
        member: MemberId,
        occurrences: &[OccurrenceKey],
    ) -> Result<Vec<Registration>, Fault> {
        let tenant = self.read(scope)?;
        let active = tenant.registrations.values().filter(|registration| {
            registration.member == member
                && registration.status.is_active()
                && occurrences.contains(&registration.occurrence)
        });
        Ok(active.cloned().collect())
    }

    async fn waitlist_positions(
        &self,
        scope: &TenantScope,
        ids: &[RegistrationId],
    ) -> Result<HashMap<RegistrationId, u32>, Fault> {
        let tenant = self.read(scope)?;
        let position = |id: &RegistrationId| {
            let waiting = tenant.registrations.get(id)?;
            let sequence = waiting.status.waitlist_sequence()?;
            let others = tenant.active_in(waiting.occurrence);
            let position =
                others.filter_map(|it| it.status.waitlist_sequence()).filter(|it| *it <= sequence).count();
            u32::try_from(position).ok().map(|position| (*id, position))
        };
        Ok(ids.iter().filter_map(position).collect())
    }
}

fn listed(
    tenant: &Tenant,
    filter: &RegistrationFilter,
    page: &PageRequest<RegistrationPosition>,
) -> Page<Registration> {
    let position = |registration: &Registration| RegistrationPosition::of(registration, page.order.field);
    pages::page(wanted(tenant, filter).cloned(), page, position)
}

fn wanted<'t>(tenant: &'t Tenant, filter: &'t RegistrationFilter) -> impl Iterator<Item = &'t Registration> {
    let asked = filter.occurrence.map(|key| (key, tenant.resolve(key)));
    // A cancelled registration keeps the key that it had, which may be a former one.
    let is_of_occurrence = move |registration: &Registration| match asked {
        Some((_, Some(Resolved::Stored(record)))) => {
            let has = |other: &OccurrenceRecord| other.stored.key == record.stored.key;
            matches!(tenant.resolve(registration.occurrence), Some(Resolved::Stored(other)) if has(other))
        }
        Some((key, _)) => key == registration.occurrence,
        None => true,
    };
    let all = tenant.registrations.values();
    all.filter(move |registration| passes(registration, filter) && is_of_occurrence(registration))
}

fn passes(registration: &Registration, filter: &RegistrationFilter) -> bool {
    let RegistrationFilter { statuses, from, to, occurrence: _, event, member } = filter;
    statuses.as_ref().is_none_or(|wanted| wanted.contains(&registration.status.kind()))
        && from.is_none_or(|from| registration.interval.end() > from)
        && to.is_none_or(|to| registration.interval.start() < to)
        && event.is_none_or(|wanted| registration.occurrence.event == wanted)
        && member.is_none_or(|wanted| registration.member == wanted)
}
