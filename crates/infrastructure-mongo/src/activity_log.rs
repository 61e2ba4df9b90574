//! The adapter of [`ActivityLog`].

use async_trait::async_trait;
use bson::{Bson, Document, doc};
use convene_application::{
    caller::TenantScope,
    failure::Fault,
    page::{BoundedPage, PageRequest},
    ports::{ActivityFilter, ActivityLog},
};
use convene_domain::{activity::Activity, id::ActivityId, time::Instant};

use crate::{
    database::Database,
    documents::{
        activity::ActivityDocument,
        convert::{date, instant},
        ids::texts,
        read_all,
    },
    error::StorageError,
    schema,
    scoped::{Part, Query, SearchResult, Sorting, stopped_at},
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
    ) -> Result<BoundedPage<Activity, (Instant, ActivityId)>, Fault> {
        let sorting = Sorting::of(&page, &["at", "_id"]);
        let from = page.from.map(|(at, id)| vec![date(at).into(), id.to_string().into()]);
        let mut log = self.0.collection(scope, &schema::ACTIVITY);
        let found = log.find_in_part(&part(&filter), sorting, from.as_deref(), page.size, doc! {}).await?;
        let SearchResult { documents, examined }: SearchResult<ActivityDocument> = found;
        let entries = read_all(documents).map_err(StorageError::from)?;
        let examined = stopped_at(&schema::ACTIVITY, examined, position)?;
        Ok(BoundedPage::from_probe(entries, &page, examined))
    }

    async fn get_many(&self, scope: &TenantScope, ids: &[ActivityId]) -> Result<Vec<Activity>, Fault> {
        self.find(scope, doc! { "_id": { "$in": texts(ids) } }.into()).await
    }
}

impl MongoActivityLog {
    async fn find(&self, scope: &TenantScope, query: Query) -> Result<Vec<Activity>, Fault> {
        let documents: Vec<ActivityDocument> =
            self.0.collection(scope, &schema::ACTIVITY).find(query).await?;
        Ok(read_all(documents).map_err(StorageError::from)?)
    }
}

/// The list of the filter. It has indexes for one subject and for one actor, each by time.
fn part(filter: &ActivityFilter) -> Part {
    let ActivityFilter { subject, actor, action, from, to } = filter;
    let mut equal = [
        ("subject", subject.clone()),
        ("actor", actor.as_ref().map(ToString::to_string)),
        ("action", action.clone()),
    ]
    .into_iter()
    .filter_map(|(field, value)| Some((field.to_owned(), Bson::from(value?))))
    .peekable();
    let index = match equal.peek().map(|(field, _)| field.as_str()) {
        Some("subject") => "by_subject",
        Some("actor") => "by_actor",
        _ => "by_time",
    };
    let mut key: Document = equal.by_ref().take(usize::from(index != "by_time")).collect();
    let mut at = Document::new();
    at.extend(from.map(|from| ("$gte".to_owned(), date(from).into())));
    at.extend(to.map(|to| ("$lt".to_owned(), date(to).into())));
    if !at.is_empty() {
        key.insert("at", at);
    }
    Part::new(index, key, equal.collect())
}

/// The position with these values of the fields.
fn position(values: &[Bson]) -> Option<(Instant, ActivityId)> {
    let id = ActivityId::parse(values.last()?.as_str()?).ok()?;
    Some((instant(*values.first()?.as_datetime()?), id))
}
