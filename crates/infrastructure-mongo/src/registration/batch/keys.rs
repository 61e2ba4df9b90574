//! The idempotency keys of a batch.
//!
//! A key is written without being read first: the unique index on `_id` refuses a used one, and the batch is run again
//! with [exhaustive verification](super::Verification), which reads the keys of all requests. Before a request is refused,
//! its key is read, because a repeat looks like a conflict with itself.

use std::collections::HashMap;

use bson::{Bson, doc};
use convene_application::{
    change::Change,
    failure::{Field, Refusal},
    idempotency::classify,
    ports::{CancelRequest, Cancelled, RegisterRequest},
};
use convene_domain::{id::RegistrationId, registration::Registration};

use super::Decision;
use crate::{
    documents::{
        idempotency::{IdempotencyDocument, KeyDocument, ResultDocument},
        read_all,
    },
    error::Attempt,
    operation::Operation,
    registration::document::RegistrationDocument,
    schema,
    transaction::Transaction,
};

/// The keys of a batch.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The stored uses that were read.
    used: HashMap<KeyDocument, IdempotencyDocument>,
    /// The registrations of their results, as they are now.
    registrations: HashMap<RegistrationId, Registration>,
    new: Vec<IdempotencyDocument>,
}

impl Keys {
    /// Reads the stored uses of the keys of these changes, and the registrations of their results.
    pub(super) async fn load<'b>(
        &mut self,
        transaction: &mut Transaction<'_>,
        changes: impl Iterator<Item = &'b Change> + Send,
    ) -> Attempt<()> {
        let scope = *transaction.scope();
        let ids = changes
            .filter_map(|change| KeyDocument::of(&scope, change))
            .map(|key| bson::serialize_to_bson(&key))
            .collect::<Result<Vec<Bson>, _>>()?;
        if ids.is_empty() {
            return Ok(());
        }
        let by_ids = doc! { "_id": { "$in": ids } };
        let used: Vec<IdempotencyDocument> =
            transaction.collection(&schema::IDEMPOTENCY).find(by_ids).await?;
        let results = used.iter().filter(|used| {
            used.is_by(Operation::RegisterForOccurrence) || used.is_by(Operation::CancelRegistration)
        });
        let results: Vec<&str> = results.flat_map(|used| used.result.ids()).collect();
        if !results.is_empty() {
            let by_ids = doc! { "_id": { "$in": results } };
            let found: Vec<RegistrationDocument> =
                transaction.collection(&schema::REGISTRATIONS).find(by_ids).await?;
            let found: Vec<Registration> = read_all(found)?;
            self.registrations.extend(found.into_iter().map(|registration| (registration.id, registration)));
        }
        self.used.extend(used.into_iter().map(|used| (used.id.clone(), used)));
        Ok(())
    }

    /// Decides a registration whose key was used before, as far as the uses were read.
    pub(super) fn registration(
        &self,
        transaction: &Transaction<'_>,
        change: &Change,
    ) -> Attempt<Option<Decision<RegisterRequest>>> {
        self.decision(transaction, change, Operation::RegisterForOccurrence, |result| {
            let registration = self.registrations.get(&result.subject_as(RegistrationId::parse)?);
            Ok(registration.cloned().ok_or_else(|| Refusal::not_found(Field::OccurrenceId)))
        })
    }

    /// Decides a cancellation whose key was used before, as far as the uses were read.
    pub(super) fn cancellation(
        &self,
        transaction: &Transaction<'_>,
        change: &Change,
    ) -> Attempt<Option<Decision<CancelRequest>>> {
        self.decision(transaction, change, Operation::CancelRegistration, |result| {
            let registration = self.registrations.get(&result.subject_as(RegistrationId::parse)?);
            let promoted = result.also_as(RegistrationId::parse)?.and_then(|id| self.registrations.get(&id));
            Ok(match registration.cloned() {
                Some(registration) => Ok(Cancelled { registration, promoted: promoted.cloned() }),
                None => Err(Refusal::not_found(Field::RegistrationId)),
            })
        })
    }

    fn decision<T>(
        &self,
        transaction: &Transaction<'_>,
        change: &Change,
        operation: Operation,
        repeat: impl FnOnce(&ResultDocument) -> Attempt<Result<T, Refusal>>,
    ) -> Attempt<Option<Result<T, Refusal>>> {
        let Some(idempotency) = change.idempotency.as_ref().filter(|_| !self.used.is_empty()) else {
            return Ok(None);
        };
        let used = KeyDocument::of(transaction.scope(), change).and_then(|key| self.used.get(&key));
        let key_use = used.map(|used| used.key_use(operation)).transpose()?;
        match classify(key_use, change.at, idempotency.fingerprint).repeated() {
            Ok(result) => result.map(repeat).transpose(),
            Err(refusal) => Ok(Some(Err(refusal))),
        }
    }

    /// Records the key of a registration, if it has one.
    pub(super) fn record_registration(
        &mut self,
        transaction: &Transaction<'_>,
        change: &Change,
        registration: &Registration,
    ) {
        let result = ResultDocument::of(registration.id);
        self.new.extend(IdempotencyDocument::new(
            transaction.scope(),
            change,
            Operation::RegisterForOccurrence,
            result,
        ));
    }

    /// Records the key of a cancellation, if it has one.
    pub(super) fn record_cancellation(
        &mut self,
        transaction: &Transaction<'_>,
        change: &Change,
        cancelled: &Cancelled,
    ) {
        let mut result = ResultDocument::of(cancelled.registration.id);
        if let Some(promoted) = &cancelled.promoted {
            result = result.with(promoted.id);
        }
        self.new.extend(IdempotencyDocument::new(
            transaction.scope(),
            change,
            Operation::CancelRegistration,
            result,
        ));
    }

    /// Stores the recorded keys. They replace expired uses that the database has not deleted yet.
    pub(super) async fn write(&self, transaction: &mut Transaction<'_>) -> Attempt<()> {
        let expired = self
            .new
            .iter()
            .filter(|used| self.used.contains_key(&used.id))
            .map(|used| bson::serialize_to_bson(&used.id))
            .collect::<Result<Vec<Bson>, _>>()?;
        let mut keys = transaction.collection(&schema::IDEMPOTENCY);
        if !expired.is_empty() {
            keys.delete_many(doc! { "_id": { "$in": expired } }).await?;
        }
        Ok(keys.insert_all(&self.new).await?)
    }
}
