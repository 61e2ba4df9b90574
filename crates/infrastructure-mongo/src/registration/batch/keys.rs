//! The idempotency keys of a batch.
//!
//! A registration stores its own key, which costs no further write, and no read before it: a unique index refuses a second
//! registration with the same key. Keys of cancellations are stored in the idempotency collection, as those of other
//! mutations.

use std::collections::HashMap;

use bson::{Bson, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Field, Refusal},
    idempotency::{KeyStatus, classify},
    ports::{CancelRequest, Cancelled, RegisterRequest},
};
use convene_domain::registration::Registration;

use super::{Decision, Verification, Waiting};
use crate::{
    database::Database,
    documents::{
        convert::{binary, date},
        idempotency::{IdempotencyDocument, KeyDocument, ResultDocument},
    },
    error::{Attempt, CorruptDocument, Interruption, StorageError},
    registration::document::RegistrationDocument,
    schema,
    scoped::UpdateStatement,
    transaction::Transaction,
};

/// The operation that is stored with the key of a cancellation.
const OPERATION: &str = "cancelRegistration";

type Key = (String, String);

/// The result of an earlier call under the same key.
enum Repeated<'a> {
    Registration(&'a RegistrationDocument),
    Cancellation(&'a ResultDocument),
}

/// The keys of a batch.
#[derive(Debug, Default)]
pub(super) struct Keys {
    organization: String,
    used: HashMap<Key, IdempotencyDocument>,
    registered: HashMap<Key, RegistrationDocument>,
    new: Vec<IdempotencyDocument>,
}

/// Reads the stored uses of the keys of these changes, outside the transaction.
///
/// All uses that were answered before a request arrived are found. Later uses may be missed, so the keys are read again
/// before a cancellation is refused.
pub(super) async fn find_used<'b>(
    database: &Database,
    scope: &TenantScope,
    changes: impl Iterator<Item = &'b Change> + Send,
) -> Attempt<Vec<IdempotencyDocument>> {
    let Some(filter) = by_keys(scope, changes)? else { return Ok(Vec::new()) };
    let used = database.collection(scope, &schema::IDEMPOTENCY).find(filter).await;
    used.map_err(|error| if error.is_unavailability() { Interruption::Again(error) } else { error.into() })
}

/// Makes the filter of the keys of these changes; `None` if they have no keys.
fn by_keys<'b>(
    scope: &TenantScope,
    changes: impl Iterator<Item = &'b Change>,
) -> Attempt<Option<bson::Document>> {
    let organization = scope.organization().to_string();
    let ids = changes
        .filter_map(key)
        .map(|key| bson::serialize_to_bson(&document(&organization, key)))
        .collect::<Result<Vec<Bson>, _>>()?;
    Ok((!ids.is_empty()).then(|| doc! { "_id": { "$in": ids } }))
}

impl Keys {
    /// Reads the registrations that were made under the keys of the cancellations, and with exhaustive verification also
    /// under those of the registrations.
    pub(super) async fn load(
        transaction: &mut Transaction<'_>,
        used: Vec<IdempotencyDocument>,
        waiting: &Waiting<'_>,
        verification: Verification,
    ) -> Attempt<Self> {
        let organization = transaction.scope().organization().to_string();
        let mut keys = Self { organization, ..Self::default() };
        keys.add(used);
        let uncertain = match verification {
            Verification::Exhaustive => waiting.changes().collect(),
            Verification::Optimistic | Verification::Standard => {
                waiting.cancellations.iter().map(|cancellation| cancellation.change).collect::<Vec<_>>()
            }
        };
        keys.load_registered(transaction, uncertain.into_iter()).await?;
        Ok(keys)
    }

