use convene_application::{
    caller::TenantScope,
    change::Change,
    editing::plan_cancellation,
    failure::{Field, Outcome},
    large::compute,
    ports::{Changed, OnAffected},
};
use convene_domain::{event::Event, id::EventId};
use futures::FutureExt;

use super::{load, step, store, update::carry_out};
use crate::{database::Database, operation::Operation, steps::StepsOfEdit};

/// Cancels an event, with those of its occurrences that have not begun.
pub(super) async fn cancel(
    database: &Database,
    scope: &TenantScope,
    id: EventId,
    change: &Change,
) -> Outcome<Changed<Event>> {
    let steps = StepsOfEdit { operation: Operation::CancelEvent, event: id, work: step };
    database
        .edit_in_steps(scope, change, steps, |transaction| {
            async move {
                store::claim(transaction, id, change.at).await?;
                let before = load::settled_event(transaction, id, Field::EventId).await?;
                let change = &transaction.recorded_after(before.updated_at, change);
                load::drop_untouched(transaction, &before, change.at).await?;
                let stored = load::occurrences_ahead(transaction, id, change.at).await?;
                let (event, size, now) = (before.clone(), stored.len(), change.at);
                let plan = compute(size, move || plan_cancellation(&event, &stored, now)).await?;
                let plan = plan?;
                carry_out(transaction, &before, plan, OnAffected::CancelRegistrations, change).await
            }
            .boxed()
        })
        .await
}
