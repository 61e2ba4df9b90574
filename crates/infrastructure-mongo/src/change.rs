//! Changes with an idempotency key: the transaction of a change stores its key and its result.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Outcome, Refusal},
    idempotency::classify,
};
use futures::FutureExt;
use tokio::time::Instant;

use crate::{
    database::Database,
    deadline::{EDIT, TRANSACTION, WAIT, earliest},
    documents::idempotency::{IdempotencyDocument, KeyDocument, ResultDocument},
    error::{Attempt, Interruption},
    operation::Operation,
    schema,
    transaction::{Body, Transaction},
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

/// The time limits of a change.
#[derive(Clone, Copy)]
struct Limits {
    /// The end of the waits for its lock and its permit.
    wait_until: Instant,
    /// The limit of its transaction.
    transaction: Duration,
}

impl Limits {
    /// The limits of a change that begins now.
    fn of_change(scope: &TenantScope) -> Self {
        Self { wait_until: earliest(WAIT, scope.deadline()), transaction: TRANSACTION }
    }

    /// The limits of a large edit that begins now.
    fn of_edit(scope: &TenantScope) -> Self {
        Self { transaction: EDIT, ..Self::of_change(scope) }
    }
}

impl Database {
    /// Runs a change in a transaction. A repeat is answered with the stored result instead. A change is refused if the organization
    /// was suspended while it waited.
    ///
    /// The body writes the log's entries itself, with [`Transaction::log`]. The operation is stored with the key.
    pub(crate) async fn change<'environment, T, B>(
        &self,
        scope: &TenantScope,
        change: &'environment Change,
        operation: Operation,
        body: B,
    ) -> Outcome<T>
    where
        T: StoredResult + 'environment,
        B: Body<'environment, T> + 'environment,
    {
        self.change_within(Limits::of_change(scope), scope, change, operation, body).await
    }

    /// Runs a change by [`change`](Self::change) with other time limits.
    async fn change_within<'environment, T, B>(
        &self,
        limits: Limits,
        scope: &TenantScope,
        change: &'environment Change,
        operation: Operation,
        body: B,
    ) -> Outcome<T>
    where
        T: StoredResult + 'environment,
        B: Body<'environment, T> + 'environment,
    {
        let body = Arc::new(body);
        let since = scope.deadline().since().map(Instant::from_std);
        self.transact_change(limits, scope, change, move |transaction: &mut Transaction<'environment>| {
            let body = Arc::clone(&body);
            async move {
                if transaction.is_suspended(since).await? {
                    return Err(Refusal::OrganizationSuspended.into());
                }
                if let Some(stored) = transaction.repeated_result(change, operation).await? {
                    return T::load(transaction, &stored).await;
                }
                let result = body(transaction).await?;
                transaction.record_key(change, operation, result.to_document()).await?;
                Ok(result)
            }
            .boxed()
        })
        .await
    }

    /// Runs a change that writes the organization's document: [`change`](Self::change), with the organization's lock. The operator's
    /// changes of an organization do not wait for the changes of its members: they use [`change`](Self::change).
    ///
    /// # Errors
    /// Those of [`change`](Self::change), and [`Fault::Overloaded`] if the lock is not free in time.
    ///
    /// [`Fault::Overloaded`]: convene_application::failure::Fault::Overloaded
    pub(crate) async fn change_serialized<'environment, T, B>(
        &self,
        scope: &TenantScope,
        change: &'environment Change,
        operation: Operation,
        body: B,
    ) -> Outcome<T>
    where
        T: StoredResult + 'environment,
        B: Body<'environment, T> + 'environment,
    {
        let limits = Limits::of_change(scope);
        let _guard = self.organization_locks().lock(scope, limits.wait_until).await?;
        self.change_within(limits, scope, change, operation, body).await
    }

    /// Runs an edit of an event: [`change_serialized`](Self::change_serialized), with the time limit of large edits. Nobody needs a dry
    /// run after its caller was answered.
    pub(crate) async fn edit<'environment, T, B>(
        &self,
        scope: &TenantScope,
        change: &'environment Change,
        operation: Operation,
        body: B,
    ) -> Outcome<T>
    where
        T: StoredResult + 'environment,
        B: Body<'environment, T> + 'environment,
    {
        let limits = Limits::of_edit(scope);
        let _guard = self.organization_locks().lock(scope, limits.wait_until).await?;
        // It is run to its end, like every change that was begun, although that may take longer than its request.
        let scope = if change.is_dry_run { *scope } else { scope.without_deadline() };
        self.change_within(limits, &scope, change, operation, body).await
    }

    /// Runs an edit of several events by a command, which has no idempotency key. Otherwise it is run as an [`edit`](Self::edit).
    pub(crate) async fn edit_several<'environment, T, B>(
        &self,
        scope: &TenantScope,
        change: &'environment Change,
        body: B,
    ) -> Outcome<T>
    where
        T: Send + 'environment,
        B: Body<'environment, T> + 'environment,
    {
        let limits = Limits::of_edit(scope);
        let _guard = self.organization_locks().lock(scope, limits.wait_until).await?;
        self.transact_change(limits, scope, change, body).await
    }

    /// Runs the transaction of a change. A dry run is aborted when its answer is known.
    async fn transact_change<'environment, T, B>(
        &self,
        limits: Limits,
        scope: &TenantScope,
        change: &'environment Change,
        body: B,
    ) -> Outcome<T>
    where
        T: Send + 'environment,
        B: Body<'environment, T> + 'environment,
    {
        let body = Arc::new(body);
        self.transact_within(limits.transaction, limits.wait_until, scope, move |transaction| {
            let body = Arc::clone(&body);
            async move {
                if change.is_dry_run {
                    transaction.store_nothing();
                }
                body(transaction).await
            }
            .boxed()
        })
        .await
    }
}

impl Transaction<'_> {
    /// Finds the stored result of the change, if the change is a repeat.
    ///
    /// # Errors
    /// [`Refusal::IdempotencyKeyReused`]
    async fn repeated_result(
        &mut self,
        change: &Change,
        operation: Operation,
    ) -> Attempt<Option<ResultDocument>> {
        let (Some(id), Some(idempotency)) = (KeyDocument::of(self.scope(), change), &change.idempotency)
        else {
            return Ok(None);
        };
        let by_id = doc! { "_id": bson::serialize_to_bson(&id)? };
        let mut keys = self.collection(&schema::IDEMPOTENCY);
        let used: Option<IdempotencyDocument> = keys.find_one(by_id.clone()).await?;
        let key_use = used.as_ref().map(|used| used.key_use(operation)).transpose()?;
        let repeated = classify(key_use, change.at, idempotency.fingerprint).repeated()?;
        // The database deletes expired uses only now and then.
        if repeated.is_none() && used.is_some() {
            keys.delete_one(by_id).await?;
        }
        Ok(repeated.cloned())
    }

    /// Stores the use of the key of a change, if it has one.
    pub(crate) async fn record_key(
        &mut self,
        change: &Change,
        operation: Operation,
        result: ResultDocument,
    ) -> Attempt<()> {
        let Some(used) = IdempotencyDocument::new(self.scope(), change, operation, result) else {
            return Ok(());
        };
        self.collection(&schema::IDEMPOTENCY).insert(&used).await.map_err(|error| {
            // Another call with this key has succeeded at the same time: the retry finds its result.
            if error.is_duplicate(None) { Interruption::Retry(error) } else { error.into() }
        })
    }
}
