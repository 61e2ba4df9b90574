//! What an organizer's edit of occurrences does to those who hold seats in them.

mod agendas;
mod documents;

use std::collections::HashMap;

use bson::doc;
use convene_application::{change::Change, editing::OccurrenceStep, failure::Refusal, ports::OnAffected};
use convene_domain::{
    event::RegistrationPolicy,
    occurrence::{OccurrenceStatus, StoredOccurrence},
    registration::{CancellationReason, Registration},
};

use self::{agendas::Moves, documents::Rewrite};
use super::{CHUNK, Cancelling, Guards, Tallies, Tally, cancel, promote, tally::expect};
use crate::{
    documents::convert::date,
    error::{Attempt, CorruptDocument},
    registration::document::RegistrationDocument,
    schema,
    scoped::UpdateStatement,
    transaction::Transaction,
};

/// How many of those who are affected a refusal names.
const NAMED: usize = 100;

/// An edit of stored occurrences, as it was planned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OccurrencesEdit<'a> {
    /// What becomes of each, as it is stored at this moment. What is not named stays as it is.
    pub(crate) steps: &'a [OccurrenceStep],
    /// The policy of the event that they belong to then.
    pub(crate) policy: &'a RegistrationPolicy,
    /// The revision that the edit takes in the organization's catalogue.
    pub(crate) revision: i64,
    /// What becomes of seats that would be dropped, or moved onto another seat of the same member.
    pub(crate) on_affected: OnAffected,
    /// Who does it, and when.
    pub(crate) change: &'a Change,
}

/// Carries an edit out, everything but the event itself and its own entries of the log: the occurrences are stored as
/// they will be, registrations and agendas follow, what is called off or dropped loses its registrations, and who
/// waits gets what seats are free then. Answers with how many registrations were cancelled.
///
/// What is dropped stays stored as cancelled while there are registrations that tell of it.
///
/// # Errors
/// [`Refusal::RegistrationsAffected`] where [`OnAffected`] says so.
pub(crate) async fn edit(transaction: &mut Transaction<'_>, edit: OccurrencesEdit<'_>) -> Attempt<u32> {
    if edit.steps.is_empty() {
        return Ok(0);
    }
    let ids: Vec<String> = edit.steps.iter().map(|step| step.before().key.to_string()).collect();
    let mut tallies = Tallies::load(transaction, ids.iter().map(String::as_str)).await?;
    let held = held(transaction, &ids).await?;
    let fates = Fates::of(edit.steps);
    let moves = Moves::plan(transaction, &fates, &held).await?;

    let mut affected = Vec::new();
    let mut cancellings = Vec::new();
    for registration in held {
        let reason = match fates.of_holder(&registration) {
            Fate::CalledOff => CancellationReason::OccurrenceCancelled,
            Fate::Dropped => CancellationReason::OccurrenceMoved,
            Fate::Kept if moves.clash(&registration) => CancellationReason::OccurrenceMoved,
            Fate::Kept => continue,
        };
        if reason == CancellationReason::OccurrenceMoved {
            affected.push(registration.clone());
        }
        cancellings.push(Cancelling { registration, reason, change: edit.change });
    }
    if edit.on_affected == OnAffected::Refuse && !affected.is_empty() {
        return Err(refusal(affected)?.into());
    }

    let count = u32::try_from(cancellings.len()).unwrap_or(u32::MAX);
    cancel(transaction, &mut tallies, cancellings).await?;
    moves.write(transaction).await?;
    follow(transaction, edit.steps).await?;
    for occurrence in Rewrite::of(&edit, &mut tallies, transaction)?.write(transaction).await? {
        let mut tally = Tally::stored(occurrence);
        promote(transaction, &mut tally, &[edit.change], Guards::ON).await?;
        let mut seated = Tallies::default();
        seated.insert(tally);
        seated.write(transaction, Guards::ON).await?;
    }
    Ok(count)
}

/// What becomes of those who hold a seat in an occurrence, or wait for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// They keep it, perhaps at another time.
    Kept,
    /// They lose it with the occurrence, which is what calling it off means.
    CalledOff,
    /// They lose it because the series has no such occurrence any more.
    Dropped,
}

/// What becomes of each occurrence, by the id it has before the edit.
struct Fates<'a>(HashMap<String, &'a OccurrenceStep>);

impl<'a> Fates<'a> {
    fn of(steps: &'a [OccurrenceStep]) -> Self {
        Self(steps.iter().map(|step| (step.before().key.to_string(), step)).collect())
    }

    fn of_holder(&self, registration: &RegistrationDocument) -> Fate {
        match self.0.get(&registration.occurrence) {
            Some(OccurrenceStep::Drop(_)) => Fate::Dropped,
            Some(OccurrenceStep::Become { after, .. }) if after.status == OccurrenceStatus::Cancelled => {
                Fate::CalledOff
            }
            _ => Fate::Kept,
        }
    }

    /// What the occurrence becomes, if it is another time or another id and takes place.
    fn moved(&self, occurrence: &str) -> Option<&'a StoredOccurrence> {
        match self.0.get(occurrence)? {
            OccurrenceStep::Become { before, after }
                if after.status == OccurrenceStatus::Scheduled
                    && (before.interval != after.interval || before.key != after.key) =>
            {
                Some(after)
            }
            _ => None,
        }
    }

    /// Whether the occurrence stays in the agendas of those who hold a seat in it.
    fn is_over(&self, occurrence: &str) -> bool {
        match self.0.get(occurrence) {
            Some(OccurrenceStep::Drop(_)) => true,
            Some(OccurrenceStep::Become { after, .. }) => after.status == OccurrenceStatus::Cancelled,
            None => false,
        }
    }
}

/// The seats and places in queues of these occurrences.
async fn held(transaction: &mut Transaction<'_>, ids: &[String]) -> Attempt<Vec<RegistrationDocument>> {
    let filter = doc! { "occurrence": { "$in": ids }, "active": true };
    Ok(transaction.collection(&schema::REGISTRATIONS).find(filter).await?)
}

fn refusal(mut affected: Vec<RegistrationDocument>) -> Result<Refusal, CorruptDocument> {
    let count = u32::try_from(affected.len()).unwrap_or(u32::MAX);
    affected.sort_by(|a, b| (a.starts_at, &a.id).cmp(&(b.starts_at, &b.id)));
    let named = affected.iter().take(NAMED).map(Registration::try_from).collect::<Result<_, _>>()?;
    Ok(Refusal::RegistrationsAffected { count, registrations: named })
}

/// Registrations follow their occurrence, the cancelled ones too: they tell of it.
async fn follow(transaction: &mut Transaction<'_>, steps: &[OccurrenceStep]) -> Attempt<()> {
    let statements: Vec<UpdateStatement> = steps
        .iter()
        .filter_map(|step| match step {
            OccurrenceStep::Become { before, after }
                if before.interval != after.interval || before.key != after.key =>
            {
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
