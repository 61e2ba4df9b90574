use convene_application::{
    caller::TenantScope,
    change::Change,
    editing::plan_realignment,
    failure::{Field, Outcome},
    ports::{Changed, OnAffected},
};
use convene_domain::{event::Event, id::EventId};
use futures::FutureExt;

use super::{load, step, store, update::edit_by_plan};
use crate::{
    database::Database,
    error::Attempt,
    operation::Operation,
    steps::{Accepted, StepsOfEdit},
    transaction::Transaction,
};

/// Gives the stored occurrences of an event the times of their dates.
pub(crate) async fn realign(
    database: &Database,
    scope: &TenantScope,
    event: EventId,
    change: &Change,
) -> Outcome<Changed<Event>> {
    let steps = StepsOfEdit { operation: Operation::UpdateEvent, event, work: step };
    database
        .edit_in_steps(scope, change, steps, move |transaction| begin(transaction, event, change).boxed())
        .await
}

async fn begin(
    transaction: &mut Transaction<'_>,
    event: EventId,
    change: &Change,
) -> Attempt<Accepted<Changed<Event>>> {
    store::claim(transaction, event, change.at).await?;
    let before = load::settled_event(transaction, event, Field::EventId).await?;
    edit_by_plan(transaction, before, false, OnAffected::Refuse, change, plan_realignment).await
}
