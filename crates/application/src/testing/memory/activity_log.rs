use async_trait::async_trait;
use convene_domain::{activity::Activity, id::ActivityId, time::Instant};

use super::{InMemory, pages};
use crate::{
    caller::TenantScope,
    failure::Fault,
    page::{BoundedPage, PageRequest},
    ports::{ActivityFilter, ActivityLog},
};

#[async_trait]
impl ActivityLog for InMemory {
    async fn list(
        &self,
        scope: &TenantScope,
        filter: ActivityFilter,
        page: PageRequest<(Instant, ActivityId)>,
    ) -> Result<BoundedPage<Activity, (Instant, ActivityId)>, Fault> {
        let tenant = self.read(scope)?;
        let found = tenant.log.values().filter(|entry| matches(entry, &filter)).cloned();
        Ok(pages::page(found, &page, |entry| (entry.at, entry.id)).into())
    }

    async fn get_many(&self, scope: &TenantScope, ids: &[ActivityId]) -> Result<Vec<Activity>, Fault> {
        let tenant = self.read(scope)?;
        Ok(tenant.log.values().filter(|entry| ids.contains(&entry.id)).cloned().collect())
    }
}

fn matches(entry: &Activity, filter: &ActivityFilter) -> bool {
    let ActivityFilter { subject, actor, action, from, to } = filter;
    subject.as_ref().is_none_or(|wanted| entry.subject.to_string() == *wanted)
        && actor.as_ref().is_none_or(|wanted| entry.actor == *wanted)
        && action.as_ref().is_none_or(|wanted| entry.action.as_str() == wanted)
        && from.is_none_or(|from| entry.at >= from)
        && to.is_none_or(|to| entry.at < to)
}
