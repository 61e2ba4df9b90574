use convene_application::{
    caller::TenantScope,
    change::Change,
    editing::{EventPlan, plan_event_edit},
    failure::{Field, Outcome, Refusal},
    ports::{Changed, EditScope, EventEdit, OnAffected},
};
use convene_domain::{event::Event, occurrence::OccurrenceKey};
use futures::FutureExt;

use super::{load, store};
use crate::{
    database::Database,
    error::{Attempt, Interruption},
    registration::seats::{self, OccurrencesEdit},
    transaction::Transaction,
};

/// Edits an event with its stored occurrences.
pub(super) async fn update(
    database: &Database,
    scope: &TenantScope,
    edit: &EventEdit,
    change: &Change,
) -> Outcome<Changed<Event>> {
    database
        .change_serialized(scope, change, "updateEvent", |transaction| {
            async move {
                let before = load::event(transaction, edit.event, Field::EventId).await?;
                let edit = with_current_id(transaction, edit).await?;
                let stored = load::occurrences_ahead(transaction, before.id, change.at).await?;
                let plan =
                    plan_event_edit(&before, &edit, &stored, change.at).map_err(Interruption::Refused)?;
                carry_out(transaction, &before, plan, edit.on_affected, change).await
            }
            .boxed()
        })
        .await
}

/// Replaces a former id of the first occurrence of a split by its current id.
async fn with_current_id(transaction: &mut Transaction<'_>, edit: &EventEdit) -> Attempt<EventEdit> {
    let mut edit = edit.clone();
    if let EditScope::ThisAndFollowing { from, .. } = &mut edit.scope {
        if let Some(stored) = load::stored(transaction, *from).await? {
            let OccurrenceKey { event, original_start } = stored.key()?;
            *from = OccurrenceKey { event, original_start };
        }
        if from.event != edit.event {
            return Err(Refusal::not_found(Field::FromOccurrenceId).into());
        }
    }
    Ok(edit)
}

/// Carries a plan out.
pub(super) async fn carry_out(
    transaction: &mut Transaction<'_>,
    before: &Event,
    plan: EventPlan,
    on_affected: OnAffected,
    change: &Change,
) -> Attempt<Changed<Event>> {
    let EventPlan { event, ended, steps, entries } = plan;
    if entries.is_empty() {
        return Ok(Changed { now: event, cancelled_registrations: 0 });
    }
    let revision = transaction.next_revision().await?;
    let edit = OccurrencesEdit { steps: &steps, policy: &event.policy, revision, on_affected, change };
    let cancelled_registrations = seats::edit(transaction, edit).await?;
    match &ended {
        Some(ended) => {
            store::replace(transaction, ended, revision).await?;
            store::insert(transaction, &event, revision).await?;
        }
        None => {
            store::replace(transaction, &event, revision).await?;
            store::keep_begun(transaction, &event, revision, change.at).await?;
            if event.policy != before.policy {
                store::apply_policy(transaction, &event, change.at).await?;
            }
        }
    }
    for entry in entries {
        transaction.log(change, entry);
    }
    Ok(Changed { now: event, cancelled_registrations })
}