    /// Reads the stored uses of the keys within the transaction, which also finds concurrent repeats.
    pub(super) async fn load_used<'b>(
        &mut self,
        transaction: &mut Transaction<'_>,
        changes: impl Iterator<Item = &'b Change> + Send,
    ) -> Attempt<()> {
        if let Some(filter) = by_keys(transaction.scope(), changes)? {
            let used = transaction.collection(&schema::IDEMPOTENCY).find(filter).await?;
            self.add(used);
        }
        Ok(())
    }

    /// Tests whether the use of the key was taken into account.
    pub(super) fn contains(&self, used: &IdempotencyDocument) -> bool {
        self.used.contains_key(&(used.id.actor.clone(), used.id.key.clone()))
    }

    fn add(&mut self, used: Vec<IdempotencyDocument>) {
        self.used.extend(used.into_iter().map(|used| ((used.id.actor.clone(), used.id.key.clone()), used)));
    }

    /// Reads the registrations that were made under the keys of these changes.
    pub(super) async fn load_registered<'b>(
        &mut self,
        transaction: &mut Transaction<'_>,
        changes: impl Iterator<Item = &'b Change> + Send,
    ) -> Attempt<()> {
        let (actors, keys): (Vec<String>, Vec<String>) = changes.filter_map(key).unzip();
        if keys.is_empty() {
            return Ok(());
        }
        let filter = doc! { "idempotency.actor": { "$in": actors }, "idempotency.key": { "$in": keys } };
        let found: Vec<RegistrationDocument> =
            transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
        for registration in found {
            if let Some(used) = &registration.idempotency {
                self.registered.insert((used.actor.clone(), used.key.clone()), registration);
            }
        }
        Ok(())
    }

    /// Decides a registration whose key was used before, as far as that is known.
    pub(super) fn registration(&self, change: &Change) -> Attempt<Option<Decision<RegisterRequest>>> {
        Ok(match self.status(change)? {
            KeyStatus::Fresh => None,
            KeyStatus::Repeat(Repeated::Registration(registration)) => Some(Ok(registration.try_into()?)),
            KeyStatus::Repeat(_) | KeyStatus::Reused => Some(Err(Refusal::IdempotencyKeyReused)),
        })
    }

    /// Decides a cancellation whose key was used before, as far as that is known.
    pub(super) async fn cancellation(
        &self,
        transaction: &mut Transaction<'_>,
        change: &Change,
    ) -> Attempt<Option<Decision<CancelRequest>>> {
        Ok(match self.status(change)? {
            KeyStatus::Fresh => None,
            KeyStatus::Repeat(Repeated::Cancellation(result)) => {
                Some(load_result(transaction, result).await?)
            }
            KeyStatus::Repeat(_) | KeyStatus::Reused => Some(Err(Refusal::IdempotencyKeyReused)),
        })
    }

    /// Classifies a change by the known uses of its key.
    fn status(&self, change: &Change) -> Attempt<KeyStatus<Repeated<'_>>> {
        let (Some(key), Some(idempotency)) = (key(change), &change.idempotency) else {
            return Ok(KeyStatus::Fresh);
        };
        let registered = self.registered.get(&key).map(RegistrationDocument::key_use).transpose()?.flatten();
        let used = self.used.get(&key).map(IdempotencyDocument::key_use).transpose()?;
        let uses = registered.map(|used| used.map(Repeated::Registration)).into_iter();
        let uses = uses.chain(used.map(|used| used.map(Repeated::Cancellation)));
        Ok(classify(uses, change.at, idempotency.fingerprint))
    }

    /// Records the key of a cancellation, if it has one.
    pub(super) fn record(&mut self, change: &Change, cancelled: &Cancelled) {
        let (Some(key), Some(idempotency)) = (key(change), &change.idempotency) else { return };
        self.new.push(IdempotencyDocument {
            id: document(&self.organization, key),
            fingerprint: binary(idempotency.fingerprint),
            operation: OPERATION.to_owned(),
            result: ResultDocument {
                subject: cancelled.registration.id.to_string(),
                also: cancelled.promoted.as_ref().map(|promoted| promoted.id.to_string()),
                ..ResultDocument::default()
            },
            created_at: date(change.at),
        });
    }

    /// Removes an expired key from the registration that stores it, so that a new one can store it.
    pub(super) async fn release(
        &mut self,
        transaction: &mut Transaction<'_>,
        change: &Change,
    ) -> Attempt<()> {
        let Some(old) = key(change).and_then(|key| self.registered.remove(&key)) else {
            return Ok(());
        };
        let statement = UpdateStatement {
            filter: doc! { "_id": old.id },
            update: doc! { "$unset": { "idempotency": "" } }.into(),
            many: false,
        };
        transaction.collection(&schema::REGISTRATIONS).update_in_order(vec![statement]).await?;
        Ok(())
    }

    /// Stores the recorded keys. They replace expired uses that the database has not deleted yet.
    pub(super) async fn write(&self, transaction: &mut Transaction<'_>) -> Attempt<()> {
        let expired = self
            .new
            .iter()
            .filter(|used| self.contains(used))
            .map(|used| bson::serialize_to_bson(&used.id))
            .collect::<Result<Vec<Bson>, _>>()?;
        let mut keys = transaction.collection(&schema::IDEMPOTENCY);
        if !expired.is_empty() {
            keys.delete_many(doc! { "_id": { "$in": expired } }).await?;
        }
        Ok(keys.insert_all(&self.new).await?)
    }
}

fn document(organization: &str, (actor, key): Key) -> KeyDocument {
    KeyDocument { organization: organization.to_owned(), actor, key }
}

fn key(change: &Change) -> Option<Key> {
    let idempotency = change.idempotency.as_ref()?;
    Some((change.actor.to_string(), idempotency.key.as_str().to_owned()))
}

/// Loads the registrations of the result of a cancellation as they are now.
async fn load_result(
    transaction: &mut Transaction<'_>,
    result: &ResultDocument,
) -> Attempt<Decision<CancelRequest>> {
    let ids: Vec<&str> = std::iter::once(result.subject.as_str()).chain(result.also.as_deref()).collect();
    let filter = doc! { "_id": { "$in": ids } };
    let found: Vec<RegistrationDocument> =
        transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
    let read = |id: &str| -> Result<Option<Registration>, CorruptDocument> {
        found.iter().find(|registration| registration.id == id).map(Registration::try_from).transpose()
    };
    let promoted = result.also.as_deref().map(read).transpose().map_err(StorageError::from)?.flatten();
    Ok(match read(&result.subject)? {
        Some(registration) => Ok(Cancelled { registration, promoted }),
        None => Err(Refusal::not_found(Field::RegistrationId)),
    })
}
