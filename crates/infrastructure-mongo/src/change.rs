//! Changes with an idempotency key: what a key has done is remembered in the transaction that did it.

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

/// What a change answers with: it can be noted down, and found again when the change is repeated.
#[async_trait]
pub(crate) trait Answer: Sized + Send {
    /// What to note down.
    fn note(&self) -> ResultDocument;

    /// The same objects, as they are now.
    ///
    /// # Errors
    /// A refusal that names what is gone since.
    async fn recall(transaction: &mut Transaction<'_>, note: &ResultDocument) -> Attempt<Self>;
}

impl Database {
    /// Runs a change once: [`transact`](Self::transact), unless its idempotency key has succeeded before.
    ///
    /// The body writes the log's entries itself, with [`Transaction::log`]. `operation` names the change in what
    /// is stored, for people.
    pub(crate) async fn change<'environment, T, B>(
        &self,
        scope: &TenantScope,
        change: &'environment Change,
        operation: &'static str,
        body: B,
    ) -> Outcome<T>
    where
        T: Answer + 'environment,
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
                if let Some(note) = transaction.noted(change, idempotency).await? {
                    return T::recall(transaction, &note).await;
                }
                let answer = body(transaction).await?;
                transaction.note(change, idempotency, operation, answer.note()).await?;
                Ok(answer)
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
        T: Answer + 'environment,
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
    /// What the actor did with this key within the window, if anything; a registration's own key included.
    ///
    /// # Errors
    /// [`Refusal::IdempotencyKeyReused`] if it was something else.
    pub(crate) async fn noted(
        &mut self,
        change: &Change,
        idempotency: &Idempotency,
    ) -> Attempt<Option<ResultDocument>> {
        let id = self.key(change, idempotency);
        let by_key = doc! { "_id": bson::serialize_to_bson(&id)? };
        let noted: Option<IdempotencyDocument> =
            self.collection(&schema::IDEMPOTENCY).find_one(by_key).await?;
        let used = noted.as_ref().map(IdempotencyDocument::key_use).transpose()?;
        match classify(used, change.at, idempotency.fingerprint) {
            KeyStatus::Fresh => {}
            KeyStatus::Repeat(result) => return Ok(Some(result.clone())),
            KeyStatus::Reused => return Err(Refusal::IdempotencyKeyReused.into()),
        }
        let registered = doc! { "idempotency.actor": &id.actor, "idempotency.key": &id.key };
        let registration: Option<RegistrationDocument> =
            self.collection(&schema::REGISTRATIONS).find_one(registered).await?;
        let used = registration.as_ref().map(RegistrationDocument::key_use).transpose()?.flatten();
        match classify(used, change.at, idempotency.fingerprint) {
            KeyStatus::Fresh => Ok(None),
            // A registration is never the result of this mutation.
            KeyStatus::Repeat(_) | KeyStatus::Reused => Err(Refusal::IdempotencyKeyReused.into()),
        }
    }

    /// Notes down what was done with a key.
    pub(crate) async fn note(
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
        let mut notes = self.collection(&schema::IDEMPOTENCY);
        // What outlived the window is deleted by the database, but only every now and then.
        notes.delete_one(doc! { "_id": bson::serialize_to_bson(&document.id)? }).await?;
        notes.insert(&document).await.map_err(|error| {
            // The same request was sent twice at once, and the other one won: run again, to answer like it.
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
