//! Idempotency keys: what was done under them, and what is done now.
//!
//! A registration carries its own key, so remembering it costs no write, and looking for it none either while it
//! succeeds: the unique index would refuse a second one. Cancellations are noted down with all other mutations.

use std::collections::HashMap;

use bson::{Bson, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::Refusal,
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

/// How the note of a cancellation names it.
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
    noted: HashMap<Key, IdempotencyDocument>,
    registered: HashMap<Key, RegistrationDocument>,
    new: Vec<IdempotencyDocument>,
}

/// Reads what is stored under the keys of these changes.
///
/// The keys are read outside the transaction, beside it or before: whatever had been answered before a request arrived is
/// seen. Later uses are not, so they are read again before a cancellation is refused.
pub(super) async fn notes<'b>(
    database: &Database,
    scope: &TenantScope,
    changes: impl Iterator<Item = &'b Change> + Send,
) -> Attempt<Vec<IdempotencyDocument>> {
    let Some(filter) = by_keys(scope, changes)? else { return Ok(Vec::new()) };
    let notes = database.collection(scope, &schema::IDEMPOTENCY).find(filter).await;
    notes.map_err(|error| if error.is_unavailability() { Interruption::Again(error) } else { error.into() })
}

/// The filter for the keys of these changes; `None` if they have no keys.
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
        noted: Vec<IdempotencyDocument>,
        waiting: &Waiting<'_>,
        verification: Verification,
    ) -> Attempt<Self> {
        let organization = transaction.scope().organization().to_string();
        let mut keys = Self { organization, ..Self::default() };
        keys.remember(noted);
        let uncertain = match verification {
            Verification::Exhaustive => waiting.changes().collect(),
            Verification::Optimistic | Verification::Standard => {
                waiting.cancellations.iter().map(|cancellation| cancellation.change).collect::<Vec<_>>()
            }
        };
        keys.load_registered(transaction, uncertain.into_iter()).await?;
        Ok(keys)
    }

    /// Looks the notes up as the transaction sees them: the same call may have come twice at once, or again.
    pub(super) async fn load_notes<'b>(
        &mut self,
        transaction: &mut Transaction<'_>,
        changes: impl Iterator<Item = &'b Change> + Send,
    ) -> Attempt<()> {
        if let Some(filter) = by_keys(transaction.scope(), changes)? {
            let notes = transaction.collection(&schema::IDEMPOTENCY).find(filter).await?;
            self.remember(notes);
        }
        Ok(())
    }

    /// Whether the note was reckoned with.
    pub(super) fn knows(&self, note: &IdempotencyDocument) -> bool {
        self.noted.contains_key(&(note.id.actor.clone(), note.id.key.clone()))
    }

    fn remember(&mut self, notes: Vec<IdempotencyDocument>) {
        self.noted.extend(notes.into_iter().map(|note| ((note.id.actor.clone(), note.id.key.clone()), note)));
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
            KeyStatus::Repeat(Repeated::Cancellation(result)) => Some(recall(transaction, result).await?),
            KeyStatus::Repeat(_) | KeyStatus::Reused => Some(Err(Refusal::IdempotencyKeyReused)),
        })
    }

    /// Classifies a change by the known uses of its key.
    fn status(&self, change: &Change) -> Attempt<KeyStatus<Repeated<'_>>> {
        let (Some(key), Some(idempotency)) = (key(change), &change.idempotency) else {
            return Ok(KeyStatus::Fresh);
        };
        let registered = self.registered.get(&key).map(RegistrationDocument::key_use).transpose()?.flatten();
        let noted = self.noted.get(&key).map(IdempotencyDocument::key_use).transpose()?;
        let uses = registered.map(|used| used.map(Repeated::Registration)).into_iter();
        let uses = uses.chain(noted.map(|used| used.map(Repeated::Cancellation)));
        Ok(classify(uses, change.at, idempotency.fingerprint))
    }

    /// Notes a cancellation down, if it has a key.
    pub(super) fn note(&mut self, change: &Change, cancelled: &Cancelled) {
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

    /// Takes a key from a registration that is too old for it, so that a new one can have it.
    pub(super) async fn forget(&mut self, transaction: &mut Transaction<'_>, change: &Change) -> Attempt<()> {
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

    /// Stores the new notes, in the place of old ones that the database has not deleted yet.
    pub(super) async fn write(&self, transaction: &mut Transaction<'_>) -> Attempt<()> {
        let outlived = self
            .new
            .iter()
            .filter(|note| self.knows(note))
            .map(|note| bson::serialize_to_bson(&note.id))
            .collect::<Result<Vec<Bson>, _>>()?;
        let mut notes = transaction.collection(&schema::IDEMPOTENCY);
        if !outlived.is_empty() {
            notes.delete_many(doc! { "_id": { "$in": outlived } }).await?;
        }
        Ok(notes.insert_all(&self.new).await?)
    }
}

fn document(organization: &str, (actor, key): Key) -> KeyDocument {
    KeyDocument { organization: organization.to_owned(), actor, key }
}

fn key(change: &Change) -> Option<Key> {
    let idempotency = change.idempotency.as_ref()?;
    Some((change.actor.to_string(), idempotency.key.as_str().to_owned()))
}

/// The answer that a cancellation was given, with its registrations as they are now.
async fn recall(
    transaction: &mut Transaction<'_>,
    note: &ResultDocument,
) -> Attempt<Decision<CancelRequest>> {
    let ids: Vec<&str> = std::iter::once(note.subject.as_str()).chain(note.also.as_deref()).collect();
    let filter = doc! { "_id": { "$in": ids } };
    let found: Vec<RegistrationDocument> =
        transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
    let read = |id: &str| -> Result<Option<Registration>, CorruptDocument> {
        found.iter().find(|registration| registration.id == id).map(Registration::try_from).transpose()
    };
    let promoted = note.also.as_deref().map(read).transpose().map_err(StorageError::from)?.flatten();
    Ok(match read(&note.subject)? {
        Some(registration) => Ok(Cancelled { registration, promoted }),
        None => Err(Refusal::not_found("registrationId")),
    })
}
