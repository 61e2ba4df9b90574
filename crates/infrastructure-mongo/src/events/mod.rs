//! The port of events.

mod cancel;
mod create;
mod delete;
mod load;
mod occurrence;
mod restore;
mod results;
mod store;
mod update;

use async_trait::async_trait;
use bson::{Bson, Document, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    page::{BoundedPage, Page, PageRequest},
    ports::{
        Changed, Duplication, EventDeleted, EventEdit, EventFilter, EventRestored, Events, OccurrenceEdit,
        OccurrenceRestoration,
    },
};
use convene_domain::{
    event::Event,
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey},
};
use futures::{FutureExt, future::BoxFuture};

use crate::{
    database::Database,
    documents::{
        convert::Fields,
        event::EventDocument,
        job::{JobDocument, JobKind, Step},
        read_in_parts,
    },
    error::{Attempt, CorruptDocument, StorageError},
    registration::seats,
    schema,
    scoped::{Found, Query, Search, Sorting},
    transaction::Transaction,
};

const BY_ID: Sorting = Sorting::ascending(&["_id"]);

/// Events in MongoDB.
#[derive(Clone)]
pub(crate) struct MongoEvents(pub(crate) Database);

#[async_trait]
impl Events for MongoEvents {
    async fn create(&self, scope: &TenantScope, event: Event, change: &Change) -> Outcome<Event> {
        create::create(&self.0, scope, &event, change).await
    }

    async fn get_many(&self, scope: &TenantScope, ids: &[EventId]) -> Result<Vec<Event>, Fault> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        self.found(scope, doc! { "_id": { "$in": ids } }.into()).await
    }

    async fn list(
        &self,
        scope: &TenantScope,
        filter: EventFilter,
        page: PageRequest<EventId>,
    ) -> Result<BoundedPage<Event, EventId>, Fault> {
        let conditions = conditions(&filter);
        let values = |id: &EventId| vec![id.to_string().into()];
        let Some(text) = filter.search else {
            let query = BY_ID.page(conditions, &page, values);
            return Ok(Page::from_probe(self.found(scope, query).await?, &page).into());
        };
        let search = Search {
            text: &text.folded(),
            sorting: BY_ID,
            index: "by_id",
            direction: page.direction,
            from: page.from.as_ref().map(values),
            filter: conditions,
            size: page.size,
        };
        let Found { documents, examined } =
            self.0.collection(scope, &schema::EVENTS).search::<EventDocument>(search).await?;
        let examined = examined.as_deref().map(position).transpose().map_err(StorageError::from)?;
        let events = read_in_parts(documents).await.map_err(StorageError::from)?;
        Ok(BoundedPage::from_probe(events, &page, examined))
    }

    async fn update(&self, scope: &TenantScope, edit: EventEdit, change: &Change) -> Outcome<Changed<Event>> {
        update::update(&self.0, scope, &edit, change).await
    }

    async fn cancel(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<Changed<Event>> {
        cancel::cancel(&self.0, scope, id, change).await
    }

    async fn restore(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<EventRestored> {
        restore::restore(&self.0, scope, id, change).await
    }

    async fn duplicate(
        &self,
        scope: &TenantScope,
        duplication: Duplication,
        change: &Change,
    ) -> Outcome<Event> {
        create::duplicate(&self.0, scope, &duplication, change).await
    }

    async fn delete(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<EventDeleted> {
        delete::delete(&self.0, scope, id, change).await
    }

    async fn update_occurrence(
        &self,
        scope: &TenantScope,
        edit: OccurrenceEdit,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>> {
        occurrence::update(&self.0, scope, &edit, change).await
    }

    async fn cancel_occurrence(
        &self,
        scope: &TenantScope,
        key: OccurrenceKey,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>> {
        occurrence::cancel(&self.0, scope, key, change).await
    }

    async fn restore_occurrence(
        &self,
        scope: &TenantScope,
        restoration: OccurrenceRestoration,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>> {
        occurrence::restore(&self.0, scope, &restoration, change).await
    }
}

/// The work of a step of a job about an event.
pub(crate) fn step<'t>(
    transaction: &'t mut Transaction<'_>,
    job: &'t JobDocument,
    change: &'t Change,
    size: usize,
) -> BoxFuture<'t, Attempt<Step>> {
    async move {
        match job.kind()? {
            JobKind::CancelRegistrations => seats::cancel_step(transaction, job, change, size).await,
            JobKind::DeleteEvent => delete::delete_step(transaction, job, size).await,
            JobKind::RemoveMember => Err(Fault::internal(format!("{} is not about an event", job.id)).into()),
        }
    }
    .boxed()
}

fn conditions(filter: &EventFilter) -> Document {
    let EventFilter { search: _, status, recurring } = filter;
    let mut conditions = Document::new();
    if let Some(status) = status {
        conditions.insert("status", status.as_str());
    }
    match recurring {
        Some(true) => conditions.insert("recurrence", doc! { "$ne": Bson::Null }),
        Some(false) => conditions.insert("recurrence", Bson::Null),
        None => None,
    };
    conditions
}

fn position(values: &[Bson]) -> Result<EventId, CorruptDocument> {
    let id = values.first().and_then(Bson::as_str).unwrap_or_default();
    Fields::of(schema::EVENTS.name, id).read("_id", EventId::parse(id))
}

impl MongoEvents {
    async fn found(&self, scope: &TenantScope, query: Query) -> Result<Vec<Event>, Fault> {
        let documents: Vec<EventDocument> =
            self.0.collection(scope, &schema::EVENTS).find(query.projected(doc! { "search": 0 })).await?;
        Ok(read_in_parts(documents).await.map_err(StorageError::from)?)
    }
}
