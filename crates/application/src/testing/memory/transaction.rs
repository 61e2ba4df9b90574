use std::sync::Arc;

use convene_domain::{activity::ActivityDraft, id::ActivityId};

use super::{InMemory, answers::Answer, tenant::Tenant};
use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    ports::Ids,
    testing::SequentialIds,
};

/// A change that is being decided: on a copy, so that a refusal leaves no trace.
pub(super) struct Transaction<'change> {
    pub(super) tenant: Tenant,
    pub(super) change: &'change Change,
    ids: &'change SequentialIds,
}

impl<'change> Transaction<'change> {
    pub(super) const fn new(tenant: Tenant, change: &'change Change, ids: &'change SequentialIds) -> Self {
        Self { tenant, change, ids }
    }

    /// Writes an entry of the log.
    pub(super) fn log(&mut self, draft: ActivityDraft) {
        let entry = self.change.entry(ActivityId::from_uuid(self.ids.next()), draft);
        self.tenant.log.insert((entry.at, entry.id), entry);
    }
}

impl InMemory {
    /// Decides a change of an organization's data; an answer but a refusal replaces them. A change that was made
    /// before under the same idempotency key is not decided again: it is answered with the same objects.
    pub(super) fn transact<T: Answer>(
        &self,
        scope: &TenantScope,
        change: &Change,
        decide: impl FnOnce(&mut Transaction<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        let mut world = self.lock();
        let id = scope.organization();
        let tenant = world.organizations.get(&id).ok_or_else(|| Fault::internal(format!("{id} is gone")))?;
        if let Some(answer) = tenant.keys.recall::<T>(change)? {
            return Ok(answer.now(tenant)?);
        }
        let mut transaction = Transaction::new(Tenant::clone(tenant), change, &self.ids);
        let answer = decide(&mut transaction)?;
        transaction.tenant.keys.remember(change, &answer);
        world.organizations.insert(id, Arc::new(transaction.tenant));
        Ok(answer)
    }
}
