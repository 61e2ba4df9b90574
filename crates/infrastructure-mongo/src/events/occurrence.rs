//! Edits of single occurrences.

use convene_application::{
    caller::TenantScope,
    change::Change,
    editing::{
        OccurrencePlan, OccurrenceStep, exceptions_within_limit, last_change, plan_occurrence_cancellation,
        plan_occurrence_edit, plan_occurrence_restoration,
    },
    failure::Outcome,
    ports::{Changed, OccurrenceCancellation, OccurrenceEdit, OccurrenceRestoration, OnAffected},
};
use convene_domain::{event::Event, occurrence::Occurrence};
use futures::FutureExt;

use super::{load, results::accepted, step, store};
use crate::{
    database::Database,
    error::Attempt,
    operation::Operation,
    registration::seats::{self, EventSteps, OccurrencesEdit},
    steps::{Accepted, StepsOfEdit},
    transaction::Transaction,
};

/// Edits one occurrence.
pub(super) async fn update(
    database: &Database,
    scope: &TenantScope,
    edit: &OccurrenceEdit,
    change: &Change,
) -> Outcome<Changed<Occurrence>> {
    let steps =
        StepsOfEdit { operation: Operation::UpdateOccurrence, event: edit.occurrence.event, work: step };
    database
        .edit_in_steps(scope, change, steps, |transaction| {
            async move {
                store::claim_occurrence(transaction, edit.occurrence).await?;
                let (event, found) = load::settled_occurrence(transaction, edit.occurrence).await?;
                let change = &transaction.recorded_after(last_change(&event, &found.stored), change);
                let plan = plan_occurrence_edit(&event, &found.stored, edit, change.at)?;
                carry_out(transaction, &event, found, plan, edit.on_affected, change).await
            }
            .boxed()
        })
        .await
}

/// Cancels one occurrence.
pub(super) async fn cancel(
    database: &Database,
    scope: &TenantScope,
    cancellation: OccurrenceCancellation,
    change: &Change,
) -> Outcome<Changed<Occurrence>> {
    let OccurrenceCancellation { occurrence: key, expected_version } = cancellation;
    let steps = StepsOfEdit { operation: Operation::CancelOccurrence, event: key.event, work: step };
    database
        .edit_in_steps(scope, change, steps, |transaction| {
            async move {
                store::claim_occurrence(transaction, key).await?;
                let (event, found) = load::settled_occurrence(transaction, key).await?;
                let change = &transaction.recorded_after(last_change(&event, &found.stored), change);
                let plan = plan_occurrence_cancellation(&event, &found.stored, expected_version, change.at)?;
                carry_out(transaction, &event, found, plan, OnAffected::CancelRegistrations, change).await
            }
            .boxed()
        })
        .await
}

/// Restores one occurrence.
pub(super) async fn restore(
    database: &Database,
    scope: &TenantScope,
    restoration: &OccurrenceRestoration,
    change: &Change,
) -> Outcome<Changed<Occurrence>> {
    let steps = StepsOfEdit {
        operation: Operation::RestoreOccurrence,
        event: restoration.occurrence.event,
        work: step,
    };
    database
        .edit_in_steps(scope, change, steps, |transaction| {
            async move {
                store::claim_occurrence(transaction, restoration.occurrence).await?;
                let (event, found) = load::settled_occurrence(transaction, restoration.occurrence).await?;
                let change = &transaction.recorded_after(last_change(&event, &found.stored), change);
                let plan = plan_occurrence_restoration(&event, &found.stored, restoration, change.at)?;
                carry_out(transaction, &event, found, plan, restoration.on_affected, change).await
            }
            .boxed()
        })
        .await
}

/// Carries a plan out.
async fn carry_out(
    transaction: &mut Transaction<'_>,
    event: &Event,
    found: load::LoadedOccurrence,
    plan: OccurrencePlan,
    on_affected: OnAffected,
    change: &Change,
) -> Attempt<Accepted<Changed<Occurrence>>> {
    let OccurrencePlan { after, entry } = plan;
    let Some(entry) = entry else {
        let now = Occurrence::stored(event, &found.stored);
        return Ok(Accepted::complete(Changed::complete(now, 0, 0)));
    };
    if found.derived.is_some() {
        exceptions_within_limit(load::changed_ahead(transaction, event.id, change.at).await?)?;
    }
    let revision = transaction.next_revision(change.at).await?;
    if let Some(derived) = &found.derived {
        store::store_occurrence(transaction, derived).await?;
    }
    let key = after.key;
    let steps = [OccurrenceStep::Become { before: Box::new(found.stored), after: Box::new(after) }];
    let job = transaction.new_job();
    let parts = [EventSteps { event, steps: &steps }];
    let edit = OccurrencesEdit { parts: &parts, revision, on_affected, change, job };
    // Before the registrations: their times may follow later ones.
    let cause = transaction.log(change, entry);
    let edited = seats::edit(transaction, edit).await?;
    // Members may have been promoted to the seats that became free.
    let (_, found) = load::occurrence(transaction, key).await?;
    let now = Occurrence::stored(event, &found.stored);
    accepted(transaction, event.id, now, edited, job, Some(cause)).await
}
