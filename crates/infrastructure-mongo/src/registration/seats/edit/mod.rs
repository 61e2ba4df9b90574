//! The effects of an organizer's edit of occurrences on their registrations.

mod agendas;
mod documents;

use std::collections::HashMap;

use bson::doc;
use convene_application::{
    change::Change, editing::OccurrenceStep, ports::OnAffected, registration::refusals,
};
use convene_domain::{
    event::RegistrationPolicy,
    occurrence::{OccurrenceKey, OccurrenceStatus, StoredOccurrence},
    registration::{CancellationReason, Registration},
};

use self::{agendas::Moves, documents::Rewrite};
use super::{CHUNK, Cancelling, Guards, OccurrenceSeats, Occurrences, cancel, occurrence::expect, promote};
use crate::{
    documents::{convert::date, read_all},
    error::Attempt,
    registration::document::RegistrationDocument,
    schema,
    scoped::UpdateStatement,
    transaction::Transaction,
};

/// A planned edit of stored occurrences.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OccurrencesEdit<'a> {
    /// The steps, each with the occurrence as it is stored now. Other occurrences stay as they are.
    pub(crate) steps: &'a [OccurrenceStep],
    /// The policy of the event after the edit.
    pub(crate) policy: &'a RegistrationPolicy,
    /// The revision of the catalogue that the edit makes.
    pub(crate) revision: i64,
    /// The treatment of seats that would be dropped, or moved onto another seat of the same member.
    pub(crate) on_affected: OnAffected,
    pub(crate) change: &'a Change,
}

/// Carries an edit out, except for the event itself and its own log entries: rewrites the occurrences, updates
/// registrations and agendas, cancels the registrations for what is cancelled or dropped, and promotes waitlisted members
/// to free seats. Returns the number of cancelled registrations.
///
/// Dropped occurrences stay stored as cancelled because registrations refer to them.
///
/// # Errors
/// The refusal of [`refusals::affected`] where [`OnAffected`] demands it.
pub(crate) async fn edit(transaction: &mut Transaction<'_>, edit: OccurrencesEdit<'_>) -> Attempt<u32> {
    if edit.steps.is_empty() {
        return Ok(0);
    }
    let keys: Vec<OccurrenceKey> = edit.steps.iter().map(|step| step.before().key).collect();
    let mut occurrences = Occurrences::load(transaction, keys.iter().copied()).await?;
    let registrations = active_registrations(transaction, &keys).await?;
    let effects = Effects::of(edit.steps);
    let moves = Moves::plan(transaction, &effects, &registrations).await?;

    let mut affected = Vec::new();
    let mut cancellings = Vec::new();
    for registration in registrations {
        let by_conflict = || moves.conflicts(&registration).then_some(CancellationReason::OccurrenceMoved);
        let reason = effects.cancellation_reason(registration.occurrence).or_else(by_conflict);
        let Some(reason) = reason else { continue };
        if reason == CancellationReason::OccurrenceMoved {
            affected.push(registration.clone());
        }
        cancellings.push(Cancelling { registration, reason, change: edit.change });
    }
    if edit.on_affected == OnAffected::Refuse
        && let Some(refusal) = refusals::affected(affected)
    {
        return Err(refusal.into());
    }

    let count = u32::try_from(cancellings.len()).unwrap_or(u32::MAX);
    cancel(transaction, &mut occurrences, cancellings).await?;
    moves.write(transaction).await?;
    move_registrations(transaction, edit.steps).await?;
    for occurrence in Rewrite::of(&edit, &mut occurrences, transaction)?.write(transaction).await? {
        let mut seats = OccurrenceSeats::stored(occurrence)?;
        promote(transaction, &mut seats, &[edit.change], Guards::ON).await?;
        let mut promoted = Occurrences::default();
        promoted.insert(seats);
        promoted.write(transaction, Guards::ON).await?;
    }
    Ok(count)
}

/// The steps of an edit, by the id that the occurrence has before it.
struct Effects<'a>(HashMap<OccurrenceKey, &'a OccurrenceStep>);

impl<'a> Effects<'a> {
    fn of(steps: &'a [OccurrenceStep]) -> Self {
        Self(steps.iter().map(|step| (step.before().key, step)).collect())
    }

    fn cancellation_reason(&self, occurrence: OccurrenceKey) -> Option<CancellationReason> {
        self.0.get(&occurrence)?.cancellation_reason()
    }

    /// The occurrence after the edit, if it takes place at another time or under another id.
    fn moved(&self, occurrence: OccurrenceKey) -> Option<&'a StoredOccurrence> {
        match self.0.get(&occurrence)? {
            OccurrenceStep::Become { before, after }
                if after.status == OccurrenceStatus::Scheduled && is_moved(before, after) =>
            {
                Some(after)
            }
            _ => None,
        }
    }
}

fn is_moved(before: &StoredOccurrence, after: &StoredOccurrence) -> bool {
    before.interval != after.interval || before.key != after.key
}

/// Reads the active registrations for these occurrences.
async fn active_registrations(
    transaction: &mut Transaction<'_>,
    keys: &[OccurrenceKey],
) -> Attempt<Vec<Registration>> {
    let ids: Vec<String> = keys.iter().map(ToString::to_string).collect();
    let filter = doc! { "occurrence": { "$in": ids }, "active": true };
    let found: Vec<RegistrationDocument> =
        transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
    Ok(read_all(found)?)
}

/// Moves registrations with their occurrences, including the cancelled ones, which keep referring to them.
async fn move_registrations(transaction: &mut Transaction<'_>, steps: &[OccurrenceStep]) -> Attempt<()> {
    let statements: Vec<UpdateStatement> = steps
        .iter()
        .filter_map(|step| match step {
            OccurrenceStep::Become { before, after } if is_moved(before, after) => {
                let fields = doc! {
                    "occurrence": after.key.to_string(),
                    "event": after.key.event.to_string(),
                    "startsAt": date(after.interval.start()),
                    "endsAt": date(after.interval.end()),
                };
                Some(UpdateStatement {
                    filter: doc! { "occurrence": before.key.to_string() },
                    update: doc! { "$set": fields }.into(),
                    many: true,
                })
            }
            _ => None,
        })
        .collect();
    for chunk in statements.chunks(CHUNK) {
        transaction.collection(&schema::REGISTRATIONS).update_in_order(chunk.to_vec()).await?;
    }
    Ok(())
}
