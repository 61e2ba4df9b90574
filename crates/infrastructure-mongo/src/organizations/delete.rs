//! Deletions of organizations.
//!
//! The first transaction replaces the organization by the reservation of its slug, so that nobody finds it any more. The steps
//! delete its data, and at last the job.

use async_trait::async_trait;
use bson::{Bson, Document, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::Outcome,
    organization::{log, refusals},
    ports::OrganizationDeleted,
};
use convene_domain::{
    id::{JobId, OrganizationId},
    text::Slug,
};
use futures::{FutureExt, future::BoxFuture};
use serde::Deserialize;

use super::{find_stored, operator_keys};
use crate::{
    change::StoredResult,
    database::Database,
    documents::{
        convert::date,
        idempotency::{ResultDocument, keys_between},
        job::{JobDocument, JobKind, JobProgress, Step},
    },
    error::Attempt,
    operation::Operation,
    schema::{self, CollectionSchema},
    scoped::Query,
    steps::{Accepted, Progressing},
    transaction::Transaction,
};

/// The collections in the order in which they are deleted, each with an index that has the organization's documents in one range. A
/// change that was let in before the suspension updates a document of one of the first ones, so it conflicts with their deletion, or
/// its other documents are found later on.
static ORDER: [(&CollectionSchema, &str); 10] = [
    (&schema::EVENTS, "by_id"),
    (&schema::OCCURRENCES, "by_event"),
    (&schema::ISSUES, "one_issue_per_number"),
    (&schema::AGENDAS, "by_id"),
    (&schema::MEMBERS, "by_id"),
    (&schema::REGISTRATIONS, "by_occurrence"),
    (&schema::REVISIONS, "by_revision"),
    (&schema::IDEMPOTENCY, "_id_"),
    (&schema::ACTIVITY, "by_time"),
    (&schema::JOBS, "by_subject"),
];

pub(super) async fn delete(
    database: &Database,
    scope: &TenantScope,
    slug: &Slug,
    change: &Change,
) -> Outcome<OrganizationDeleted> {
    let steps = database.steps(scope, change.at, step);
    let accepted = database
        .change(scope, change, Operation::DeleteOrganization, |transaction| {
            begin(transaction, database, slug, change).boxed()
        })
        .await?;
    steps.continue_accepted(accepted).await
}

/// Replaces the organization by the reservation of its slug, and begins the job that deletes its data.
async fn begin(
    transaction: &mut Transaction<'_>,
    database: &Database,
    slug: &Slug,
    change: &Change,
) -> Attempt<Accepted<OrganizationDeleted>> {
    operator_keys::verify_unused(database, transaction.scope(), change).await?;
    let organization = find_stored(transaction).await?.ok_or_else(refusals::not_found)?;
    let change = &transaction.recorded_after(organization.updated_at, change);
    refusals::verify_deletable(&organization, slug)?;
    let reservation = doc! { "_id": "$_id", "slug": "$slug", "deletedAt": date(change.at) };
    let replace = vec![doc! { "$replaceWith": reservation }];
    let mut organizations = transaction.collection(&schema::ORGANIZATIONS);
    organizations.find_one_and_update::<Document>(doc! {}, replace).await?;
    // The steps of other jobs would not find what the deletion deletes. A step that runs meanwhile conflicts with this.
    transaction.collection(&schema::JOBS).delete_many(doc! { "finishedAt": null }).await?;
    let (job, cause) = (transaction.new_job(), transaction.log(change, log::deleted(&organization)));
    transaction.begin_job(job, JobKind::DeleteOrganization(organization.id), cause, 0).await?;
    Ok(Accepted { result: OrganizationDeleted { id: organization.id }, job: Some(job) })
}

/// Deletes up to `size` documents of the organization, from the collection on in which the step before it ended: an index still has
/// the entries of deleted documents for some time. The last step finds fewer, in all collections.
pub(crate) fn step<'t>(
    transaction: &'t mut Transaction<'_>,
    job: &'t JobDocument,
    _: &'t Change,
    size: usize,
) -> BoxFuture<'t, Attempt<Step>> {
    async move {
        let (before, from) = ORDER.split_at_checked(job.position()).unwrap_or((&ORDER, &[]));
        let mut done = 0;
        let mut last = job.position();
        // The collections before may have documents of changes that were let in before the suspension.
        for (number, &(schema, index)) in (before.len()..).zip(from).chain((0..).zip(before)) {
            if done == size {
                break;
            }
            last = number;
            let query = Query::from(deletable(schema, transaction.scope(), job.id))
                .hinted(index)
                .limited(size - done);
            let mut collection = transaction.collection(schema);
            let found: Vec<Identified> = collection.find(query.projected(doc! { "_id": 1 })).await?;
            if !found.is_empty() {
                done += found.len();
                let ids: Vec<Bson> = found.into_iter().map(|document| document.id).collect();
                collection.delete_many(doc! { "_id": { "$in": ids } }).await?;
            }
        }
        let is_last = done < size;
        let this = doc! { "_id": job.id.to_string() };
        let mut jobs = transaction.collection(&schema::JOBS);
        if is_last {
            jobs.delete_one(this).await?;
        } else if last != job.position() {
            let position = i64::try_from(last).unwrap_or(0);
            jobs.update_one(this, doc! { "$set": { "position": position } }).await?;
        }
        Ok(Step { done, is_last })
    }
    .boxed()
}

/// The documents that go before the last step. The key of the deletion stays until it expires, so that a repeat is answered.
fn deletable(schema: &CollectionSchema, scope: &TenantScope, job: JobId) -> Document {
    if schema.name == schema::IDEMPOTENCY.name {
        let organization = scope.organization().to_string();
        let mut keys =
            keys_between(&organization, (Bson::MinKey, Bson::MinKey), (Bson::MaxKey, Bson::MaxKey));
        keys.insert("operation", doc! { "$ne": Operation::DeleteOrganization });
        return keys;
    }
    if schema.name == schema::JOBS.name {
        return doc! { "_id": { "$ne": job.to_string() } };
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
    fn advance(&mut self, _: JobProgress) {}
}
