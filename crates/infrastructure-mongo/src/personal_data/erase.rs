use bson::{Document, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    ports::{ERASED_NAME, Erased, PERSONAL_FIELDS, tombstone},
};
use convene_domain::{
    activity::{Action, ActivityDraft, Subject},
    id::MemberId,
    text::UserId,
};
use futures::{FutureExt, future::BoxFuture};

use super::{keys_of, registrations_keyed_by};
use crate::{
    database::Database,
    documents::{
        activity::ActivityDocument,
        convert::{Fields, date},
        member::REMOVED,
    },
    error::{Attempt, StorageError},
    schema::{self, CollectionSchema},
    scoped::{Query, UpdateStatement},
    transaction::Transaction,
};

/// How many documents one transaction rewrites: well within the few seconds that it has.
const BATCH: usize = 500;

/// Changes what no entry is: the database refuses that too, to users who may not.
pub(super) async fn prove_rights(database: &Database, scope: &TenantScope) -> Outcome<()> {
    database
        .transact(scope, |transaction| {
            async move {
                let set = doc! { "$set": { "actor": "nobody" } };
                transaction.collection(&schema::ACTIVITY).update_one(doc! { "_id": "none" }, set).await?;
                Ok(())
            }
            .boxed()
        })
        .await
}

/// Replaces the person by a tombstone, in batches; the memberships come last, so that an erasure that is
/// interrupted still finds whom it is about.
pub(super) async fn erase(
    database: &Database,
    scope: &TenantScope,
    user: &UserId,
    change: &Change,
) -> Outcome<Erased> {
    let members = removed_memberships(database, scope, user).await.map_err(Fault::from)?;
    let stone = tombstone(members.first().map_or_else(|| database.ids().next(), MemberId::uuid));
    if stone == user.as_str() {
        return Ok(Erased::default());
    }
    let (user, stone, members) = (user, stone.as_str(), members.as_slice());
    let acted = database
        .in_batches(scope, |transaction| {
            let set = doc! { "$set": { "actor": stone } };
            rewrite(transaction, &schema::ACTIVITY, doc! { "actor": user.as_str() }, set).boxed()
        })
        .await?;
    let told = redact_entries(database, scope, members, stone).await?;
    let kept = database
        .in_batches(scope, |transaction| {
            let unset = doc! { "$unset": { "idempotency": "" } };
            rewrite(transaction, &schema::REGISTRATIONS, registrations_keyed_by(user), unset).boxed()
        })
        .await?;
    let noted = database
        .in_batches(scope, |transaction| {
            async move {
                let keys = keys_of(transaction.scope(), user);
                Ok(transaction.collection(&schema::IDEMPOTENCY).delete_many(keys).await?)
            }
            .boxed()
        })
        .await?;
    let memberships = database
        .transact(scope, |transaction| bury(transaction, members, user, stone, change).boxed())
        .await?;
    Ok(Erased { memberships, entries: acted + told, keys: kept + noted })
}

async fn removed_memberships(
    database: &Database,
    scope: &TenantScope,
    user: &UserId,
) -> Result<Vec<MemberId>, StorageError> {
    let filter = doc! { "userId": user.as_str(), "status": REMOVED };
    let query = Query::from(filter).sorted(doc! { "_id": 1 });
    let found = database.collection(scope, &schema::MEMBERS).ids(query).await?;
    let read = |id: &String| {
        Fields::of(schema::MEMBERS.name, id).read("_id", MemberId::parse(id)).map_err(StorageError::from)
    };
    found.iter().map(read).collect()
}

impl Database {
    /// Runs the batch in one transaction after the other, until there is nothing left for it to do.
    async fn in_batches<'environment, B>(&self, scope: &TenantScope, batch: B) -> Outcome<u64>
    where
        B: for<'t> Fn(&'t mut Transaction<'environment>) -> BoxFuture<'t, Attempt<u64>> + Send + Sync,
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

/// Updates a batch of the documents that pass the filter, after which they MUST not pass it any more.
async fn rewrite(
    transaction: &mut Transaction<'_>,
    schema: &'static CollectionSchema,
    filter: Document,
    update: Document,
) -> Attempt<u64> {
    let ids = transaction.collection(schema).ids(Query::from(filter).limited(BATCH)).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let updated = transaction.collection(schema).update_many(doc! { "_id": { "$in": ids } }, update).await?;
    Ok(updated.modified)
}

/// Replaces what the log's entries about the memberships say of who that is.
async fn redact_entries(
    database: &Database,
    scope: &TenantScope,
    members: &[MemberId],
    stone: &str,
) -> Outcome<u64> {
    let members: Vec<String> = members.iter().map(ToString::to_string).collect();
    let members = members.as_slice();
    let (mut total, mut after) = (0, String::new());
    loop {
        let place = after.as_str();
        let (redacted, last) =
            database.transact(scope, |it| redact_batch(it, members, place, stone).boxed()).await?;
        total += redacted;
        match last {
            Some(last) => after = last,
            None => return Ok(total),
        }
    }
}

/// Redacts a batch of the entries after the one with this id; answers with how many had something to replace, and
/// the id of the last one.
async fn redact_batch(
    transaction: &mut Transaction<'_>,
    members: &[String],
    after: &str,
    stone: &str,
) -> Attempt<(u64, Option<String>)> {
    let filter = doc! {
        "subject": { "$in": members },
        "changes.field": { "$in": PERSONAL_FIELDS.to_vec() },
        "_id": { "$gt": after },
    };
    let query = Query::from(filter).sorted(doc! { "_id": 1 }).limited(BATCH);
    let mut entries: Vec<ActivityDocument> = transaction.collection(&schema::ACTIVITY).find(query).await?;
    let last = entries.last().map(|entry| entry.id.clone());
    entries.retain_mut(|entry| entry.redact(stone));
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

/// Puts the tombstone onto the memberships.
async fn bury(
    transaction: &mut Transaction<'_>,
    members: &[MemberId],
    user: &UserId,
    stone: &str,
    change: &Change,
) -> Attempt<u32> {
    let mut buried = 0;
    for member in members {
        let them = doc! { "_id": member.to_string(), "userId": user.as_str(), "status": REMOVED };
        let update = doc! {
            "$set": { "userId": stone, "displayName": ERASED_NAME, "updatedAt": date(change.at) },
            "$unset": { "email": "" },
        };
        let updated = transaction.collection(&schema::MEMBERS).update_one(them, update).await?;
        if updated.matched == 1 {
            let subject = Subject::Member(*member);
            transaction
                .log(change, ActivityDraft { action: Action::MemberErased, subject, changes: Vec::new() });
            buried += 1;
        }
    }
    Ok(buried)
}
