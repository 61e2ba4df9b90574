use std::time::Duration;

use bson::doc;
use convene_application::failure::Refusal;
use convene_domain::organization::OrganizationStatus;
use serde::Deserialize;

use super::{BatchState, WaitingRequests};
use crate::{error::Attempt, registration::queue::Batch, schema, scoped::Query, transaction::Transaction};

/// The wait in the queue after which the status of the organization is read again. With the time of a transaction it is less
/// than a second, in which a suspension takes effect.
const MAX_UNVERIFIED_WAIT: Duration = Duration::from_millis(500);

/// Refuses all requests of a batch that waited long, if the organization was suspended in the meantime. Returns whether it did.
pub(super) async fn refuse(
    state: &mut BatchState,
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    waiting: &WaitingRequests<'_>,
) -> Attempt<bool> {
    #[derive(Deserialize)]
    struct Found {
        status: String,
    }

    if batch.waited() < MAX_UNVERIFIED_WAIT {
        return Ok(false);
    }
    let status = Query::from(doc! {}).projected(doc! { "status": 1 });
    let found: Option<Found> = transaction.collection(&schema::ORGANIZATIONS).find_one(status).await?;
    if found.is_some_and(|found| found.status == OrganizationStatus::Active.as_str()) {
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
