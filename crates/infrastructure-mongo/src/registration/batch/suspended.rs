use convene_application::failure::Refusal;

use super::{BatchState, WaitingRequests};
use crate::{error::Attempt, registration::queue::Batch, transaction::Transaction};

/// Refuses all requests of a batch that waited long, if the organization was suspended in the meantime. Returns whether it did.
pub(super) async fn refuse(
    state: &mut BatchState,
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    waiting: &WaitingRequests<'_>,
) -> Attempt<bool> {
    if !transaction.is_suspended(batch.since()).await? {
        return Ok(false);
    }
    for cancellation in &waiting.cancellations {
        state.decide_cancellation(cancellation.number, Err(Refusal::OrganizationSuspended));
    }
    for registering in &waiting.registrations {
        state.decide_registration(registering.number, Err(Refusal::OrganizationSuspended));
    }
    Ok(true)
}
