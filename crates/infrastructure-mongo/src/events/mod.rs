//! The port of events.

mod cancel;
mod create;
mod delete;
mod list;
mod load;
mod occurrence;
mod planning;
mod realign;
mod restore;
mod results;
mod store;
mod update;

use std::sync::Arc;

use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope,
    catalogue::Replica,
    change::Change,
    failure::{Fault, Outcome},
    page::{BoundedPage, PageRequest},
    ports::{
        Changed, Duplication, EventDeleted, EventEdit, EventFilter, EventPosition, EventRestored, Events,
        OccurrenceCancellation, OccurrenceEdit, OccurrenceRestoration,
    },
};
use convene_domain::{event::Event, id::EventId, occurrence::Occurrence};
use futures::{FutureExt, future::BoxFuture};

pub(crate) use self::realign::realign;
use crate::{
    database::Database,
    documents::{
        event::EventDocument,
        ids::texts,
        job::{JobDocument, JobKind, Step},
        read_in_parts,
    },
    error::{Attempt, StorageError},
    registration::seats,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// Events in MongoDB.
#[derive(Clone)]
pub(crate) struct MongoEvents(pub(crate) Database);

#[async_trait]
impl Events for MongoEvents {
    async fn create(&self, scope: &TenantScope, event: Event, change: &Change) -> Outcome<Event> {
        create::create(&self.0, scope, &event, change).await
    }

    async fn get_many(&self, scope: &TenantScope, ids: &[EventId]) -> Result<Vec<Event>, Fault> {
        self.found(scope, doc! { "_id": { "$in": texts(ids) } }.into()).await
    }

    async fn list(
        &self,
        scope: &TenantScope,
        filter: EventFilter,
        page: PageRequest<EventPosition>,
        held: Option<Arc<Replica>>,
    ) -> Result<BoundedPage<Arc<Event>, EventPosition>, Fault> {
        list::list(self, scope, &filter, &page, held.as_deref()).await
    }

    async fn count(&self, scope: &TenantScope, filter: EventFilter) -> Result<Option<u32>, Fault> {
        list::count(self, scope, &filter).await
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
        cancellation: OccurrenceCancellation,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>> {
        occurrence::cancel(&self.0, scope, cancellation, change).await
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
            JobKind::CancelRegistrations(_) => seats::cancel_step(transaction, job.id, change, size).await,
            JobKind::DeleteEvent(event) => delete::delete_part(transaction, event, change, size).await,
            JobKind::RemoveMember(_) | JobKind::DeleteOrganization(_) => {
                Err(Fault::internal(format!("{} is not about an event", job.id)).into())
            }
        }
    }
    .boxed()
}

impl MongoEvents {
    async fn found(&self, scope: &TenantScope, query: Query) -> Result<Vec<Event>, Fault> {
        let documents: Vec<EventDocument> =
            self.0.collection(scope, &schema::EVENTS).find(query.projected(doc! { "search": 0 })).await?;
        Ok(read_in_parts(documents).await.map_err(StorageError::from)?)
    }
}
