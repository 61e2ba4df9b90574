//! Changes with an idempotency key: the transaction of a change stores its key and its result.

use std::sync::Arc;

use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Outcome, Refusal},
    idempotency::{Idempotency, KeyStatus, classify},
};
use futures::{FutureExt, future::BoxFuture};

use crate::{
    database::Database,
    documents::{
        convert::{binary, date},
        idempotency::{IdempotencyDocument, KeyDocument, ResultDocument},
    },
    error::{Attempt, Interruption},
    registration::document::RegistrationDocument,
    schema,
    transaction::Transaction,
};

/// The result of a change, which is stored with its idempotency key and loaded for a repeat.
#[async_trait]
pub(crate) trait StoredResult: Sized + Send {
    fn to_document(&self) -> ResultDocument;

    /// Loads the objects of the result as they are now.
    ///
    /// # Errors
    /// `NotFound`, if an object was deleted in the meantime.
    async fn load(transaction: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self>;
}

impl Database {
    /// Runs a change by [`transact`](Self::transact). A repeat is answered with the stored result instead.
    ///
    /// The body writes the log's entries itself, with [`Transaction::log`]. The name of the operation is stored for readers
    /// of the database.
    pub(crate) async fn change<'environment, T, B>(
        &self,
        scope: &TenantScope,
        change: &'environment Change,
        operation: &'static str,
        body: B,
    ) -> Outcome<T>
    where
        T: StoredResult + 'environment,
        B: for<'t> Fn(&'t mut Transaction<'environment>) -> BoxFuture<'t, Attempt<T>>
            + Send
            + Sync
            + 'environment,
    {
        let body = Arc::new(body);
        self.transact(scope, move |transaction| {
            let body = Arc::clone(&body);
            async move {
                let Some(idempotency) = &change.idempotency else { return body(transaction).await };
                if let Some(stored) = transaction.repeated_result(change, idempotency).await? {
                    return T::load(transaction, &stored).await;
                }
                let result = body(transaction).await?;
                transaction.record_key(change, idempotency, operation, result.to_document()).await?;
                Ok(result)
            }
            .boxed()
        })
        .await
    }

    /// Runs a change that writes the organization's document: [`change`](Self::change), with the organization's lock.
    ///
    /// # Errors
    /// Those of [`change`](Self::change), and [`Fault::Overloaded`] if the lock is not free in time.
    ///
    /// [`Fault::Overloaded`]: convene_application::failure::Fault::Overloaded
    pub(crate) async fn change_serialized<'environment, T, B>(
        &self,
        scope: &TenantScope,
        change: &'environment Change,
        operation: &'static str,
        body: B,
    ) -> Outcome<T>
    where
        T: StoredResult + 'environment,
        B: for<'t> Fn(&'t mut Transaction<'environment>) -> BoxFuture<'t, Attempt<T>>
            + Send
            + Sync
            + 'environment,
    {
        let _guard = self.organization_locks().lock(scope).await?;
        self.change(scope, change, operation, body).await
    }
}

impl Transaction<'_> {
    /// Finds the stored result of the change, if the change is a repeat.
    ///
    /// # Errors
    /// [`Refusal::IdempotencyKeyReused`], also if the key was used for a registration, which stores its own key.
    async fn repeated_result(
        &mut self,
        change: &Change,
        idempotency: &Idempotency,
    ) -> Attempt<Option<ResultDocument>> {
        let id = self.key(change, idempotency);
        let by_key = doc! { "_id": bson::serialize_to_bson(&id)? };
        let used: Option<IdempotencyDocument> =
            self.collection(&schema::IDEMPOTENCY).find_one(by_key).await?;
        let registered = doc! { "idempotency.actor": &id.actor, "idempotency.key": &id.key };
        let registration: Option<RegistrationDocument> =
            self.collection(&schema::REGISTRATIONS).find_one(registered).await?;
        let key_use = used.as_ref().map(IdempotencyDocument::key_use).transpose()?;
        let registration_use =
            registration.as_ref().map(RegistrationDocument::key_use).transpose()?.flatten();
        let uses = key_use.map(|used| used.map(Some)).into_iter();
        // A registration is never the result of this mutation.
        let uses = uses.chain(registration_use.map(|used| used.map(|_| None)));
        match classify(uses, change.at, idempotency.fingerprint) {
            KeyStatus::Fresh => Ok(None),
            KeyStatus::Repeat(Some(result)) => Ok(Some(result.clone())),
            KeyStatus::Repeat(None) | KeyStatus::Reused => Err(Refusal::IdempotencyKeyReused.into()),
        }
    }

    /// Stores the use of a key.
    pub(crate) async fn record_key(
        &mut self,
        change: &Change,
        idempotency: &Idempotency,
        operation: &'static str,
        result: ResultDocument,
    ) -> Attempt<()> {
        let document = IdempotencyDocument {
            id: self.key(change, idempotency),
            fingerprint: binary(idempotency.fingerprint),
            operation: operation.to_owned(),
            result,
            created_at: date(change.at),
        };
        let mut keys = self.collection(&schema::IDEMPOTENCY);
        // An expired use may still be stored: the database deletes expired documents only now and then.
        keys.delete_one(doc! { "_id": bson::serialize_to_bson(&document.id)? }).await?;
        keys.insert(&document).await.map_err(|error| {
            // The same request was sent twice at once, and the other one succeeded: the retry finds its result.
            if error.is_duplicate(None) { Interruption::Again(error) } else { error.into() }
        })
    }

    fn key(&self, change: &Change, idempotency: &Idempotency) -> KeyDocument {
        KeyDocument {
            organization: self.scope().organization().to_string(),
            actor: change.actor.to_string(),
            key: idempotency.key.as_str().to_owned(),
        }
    }
}
