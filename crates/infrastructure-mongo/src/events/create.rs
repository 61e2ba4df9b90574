use convene_application::{
    caller::TenantScope,
    change::Change,
    event::{duplicated, log},
    failure::{Field, Outcome},
    ports::Duplication,
};
use convene_domain::event::Event;
use futures::FutureExt;

use super::{load, store};
use crate::{database::Database, error::Attempt, operation::Operation, transaction::Transaction};

/// Stores a new event.
pub(super) async fn create(
    database: &Database,
    scope: &TenantScope,
    event: &Event,
    change: &Change,
) -> Outcome<Event> {
    database
        .change_serialized(scope, change, Operation::CreateEvent, |transaction| {
            store_new(transaction, event.clone(), change).boxed()
        })
        .await
}

/// Stores a copy of an event.
pub(super) async fn duplicate(
    database: &Database,
    scope: &TenantScope,
    duplication: &Duplication,
    change: &Change,
) -> Outcome<Event> {
    database
        .change_serialized(scope, change, Operation::DuplicateEvent, |transaction| {
            async move {
                let original = load::present_event(transaction, duplication.event, Field::EventId).await?;
                let change = &transaction.recorded(change);
                let copy = duplicated(&original, duplication, change.at)?;
                store_new(transaction, copy, change).await
            }
            .boxed()
        })
        .await
}

async fn store_new(transaction: &mut Transaction<'_>, event: Event, change: &Change) -> Attempt<Event> {
    let revision = transaction.next_revision(change.at).await?;
    let at = transaction.recorded_at(change.at);
    let event = Event { created_at: at, updated_at: at, ..event };
    store::insert(transaction, &event, revision).await?;
    transaction.log(change, log::created(&event));
    Ok(event)
}
