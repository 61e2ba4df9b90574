use bson::{Bson, Document, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Failure, Fault, Outcome},
    member::log,
    ports::{ERASED_NAME, Erased, PERSONAL_FIELDS, pseudonym},
};
use convene_domain::{id::MemberId, text::UserId};
use futures::FutureExt;
use serde::Deserialize;

use super::keys_of;
use crate::{
    database::Database,
    documents::{
        activity::ActivityDocument,
        convert::{date, instant},
        ids::texts,
        member::{MemberDocument, REMOVED},
    },
    error::{Attempt, StorageError},
    members::step,
    schema::{self, CollectionSchema},
    scoped::{Query, UpdateStatement},
    transaction::{Body, Transaction},
};

/// The number of documents that one transaction rewrites: well within the few seconds that it has.
const BATCH_SIZE: usize = 500;

/// Updates an entry that does not exist: the database refuses that too if the right is missing.
pub(super) async fn may_erase(database: &Database, scope: &TenantScope) -> Outcome<bool> {
    let update = database
        .transact(scope, |transaction| {
            async move {
                let set = doc! { "$set": { "actor": "nobody" } };
                transaction.collection(&schema::ACTIVITY).update_one(doc! { "_id": "none" }, set).await?;
                Ok(())
            }
            .boxed()
        })
        .await;
    let is_forbidden = |fault: &Fault| match fault {
        Fault::Internal(source) => source.downcast_ref().is_some_and(StorageError::is_unauthorized),
        _ => false,
    };
    match update {
        Ok(()) => Ok(true),
        Err(Failure::Fault(fault)) if is_forbidden(&fault) => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Replaces the person's user id by a pseudonym, in batches. The memberships come last, because an erasure that was
/// interrupted starts from them.
pub(super) async fn erase(
    database: &Database,
    scope: &TenantScope,
    user: &UserId,
    change: &Change,
) -> Outcome<Erased> {
    let members = removed_memberships(database, scope, user).await.map_err(Fault::from)?;
    for &member in &members {
        // Nothing is left to be cancelled when the person is gone.
        while !database.is_settled(scope, member).await? {
            database.steps(scope, change.at, step).settle(member).await?;
        }
    }
    let pseudonym = pseudonym(members.first().map_or_else(|| database.ids().next(), MemberId::uuid));
    if pseudonym == user.as_str() {
        return Ok(Erased::default());
    }
    let (user, pseudonym, members) = (user, pseudonym.as_str(), members.as_slice());
    let actors = database
        .in_batches(scope, |transaction| {
            let set = doc! { "$set": { "actor": pseudonym } };
            rewrite(transaction, &schema::ACTIVITY, doc! { "actor": user.as_str() }, set).boxed()
        })
        .await?;
    let subjects = redact_entries(database, scope, members, pseudonym).await?;
    let keys = database.in_batches(scope, |transaction| delete_keys(transaction, user).boxed()).await?;
    let memberships = database
        .transact(scope, |transaction| {
            replace_memberships(transaction, members, user, pseudonym, change).boxed()
        })
        .await?;
    Ok(Erased { memberships, entries: actors + subjects, keys })
}

async fn removed_memberships(
    database: &Database,
    scope: &TenantScope,
    user: &UserId,
) -> Result<Vec<MemberId>, StorageError> {
    let filter = doc! { "userId": user.as_str(), "status": REMOVED };
    let query = Query::from(filter).sorted(doc! { "_id": 1 }).hinted("by_user");
    database.collection(scope, &schema::MEMBERS).ids(query).await
}

impl Database {
    /// Runs the batch in one transaction after the other, until it finds no documents any more.
    async fn in_batches<'environment, B>(&self, scope: &TenantScope, batch: B) -> Outcome<u64>
    where
        B: Body<'environment, u64>,
    {
        let mut total = 0;
        loop {
            let done = self.transact(scope, &batch).await?;
            if done == 0 {
                return Ok(total);
            }
            total += done;
        }
    }
}

/// Updates a batch of the documents that pass the filter. The update MUST make them fail the filter.
async fn rewrite(
    transaction: &mut Transaction<'_>,
    schema: &'static CollectionSchema,
    filter: Document,
    update: Document,
) -> Attempt<u64> {
    let query = Query::from(filter).limited(BATCH_SIZE);
    let ids: Vec<String> = transaction.collection(schema).ids(query).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let updated = transaction.collection(schema).update_many(doc! { "_id": { "$in": ids } }, update).await?;
    Ok(updated.modified)
}

/// Deletes a batch of the person's idempotency keys.
async fn delete_keys(transaction: &mut Transaction<'_>, user: &UserId) -> Attempt<u64> {
    #[derive(Deserialize)]
    struct Identified {
        #[serde(rename = "_id")]
        id: Bson,
    }
    let keys = Query::from(keys_of(transaction.scope(), user)).limited(BATCH_SIZE).hinted("_id_");
    let mut collection = transaction.collection(&schema::IDEMPOTENCY);
    let found: Vec<Identified> = collection.find(keys.projected(doc! { "_id": 1 })).await?;
    if found.is_empty() {
        return Ok(0);
    }
    let ids: Vec<Bson> = found.into_iter().map(|document| document.id).collect();
    Ok(collection.delete_many(doc! { "_id": { "$in": ids } }).await?)
}

/// Redacts the log's entries about the memberships.
async fn redact_entries(
    database: &Database,
    scope: &TenantScope,
    members: &[MemberId],
    pseudonym: &str,
) -> Outcome<u64> {
    let (mut total, mut after) = (0, String::new());
    loop {
        let start = after.as_str();
        let (redacted, last) =
            database.transact(scope, |it| redact_batch(it, members, start, pseudonym).boxed()).await?;
        total += redacted;
        match last {
            Some(last) => after = last,
            None => return Ok(total),
        }
    }
}

/// Redacts a batch of the entries after the one with this id. Returns the number of changed entries, and the id of the last
/// entry of the batch.
async fn redact_batch(
    transaction: &mut Transaction<'_>,
    members: &[MemberId],
    after: &str,
    pseudonym: &str,
) -> Attempt<(u64, Option<String>)> {
    let filter = doc! {
        "subject": { "$in": texts(members) },
        "changes.field": { "$in": PERSONAL_FIELDS.to_vec() },
        "_id": { "$gt": after },
    };
    let query = Query::from(filter).sorted(doc! { "_id": 1 }).limited(BATCH_SIZE).hinted("by_subject");
    let mut entries: Vec<ActivityDocument> = transaction.collection(&schema::ACTIVITY).find(query).await?;
    let last = entries.last().map(|entry| entry.id.clone());
    entries.retain_mut(|entry| entry.redact(pseudonym));
    let statement = |entry: &ActivityDocument| {
        let changes = bson::serialize_to_bson(&entry.changes)?;
        Ok::<_, bson::error::Error>(UpdateStatement {
            filter: doc! { "_id": &entry.id },
            update: doc! { "$set": { "changes": changes } }.into(),
            many: false,
        })
    };
    let statements = entries.iter().map(statement).collect::<Result<_, _>>()?;
    let updated = transaction.collection(&schema::ACTIVITY).update_in_order(statements).await?;
    Ok((updated.modified, last))
}

/// Replaces the personal fields of the memberships.
async fn replace_memberships(
    transaction: &mut Transaction<'_>,
    members: &[MemberId],
    user: &UserId,
    pseudonym: &str,
    change: &Change,
) -> Attempt<u32> {
    let mut replaced = 0;
    for member in members {
        let filter = doc! { "_id": member.to_string(), "userId": user.as_str(), "status": REMOVED };
        let found: Option<MemberDocument> =
            transaction.collection(&schema::MEMBERS).find_one(filter.clone()).await?;
        let Some(found) = found else { continue };
        let change = &transaction.recorded_after(instant(found.updated_at), change);
        let update = doc! {
            "$set": { "userId": pseudonym, "displayName": ERASED_NAME, "updatedAt": date(change.at) },
            "$unset": { "email": "" },
        };
        transaction.collection(&schema::MEMBERS).update_one(filter, update).await?;
        transaction.log(change, log::erased(*member));
        replaced += 1;
    }
    Ok(replaced)
}
