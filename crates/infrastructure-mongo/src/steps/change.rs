use std::sync::Arc;

use convene_application::{
    caller::TenantScope, change::Change, failure::Outcome, limits::EDITED_REGISTRATIONS,
};
use convene_domain::id::EventId;
use futures::FutureExt;
use tokio::time::Instant;

use super::{Accepted, Progressing, Work, next::carry_out_within, progress::advanced};
use crate::{
    database::Database,
    error::Attempt,
    operation::Operation,
    transaction::{Body, Transaction},
};

/// The operation of an edit that may be large, its event, and the work of its steps.
pub(crate) struct StepsOfEdit {
    pub(crate) operation: Operation,
    pub(crate) event: EventId,
    pub(crate) work: Work,
}

impl Database {
    /// Runs an edit of an event by [`edit`](Self::edit), after the short jobs about it, and then the steps of its own job.
    pub(crate) async fn edit_in_steps<'environment, T, B>(
        &self,
        scope: &TenantScope,
        change: &'environment Change,
        edit: StepsOfEdit,
        body: B,
    ) -> Outcome<T>
    where
        T: Progressing + Sync + 'environment,
        B: Body<'environment, Accepted<T>> + 'environment,
    {
        let StepsOfEdit { operation, event, work } = edit;
        let steps = self.steps(scope, change.at, work);
        steps.settle_soon(event).await?;
        let body = with_dry_run(body, change, steps.until, work);
        let accepted = self.edit(scope, change, operation, body).await?;
        steps.continue_accepted(accepted).await
    }
}

/// The body of a change that may be large. A dry run carries the steps out in its own transaction, which is aborted.
pub(crate) fn with_dry_run<'environment, T, B>(
    body: B,
    change: &'environment Change,
    until: Instant,
    work: Work,
) -> impl Body<'environment, Accepted<T>> + 'environment
where
    T: Progressing + Sync + 'environment,
    B: Body<'environment, Accepted<T>> + 'environment,
{
    let body = Arc::new(body);
    move |transaction: &mut Transaction<'environment>| {
        let body = Arc::clone(&body);
        async move {
            let accepted = body(transaction).await?;
            if change.is_dry_run {
                preview(transaction, accepted, change, until, work).await
            } else {
                Ok(accepted)
            }
        }
        .boxed()
    }
}

/// Carries out the steps of a dry run: as many as the change itself would before its caller is answered, and at most as many
/// registrations as one transaction changes.
async fn preview<T: Progressing>(
    transaction: &mut Transaction<'_>,
    accepted: Accepted<T>,
    change: &Change,
    until: Instant,
    work: Work,
) -> Attempt<Accepted<T>> {
    let Some(job) = accepted.job else { return Ok(accepted) };
    let size = transaction.step_size();
    let max = usize::try_from(EDITED_REGISTRATIONS).unwrap_or(usize::MAX).div_ceil(size);
    for _ in 0..max {
        if Instant::now() >= until || !carry_out_within(transaction, job, change.at, size, work).await? {
            break;
        }
    }
    Ok(Accepted::complete(advanced(transaction, &accepted.result.to_document(), job).await?))
}
