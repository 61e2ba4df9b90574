use async_trait::async_trait;
use bson::doc;
use convene_application::failure::Fault;
use convene_domain::id::{ActivityId, EventId, JobId};

use crate::{
    change::StoredResult,
    documents::{
        idempotency::ResultDocument,
        job::{JobDocument, JobKind, JobProgress},
    },
    error::Attempt,
    schema,
    transaction::Transaction,
};

/// A result that states the progress of a large change.
pub(crate) trait Progressing: StoredResult {
    /// Adds what the steps of the job have done, and states what remains.
    fn advance(&mut self, progress: JobProgress);
}

/// The result of the first transaction of a change.
pub(crate) struct Accepted<T> {
    pub(crate) result: T,
    /// The job that completes the change, if it is large.
    pub(crate) job: Option<JobId>,
}

impl<T> Accepted<T> {
    /// The result of a change that is complete.
    pub(crate) const fn complete(result: T) -> Self {
        Self { result, job: None }
    }
}

#[async_trait]
impl<T: Progressing> StoredResult for Accepted<T> {
    fn to_document(&self) -> ResultDocument {
        let job = self.job.map(|job| job.to_string());
        ResultDocument { job, ..self.result.to_document() }
    }

    async fn load(transaction: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        let job = stored.job.as_deref().map(JobId::parse).transpose();
        let job = job.map_err(|reason| Fault::internal(format!("a stored result names a job: {reason}")))?;
        Ok(Self { result: T::load(transaction, stored).await?, job })
    }
}

impl Transaction<'_> {
    /// Makes the id of a job that this transaction may begin.
    pub(crate) fn new_job(&self) -> JobId {
        JobId::from_uuid(self.new_id())
    }

    /// Stores a job. `cause` is the log entry of the change, and `remaining` the number of registrations that it is about.
    pub(crate) async fn begin_job(
        &mut self,
        id: JobId,
        kind: JobKind,
        cause: ActivityId,
        remaining: u64,
    ) -> Attempt<()> {
        let job = JobDocument::new(id, kind, cause, remaining);
        Ok(self.collection(&schema::JOBS).insert(&job).await?)
    }

    /// Verifies that no job about this event is under way. A second change would find registrations that it must not
    /// touch.
    ///
    /// # Errors
    /// [`Fault::Overloaded`]: the change can be repeated soon.
    pub(crate) async fn verify_settled(&mut self, event: EventId) -> Attempt<()> {
        let under_way = doc! { "subject": event.to_string(), "finishedAt": null };
        match self.collection(&schema::JOBS).count(under_way).await? {
            0 => Ok(()),
            _ => Err(Fault::Overloaded.into()),
        }
    }
}
