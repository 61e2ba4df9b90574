//! The refusals of registrations that their occurrence does not admit.

use std::collections::HashSet;

use bson::doc;
use convene_application::{failure::Refusal, registration::refusals::refusal_for};
use convene_domain::{event::EventStatus, id::EventId, registration::RegistrationRefusal};

use super::{BatchState, Registering};
use crate::{documents::ids::texts, error::StorageError, schema, transaction::Transaction};

/// Finds the refusals that the callers see. Reads the events of cancelled occurrences, because an occurrence may have
/// been cancelled together with its event.
pub(super) async fn refusals<'b>(
    state: &BatchState,
    transaction: &mut Transaction<'_>,
    denied: Vec<(Registering<'b>, RegistrationRefusal)>,
) -> Result<Vec<(Registering<'b>, Refusal)>, StorageError> {
    let is_cancelled_by_itself = |registering: &Registering<'_>| {
        let seats = state.occurrences.get(registering.request.occurrence);
        seats.is_some_and(|seats| seats.document.is_cancelled_by_itself())
    };
    let events: HashSet<EventId> = denied
        .iter()
        .filter(|(registering, reason)| {
            *reason == RegistrationRefusal::OccurrenceCancelled && !is_cancelled_by_itself(registering)
        })
        .map(|(registering, _)| registering.request.occurrence.event)
        .collect();
    let cancelled = if events.is_empty() {
        Vec::new()
    } else {
        let filter = doc! { "_id": { "$in": texts(&events) }, "status": EventStatus::Cancelled.as_str() };
        transaction.collection(&schema::EVENTS).ids(filter).await?
    };
    let refusal = |(registering, reason): (Registering<'b>, RegistrationRefusal)| {
        let is_cancelled = cancelled.contains(&registering.request.occurrence.event);
        let event = if is_cancelled { EventStatus::Cancelled } else { EventStatus::Scheduled };
        (registering, refusal_for(reason, is_cancelled_by_itself(&registering), event))
    };
    Ok(denied.into_iter().map(refusal).collect())
}
