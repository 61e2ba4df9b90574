use convene_application::{
    caller::TenantScope,
    change::Change,
    editing::{plan_realignment, verify_following},
    failure::{Fault, Outcome},
    ports::{OnAffected, RealignedEvents},
};
use convene_domain::id::EventId;
use futures::FutureExt;

use super::{
    load, step, store,
    update::{PreparedEdit, planned},
};
use crate::{
    database::Database,
    error::Attempt,
    registration::seats::{self, EventSteps, OccurrencesEdit},
    transaction::Transaction,
};

/// Gives the stored occurrences of events the times of their dates, in one transaction.
pub(crate) async fn realign(
    database: &Database,
    scope: &TenantScope,
    events: &[EventId],
    change: &Change,
) -> Outcome<RealignedEvents> {
    if !change.is_dry_run {
        for event in events {
            database.steps(scope, change.at, step).settle_soon(*event).await?;
        }
    }
    database.edit_several(scope, change, |transaction| carry_out(transaction, events, change).boxed()).await
}

async fn carry_out(
    transaction: &mut Transaction<'_>,
    events: &[EventId],
    change: &Change,
) -> Attempt<RealignedEvents> {
    for &id in events {
        store::claim(transaction, id, change.at).await?;
    }
    let mut present = Vec::with_capacity(events.len());
    for &id in events {
        let Some(event) = load::find_present_event(transaction, id).await? else { continue };
        transaction.verify_settled(id).await?;
        transaction.follow(event.updated_at, change.at);
        present.push(event);
    }
    let change = &transaction.recorded(change);
    let mut plans = Vec::with_capacity(present.len());
    for before in present {
        let plan = planned(transaction, &before, false, change.at, plan_realignment).await?;
        if !plan.entries.is_empty() {
            plans.push((before, plan));
        }
    }
    if plans.is_empty() {
        return Ok(RealignedEvents::default());
    }
    verify_following(plans.iter().map(|(_, plan)| plan))?;
    let mut prepared = Vec::with_capacity(plans.len());
    for (before, plan) in plans {
        prepared.push(PreparedEdit::of(transaction, &before, plan, change).await?);
    }
    let revision = transaction.next_revision(change.at).await?;
    let job = transaction.new_job();
    let parts: Vec<EventSteps<'_>> = prepared.iter().map(PreparedEdit::steps).collect();
    let on_affected = OnAffected::Refuse;
    let edit = OccurrencesEdit { parts: &parts, revision, on_affected, change, job };
    let edited = seats::edit(transaction, edit).await?;
    if edited.remaining > 0 {
        return Err(Fault::internal("a realignment would cancel registrations").into());
    }
    let mut events = Vec::with_capacity(prepared.len());
    for one in prepared {
        events.push(one.store(transaction, revision, change.at).await?.id);
    }
    Ok(RealignedEvents { events, registrations: edited.moved })
}
