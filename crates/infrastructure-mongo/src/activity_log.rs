//! The adapter of [`ActivityLog`].

use async_trait::async_trait;
use bson::{Document, doc};
use convene_application::{
    caller::TenantScope,
    failure::Fault,
    page::{Page, PageRequest},
    ports::{ActivityFilter, ActivityLog},
};
use convene_domain::{activity::Activity, id::ActivityId, time::Instant};

use crate::{
    database::Database,
    documents::{activity::ActivityDocument, convert::date, read_all},
    error::StorageError,
    schema,
    scoped::{Query, Sorting},
};

#[derive(Clone)]
pub(crate) struct MongoActivityLog(pub(crate) Database);

#[async_trait]
impl ActivityLog for MongoActivityLog {
    async fn list(
        &self,
        scope: &TenantScope,
        filter: ActivityFilter,
        page: PageRequest<(Instant, ActivityId)>,
    ) -> Result<Page<Activity>, Fault> {
        let conditions = conditions(&filter);
        let filter = if conditions.is_empty() {
            doc! {}
        } else {
            doc! { "$and": conditions }
        };
        let from = page.from.map(|(at, id)| vec![date(at).into(), id.to_string().into()]);
        let query = Sorting::of(&page, &["at", "_id"]).query(filter, from.as_deref()).probing(page.size);
        Ok(Page::from_probe(self.find(scope, query).await?, &page))
    }

    async fn get_many(&self, scope: &TenantScope, ids: &[ActivityId]) -> Result<Vec<Activity>, Fault> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        self.find(scope, doc! { "_id": { "$in": ids } }.into()).await
    }
}

impl MongoActivityLog {
    async fn find(&self, scope: &TenantScope, query: Query) -> Result<Vec<Activity>, Fault> {
        let documents: Vec<ActivityDocument> =
            self.0.collection(scope, &schema::ACTIVITY).find(query).await?;
        Ok(read_all(documents).map_err(StorageError::from)?)
    }
}

fn conditions(filter: &ActivityFilter) -> Vec<Document> {
    let ActivityFilter { subject, actor, action, from, to } = filter;
    let conditions = [
        subject.as_ref().map(|subject| doc! { "subject": subject }),
        actor.as_ref().map(|actor| doc! { "actor": actor.to_string() }),
        action.as_ref().map(|action| doc! { "action": action }),
        from.map(|from| doc! { "at": { "$gte": date(from) } }),
        to.map(|to| doc! { "at": { "$lt": date(to) } }),
    ];
    conditions.into_iter().flatten().collect()
}
