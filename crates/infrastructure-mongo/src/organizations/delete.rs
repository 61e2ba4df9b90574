//! Deletions of organizations.
//!
//! The first transaction replaces the organization by the reservation of its slug, so that nobody finds it any more. The steps
//! delete its data, and at last the job.

use async_trait::async_trait;
use bson::{Bson, Document, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Failure, Outcome},
    organization::{log, refusals},
    ports::OrganizationDeleted,
};
use convene_domain::{id::OrganizationId, text::Slug};
use futures::{FutureExt, future::BoxFuture};
use serde::Deserialize;

use super::{find_stored, operator_keys};
use crate::{
    change::StoredResult,
    database::Database,
    documents::{
        convert::date,
        idempotency::ResultDocument,
        job::{JobDocument, JobKind, Progress, Step},
    },
    error::Attempt,
    schema::{self, CollectionSchema, DELETE_ORGANIZATION},
    scoped::Query,
    steps::{Begun, Progressing},
    transaction::Transaction,
};

/// The collections in the order in which they are deleted. A change that was let in before the suspension updates a document of one of
/// the first ones, so it conflicts with their deletion, or its other documents are found later on.
static ORDER: [&CollectionSchema; 10] = [
    &schema::EVENTS,
    &schema::OCCURRENCES,
    &schema::ISSUES,
    &schema::AGENDAS,
    &schema::MEMBERS,
    &schema::REGISTRATIONS,
    &schema::REVISIONS,
    &schema::IDEMPOTENCY,
    &schema::ACTIVITY,
    &schema::JOBS,
];

pub(super) async fn delete(
    database: &Database,
    scope: &TenantScope,
    slug: &Slug,
    change: &Change,
) -> Outcome<OrganizationDeleted> {
    let until = database.answer_by();
    let begun = database
        .change_serialized(scope, change, DELETE_ORGANIZATION, |transaction| {
            async move {
                operator_keys::verify_unused(database, transaction.scope(), change).await?;
                let organization = find_stored(transaction).await?.ok_or_else(refusals::not_found)?;
                refusals::verify_deletable(&organization, slug).map_err(Failure::Refused)?;
                let reservation = doc! { "_id": "$_id", "slug": "$slug", "deletedAt": date(change.at) };
                let replace = vec![doc! { "$replaceWith": reservation }];
                let mut organizations = transaction.collection(&schema::ORGANIZATIONS);
                organizations.find_one_and_update::<Document>(doc! {}, replace).await?;
                let (job, cause) =
                    (transaction.new_job(), transaction.log(change, log::deleted(&organization)));
                transaction.begin_job(job, JobKind::DeleteOrganization, organization.id, cause, 0).await?;
                Ok(Begun { result: OrganizationDeleted { id: organization.id }, job: Some(job) })
            }
            .boxed()
        })
        .await?;
    database.answer(scope, begun, change.at, until, step).await
}

/// Deletes up to `size` documents of the organization. The last step finds fewer, in all collections.
pub(crate) fn step<'t>(
    transaction: &'t mut Transaction<'_>,
    job: &'t JobDocument,
    _: &'t Change,
    size: usize,
) -> BoxFuture<'t, Attempt<Step>> {
    async move {
        let mut done = 0;
        for schema in ORDER {
            if done == size {
                break;
            }
            let query = Query::from(deletable(schema, job)).limited(size - done);
            let mut collection = transaction.collection(schema);
            let found: Vec<Identified> = collection.find(query.projected(doc! { "_id": 1 })).await?;
            if !found.is_empty() {
                done += found.len();
                let ids: Vec<Bson> = found.into_iter().map(|document| document.id).collect();
                collection.delete_many(doc! { "_id": { "$in": ids } }).await?;
            }
        }
        let is_last = done < size;
        if is_last {
            transaction.collection(&schema::JOBS).delete_one(doc! { "_id": &job.id }).await?;
        }
        Ok(Step { done, is_last })
    }
    .boxed()
}

/// The documents that go before the last step. The key of the deletion stays until it expires, so that a repeat is answered.
fn deletable(schema: &CollectionSchema, job: &JobDocument) -> Document {
    if schema.name == schema::IDEMPOTENCY.name {
        return doc! { "operation": { "$ne": DELETE_ORGANIZATION } };
    }
    if schema.name == schema::JOBS.name {
        return doc! { "_id": { "$ne": &job.id } };
    }
    Document::new()
}

#[derive(Deserialize)]
struct Identified {
    #[serde(rename = "_id")]
    id: Bson,
}

#[async_trait]
impl StoredResult for OrganizationDeleted {
    fn to_document(&self) -> ResultDocument {
        ResultDocument::of(self.id)
    }

    async fn load(_: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        Ok(Self { id: stored.subject_as(OrganizationId::parse)? })
    }
}

impl Progressing for OrganizationDeleted {
    /// The organization is gone for everyone, whatever is left of its data.
    fn advance(&mut self, _: Progress) {}
}
