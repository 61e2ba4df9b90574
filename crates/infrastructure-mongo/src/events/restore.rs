use convene_application::{
    caller::TenantScope,
    change::Change,
    editing::plan_restoration,
    failure::{Field, Outcome, Refusal},
    large::compute,
    ports::{EventRestored, OnAffected},
};
use convene_domain::id::EventId;
use futures::FutureExt;

use super::{load, planning, step, update::carry_out};
use crate::{database::Database, operation::Operation, registration::seats::cancelled_since};

/// Restores a cancelled event, with the occurrences that were cancelled together with it.
pub(super) async fn restore(
    database: &Database,
    scope: &TenantScope,
    id: EventId,
    change: &Change,
) -> Outcome<EventRestored> {
    database.steps(scope, change.at, step).settle_soon(id).await?;
    database
        .edit(scope, change, Operation::RestoreEvent, |transaction| {
            async move {
                let before = load::settled_event(transaction, id, Field::EventId).await?;
                let change = &transaction.recorded_after(before.updated_at, change);
                let stored = load::occurrences_to_edit(transaction, &before, change.at).await?;
                let (event, now) = (before.clone(), change.at);
                let size = planning::size(&event, false, stored.len());
                let plan = compute(size, move || plan_restoration(&event, &stored, now)).await?;
                let plan = plan?;
                let cancelled_at = before.cancelled_at().ok_or(Refusal::NotCancelled)?;
                let restored: Vec<_> = plan.steps.iter().map(|step| step.before().key).collect();
                let former_registrations = cancelled_since(transaction, restored, cancelled_at).await?;
                let accepted = carry_out(transaction, &before, plan, OnAffected::Refuse, change).await?;
                Ok(EventRestored { event: accepted.result.now, former_registrations })
            }
            .boxed()
        })
        .await
}
