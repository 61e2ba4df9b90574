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
    ports::Cancelled,
};
use convene_domain::registration::Registration;

use super::{Answer, Care, Entry, Verdict, Wish};
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

/// What was noted down under the entries' keys.
///
/// They are looked up outside the transaction, beside it or before: whatever had been answered before an entry came is
/// seen. What is done meanwhile is not, so whose cancellation is about to be refused is looked up again.
pub(super) async fn notes<'e>(
    database: &Database,
    scope: &TenantScope,
    entries: impl Iterator<Item = &'e Entry> + Send,
) -> Attempt<Vec<IdempotencyDocument>> {
    let Some(filter) = by_keys(scope, entries)? else { return Ok(Vec::new()) };
    let notes = database.collection(scope, &schema::IDEMPOTENCY).find(filter).await;
    notes.map_err(|error| if error.is_unavailability() { Interruption::Again(error) } else { error.into() })
}

/// The notes of the entries' keys; none if they have no keys.
fn by_keys<'e>(
    scope: &TenantScope,
    entries: impl Iterator<Item = &'e Entry>,
) -> Attempt<Option<bson::Document>> {
    let organization = scope.organization().to_string();
    let ids = entries
        .filter_map(|entry| key(&entry.change))
        .map(|key| bson::serialize_to_bson(&document(&organization, key)))
        .collect::<Result<Vec<Bson>, _>>()?;
    Ok((!ids.is_empty()).then(|| doc! { "_id": { "$in": ids } }))
}

impl Keys {
    /// Looks up whether a key that a cancellation brings was used to register. With care, also whether one that a
    /// registration brings was.
    pub(super) async fn load<'e>(
        transaction: &mut Transaction<'_>,
        noted: Vec<IdempotencyDocument>,
        entries: impl Iterator<Item = &'e Entry> + Send,
        care: Care,
    ) -> Attempt<Self> {
        let organization = transaction.scope().organization().to_string();
        let mut keys = Self { organization, ..Self::default() };
        keys.remember(noted);
        let uncertain = entries.filter(|entry| care == Care::More || matches!(entry.wish, Wish::Cancel(_)));
        keys.load_registered(transaction, uncertain).await?;
        Ok(keys)
    }

    /// Looks the notes up as the transaction sees them: the same call may have come twice at once, or again.
    pub(super) async fn load_notes<'e>(
        &mut self,
        transaction: &mut Transaction<'_>,
        entries: impl Iterator<Item = &'e Entry> + Send,
    ) -> Attempt<()> {
        if let Some(filter) = by_keys(transaction.scope(), entries)? {
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

    /// Looks up the registrations that were made under the entries' keys.
    pub(super) async fn load_registered<'e>(
        &mut self,
        transaction: &mut Transaction<'_>,
        entries: impl Iterator<Item = &'e Entry> + Send,
    ) -> Attempt<()> {
        let (actors, keys): (Vec<String>, Vec<String>) =
            entries.filter_map(|entry| key(&entry.change)).unzip();
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

    /// What a call whose key was used before is told, as far as that is known.
    pub(super) async fn verdict(
        &self,
        transaction: &mut Transaction<'_>,
        entry: &Entry,
    ) -> Attempt<Option<Verdict>> {
        let change = &entry.change;
        let (Some(key), Some(idempotency)) = (key(change), &change.idempotency) else { return Ok(None) };
        let registered = self.registered.get(&key).map(RegistrationDocument::key_use).transpose()?.flatten();
        let noted = self.noted.get(&key).map(IdempotencyDocument::key_use).transpose()?;
        let uses = registered.map(|used| used.map(Repeated::Registration)).into_iter();
        let uses = uses.chain(noted.map(|used| used.map(Repeated::Cancellation)));
        Ok(match (classify(uses, change.at, idempotency.fingerprint), &entry.wish) {
            (KeyStatus::Fresh, _) => None,
            (KeyStatus::Repeat(Repeated::Registration(registration)), Wish::Register(_)) => {
                Some(Ok(Answer::Registered(Registration::try_from(registration)?)))
            }
            (KeyStatus::Repeat(Repeated::Cancellation(result)), Wish::Cancel(_)) => {
                Some(recall(transaction, result).await?)
            }
            (KeyStatus::Repeat(_) | KeyStatus::Reused, _) => Some(Err(Refusal::IdempotencyKeyReused)),
        })
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
    pub(super) async fn forget(&mut self, transaction: &mut Transaction<'_>, entry: &Entry) -> Attempt<()> {
        let Some(old) = key(&entry.change).and_then(|key| self.registered.remove(&key)) else {
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
async fn recall(transaction: &mut Transaction<'_>, note: &ResultDocument) -> Attempt<Verdict> {
    let ids: Vec<&str> = std::iter::once(note.subject.as_str()).chain(note.also.as_deref()).collect();
    let filter = doc! { "_id": { "$in": ids } };
    let found: Vec<RegistrationDocument> =
        transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
    let read = |id: &str| -> Result<Option<Registration>, CorruptDocument> {
        found.iter().find(|registration| registration.id == id).map(Registration::try_from).transpose()
    };
    let promoted = note.also.as_deref().map(read).transpose().map_err(StorageError::from)?.flatten();
    Ok(match read(&note.subject)? {
        Some(registration) => Ok(Answer::Cancelled(Box::new(Cancelled { registration, promoted }))),
        None => Err(Refusal::not_found("registrationId")),
    })
}
