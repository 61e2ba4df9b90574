use std::sync::Arc;

use convene_domain::{activity::ActivityDraft, id::ActivityId, time::Instant};
use time::Duration;

use super::{InMemory, results::StoredResult, tenant::Tenant};
use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Outcome, Refusal},
    ports::Ids,
    testing::SequentialIds,
};

/// A change of a copy of the organization's data, which is dropped if the change is refused.
pub(super) struct Transaction<'change> {
    pub(super) tenant: Tenant,
    /// The change, at the time that is recorded.
    pub(super) change: Change,
    /// The number of promotions.
    pub(super) promoted: u32,
    ids: &'change SequentialIds,
}

impl<'change> Transaction<'change> {
    pub(super) fn new(tenant: Tenant, change: &Change, ids: &'change SequentialIds) -> Self {
        Self { tenant, change: change.clone(), promoted: 0, ids }
    }

    /// Lets the change follow the last one of an object, which may have been asked for later. Returns the time that is recorded.
    pub(super) fn follow(&mut self, last: Instant) -> Instant {
        if self.change.at < last {
            self.change.at = last + Duration::MILLISECOND;
        }
        self.change.at
    }

    /// Adds an entry to the activity log.
    pub(super) fn log(&mut self, draft: ActivityDraft) {
        let entry = self.change.entry(ActivityId::from_uuid(self.ids.next()), draft);
        self.tenant.log.insert((entry.at, entry.id), entry);
    }
}

impl InMemory {
    /// Decides a change of an organization's data, and stores the changed data unless the change is refused or a dry run. A
    /// repeat returns the objects of the stored result instead.
    pub(super) fn transact<T: StoredResult>(
        &self,
        scope: &TenantScope,
        change: &Change,
        decide: impl FnOnce(&mut Transaction<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        let mut world = self.lock();
        let id = scope.organization();
        let tenant = world.organizations.get(&id).ok_or(Refusal::OrganizationSuspended)?;
        if let Some(stored) = tenant.keys.repeated_result::<T>(change)? {
            return Ok(stored.current(tenant)?);
        }
        let mut transaction = Transaction::new(Tenant::clone(tenant), change, &self.ids);
        let result = decide(&mut transaction)?;
        if change.is_dry_run {
            return Ok(result);
        }
        transaction.tenant.keys.record(change, &result);
        world.organizations.insert(id, Arc::new(transaction.tenant));
        Ok(result)
    }
}
