//! The effects of an organizer's edit of occurrences on their registrations.

mod agendas;
mod documents;
mod results;

use std::collections::{BTreeMap, HashMap, HashSet};

use bson::doc;
use convene_application::{
    change::Change,
    editing::{OccurrenceStep, verify_effects},
    failure::Refusal,
    large::Large,
    limits::{EXAMINED_WAITLISTS, Limit},
    pace::Pace,
    ports::OnAffected,
};
use convene_domain::{
    event::Event,
    id::{JobId, RegistrationId},
    occurrence::{OccurrenceKey, StoredOccurrence, StoredState},
    registration::{CancellationReason, Registration},
    time::Instant,
};

pub(crate) use self::results::{UsedResult, results_of_event, rewrite_results};
use self::{agendas::Moves, documents::Rewrite};
use super::{
    CHUNK, Cancelling, Freed, FreedTime, OccurrenceSeats, Occurrences, cancel,
    commands::{Weighted, update_in_commands},
    freed_time::{FEW_MEMBERS, is_read_at_once, reads_at_most},
    listed::listed,
    occurrence::expect,
    promote, promote_freed,
};
use crate::{
    documents::{convert::date, ids::texts, read_in_parts},
    error::Attempt,
    registration::document::RegistrationDocument,
    schema,
    scoped::UpdateStatement,
    transaction::Transaction,
};

/// The steps of copying an occurrence.
const STEPS_PER_COPY: usize = 2;

/// A planned edit of stored occurrences.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OccurrencesEdit<'a> {
    /// The parts of the edit, each of the occurrences of another event.
    pub(crate) parts: &'a [EventSteps<'a>],
    /// The revision of the catalogue that the edit makes.
    pub(crate) revision: i64,
    /// The treatment of seats that would be dropped, or moved onto another seat of the same member.
    pub(crate) on_affected: OnAffected,
    pub(crate) change: &'a Change,
    /// The id of the job that this edit may need.
    pub(crate) job: JobId,
}

/// The part of an edit that the occurrences of one event are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventSteps<'a> {
    /// The event after the edit: the new one after a split.
    pub(crate) event: &'a Event,
    /// The steps, each with the occurrence as it is stored now. Other occurrences stay as they are.
    pub(crate) steps: &'a [OccurrenceStep],
}

impl<'a> OccurrencesEdit<'a> {
    fn steps(&self) -> impl Iterator<Item = &'a OccurrenceStep> + use<'a> {
        self.parts.iter().flat_map(|part| part.steps)
    }

    /// The steps, each with the event after the edit.
    fn steps_of_events(&self) -> Vec<(&'a Event, &'a OccurrenceStep)> {
        self.parts.iter().flat_map(|part| part.steps.iter().map(|step| (part.event, step))).collect()
    }

    /// The number of steps.
    fn size(&self) -> usize {
        self.parts.iter().map(|part| part.steps.len()).sum()
    }
}

/// The result of an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Edited {
    /// The number of cancelled registrations.
    pub(crate) cancelled: u32,
    /// The number of registrations, waitlisted ones included, whose start or end changed with their occurrence.
    pub(crate) moved: u32,
    /// The number of registrations for cancelled and dropped occurrences that the job must cancel.
    pub(crate) remaining: u64,
}

/// Carries an edit out, except for the event itself and its own log entries: rewrites the occurrences, updates
/// registrations and agendas, cancels the registrations for what is cancelled or dropped, and promotes waitlisted members
/// to free seats, also elsewhere at the times that become free.
///
/// If too many registrations are for cancelled or dropped occurrences, these occurrences name the job, which MUST then be
/// begun. Dropped occurrences stay stored as cancelled because registrations refer to them.
///
/// # Errors
/// The refusals of [`verify_effects`].
pub(crate) async fn edit(transaction: &mut Transaction<'_>, edit: OccurrencesEdit<'_>) -> Attempt<Edited> {
    let all = edit.size();
    if all == 0 {
        return Ok(Edited::default());
    }
    let keys: Vec<OccurrenceKey> = edit.steps().map(|step| step.before().key).collect();
    let occurrences = Occurrences::load(transaction, keys).await?;
    // Each of the following looks at all steps, in about a millisecond for the largest edits.
    let mut pace = Pace::default();
    pace.steps(all).await;
    let effects = Effects::of(edit.steps());
    pace.steps(all).await;
    let ending = effects.ending(&occurrences);
    pace.steps(all).await;
    // After conflicts, shorter transactions do it, unless they cannot, or would drop what otherwise returns.
    let is_divisible = !effects.replaces_held(&occurrences) && edit.steps().all(OccurrenceStep::is_divisible);
    let size = if is_divisible { transaction.step_size() } else { transaction.whole_step_size() };
    if end_at_once(transaction, &effects, ending, size, edit.change).await? {
        return carry_out(transaction, occurrences, edit, None).await;
    }
    let mut completed = Vec::with_capacity(edit.parts.len());
    for part in edit.parts {
        let mut steps = Vec::with_capacity(part.steps.len());
        for step in part.steps {
            pace.steps(STEPS_PER_COPY).await;
            steps.push(step.completed_by_job(part.event));
        }
        completed.push((part.event, Large::from(steps)));
    }
    let parts = completed.iter().map(|(event, steps)| EventSteps { event, steps });
    let parts: Vec<EventSteps<'_>> = parts.collect();
    let edit = OccurrencesEdit { parts: &parts, ..edit };
    carry_out(transaction, occurrences, edit, Some(ending)).await
}

/// Carries an edit out whose occurrences are loaded. `remaining` is the number of registrations for cancelled and dropped
/// occurrences, if the job must cancel them.
async fn carry_out(
    transaction: &mut Transaction<'_>,
    mut occurrences: Occurrences,
    edit: OccurrencesEdit<'_>,
    remaining: Option<u64>,
) -> Attempt<Edited> {
    let (all, mut pace) = (edit.size(), Pace::default());
    pace.steps(all).await;
    let effects = Effects::of(edit.steps());
    if let Some(remaining) = remaining
        && effects.replaces_held(&occurrences)
    {
        // The job would need the document under a key that another occurrence has.
        let whole = transaction.whole_step_size();
        let is_many = usize::try_from(remaining).map_or(true, |remaining| remaining > whole);
        let limit = if is_many { Limit::EditedRegistrations } else { Limit::ExaminedWaitlists };
        return Err(Refusal::LimitExceeded(limit).into());
    }
    let in_steps = remaining.is_some();
    pace.steps(all).await;
    let is_read = |key: &OccurrenceKey| {
        effects.moved(*key).is_some() || (!in_steps && effects.cancellation_reason(*key).is_some())
    };
    let keys: Vec<OccurrenceKey> = edit.steps().map(|step| step.before().key).filter(is_read).collect();
    let registrations = active_registrations(transaction, &keys).await?;
    let moves = Moves::plan(transaction, &effects, &registrations).await?;
    let Divided { cancellings, following, affected } = divide(registrations, &effects, &moves, edit.change);
    let dropped = if in_steps { effects.dropped(&occurrences) } else { Vec::new() };
    refuse(transaction, &edit, &dropped, affected).await?;

    let ended = cancellings.iter().map(|cancelling| &cancelling.registration);
    let is_moved = |registration: &&Registration| {
        effects.moved(registration.occurrence).is_some_and(|after| after.interval != registration.interval)
    };
    let moved: Vec<&Registration> = following.iter().filter(is_moved).collect();
    let edited = Edited {
        cancelled: u32::try_from(cancellings.len()).unwrap_or(u32::MAX),
        moved: u32::try_from(moved.len()).unwrap_or(u32::MAX),
        remaining: remaining.unwrap_or(0),
    };
    pace.steps(following.len()).await;
    let mut freed_times: Vec<FreedTime<'_>> =
        ended.chain(moved).filter_map(|registration| FreedTime::of(registration, edit.change)).collect();
    freed_times.extend(moves.freed_before_job(edit.change).filter(|_| in_steps));
    if !reads_at_most(transaction, &freed_times, EXAMINED_WAITLISTS).await? {
        return Err(Refusal::LimitExceeded(Limit::ExaminedWaitlists).into());
    }
    cancel(transaction, &mut occurrences, cancellings).await?;
    moves.write(transaction).await?;
    move_registrations(transaction, &effects, following, edit.change.at).await?;
    let rewrite = Rewrite::of(&edit, in_steps.then_some(edit.job), &mut occurrences, transaction).await?;
    rewrite_and_promote(transaction, rewrite, &effects.moved_to(), freed_times, edit.change).await?;
    Ok(edited)
}

/// The registrations of an edit.
struct Divided<'c> {
    /// Those that are cancelled.
    cancellings: Vec<Cancelling<'c>>,
    /// Those that follow their occurrence.
    following: Vec<Registration>,
    /// Those of the cancelled ones that the organizer decides about: [`OnAffected`].
    affected: Vec<Registration>,
}

/// Divides registrations into those that the edit cancels and those that follow their occurrence.
fn divide<'c>(
    registrations: Vec<Registration>,
    effects: &Effects<'_>,
    moves: &Moves,
    change: &'c Change,
) -> Divided<'c> {
    let mut divided = Divided { cancellings: Vec::new(), following: Vec::new(), affected: Vec::new() };
    for registration in registrations {
        let by_conflict = || moves.conflicts(&registration).then_some(CancellationReason::OccurrenceMoved);
        let reason = effects.cancellation_reason(registration.occurrence).or_else(by_conflict);
        let Some(reason) = reason else {
            divided.following.push(registration);
            continue;
        };
        if reason == CancellationReason::OccurrenceMoved {
            divided.affected.push(registration.clone());
        }
        divided.cancellings.push(Cancelling { registration, reason, change });
    }
    divided
}

/// Stores the edited occurrences, and promotes waitlisted members to their free seats, and elsewhere at the times that became free.
async fn rewrite_and_promote(
    transaction: &mut Transaction<'_>,
    rewrite: Rewrite,
    moved_to: &HashSet<OccurrenceKey>,
    freed_times: Vec<FreedTime<'_>>,
    change: &Change,
) -> Attempt<()> {
    let mut promoted = Occurrences::default();
    let mut freed = Vec::new();
    for occurrence in rewrite.write(transaction).await? {
        let seats = OccurrenceSeats::stored(occurrence)?;
        let is_moved = moved_to.contains(&seats.key);
        freed.push(Freed { occurrence: seats.key, causes: vec![change], is_moved });
        promoted.insert(seats);
    }
    promote(transaction, &mut promoted, freed).await?;
    promote_freed(transaction, &mut promoted, freed_times).await?;
    promoted.write(transaction).await
}

/// Tests whether one transaction can cancel the registrations for cancelled and dropped occurrences, and read the waitlists of
/// their members.
async fn end_at_once(
    transaction: &mut Transaction<'_>,
    effects: &Effects<'_>,
    ending: u64,
    size: usize,
    change: &Change,
) -> Attempt<bool> {
    let ending = usize::try_from(ending).unwrap_or(usize::MAX);
    if ending <= FEW_MEMBERS || ending > size {
        return Ok(ending <= size);
    }
    let registrations = active_registrations(transaction, &effects.ended()).await?;
    let freed = registrations.iter().filter_map(|registration| FreedTime::of(registration, change));
    is_read_at_once(transaction, &freed.collect::<Vec<_>>()).await
}

/// Refuses an edit because of the registrations that it affects: those for dropped occurrences, with the number of them, and
/// others.
async fn refuse(
    transaction: &mut Transaction<'_>,
    edit: &OccurrencesEdit<'_>,
    dropped: &[(OccurrenceKey, u64)],
    affected: Vec<Registration>,
) -> Attempt<()> {
    let mut affected = affected;
    let mut count = affected.len() as u64;
    if !dropped.is_empty() && edit.on_affected == OnAffected::Refuse {
        count += dropped.iter().map(|(_, registrations)| registrations).sum::<u64>();
        let ids: Vec<String> = dropped.iter().map(|(key, _)| key.to_string()).collect();
        let filter = doc! { "occurrence": { "$in": ids }, "active": true };
        affected.extend(listed(transaction, filter).await?);
    }
    Ok(verify_effects(edit.steps(), edit.on_affected, count, affected)?)
}

/// The steps of an edit, by the id that the occurrence has before it.
struct Effects<'a>(HashMap<OccurrenceKey, &'a OccurrenceStep>);

impl<'a> Effects<'a> {
    fn of(steps: impl Iterator<Item = &'a OccurrenceStep>) -> Self {
        Self(steps.map(|step| (step.before().key, step)).collect())
    }

    fn cancellation_reason(&self, occurrence: OccurrenceKey) -> Option<CancellationReason> {
        self.0.get(&occurrence)?.cancellation_reason()
    }

    /// The cancelled and dropped occurrences.
    fn ended(&self) -> Vec<OccurrenceKey> {
        let ended = self.0.values().filter(|step| step.cancellation_reason().is_some());
        ended.map(|step| step.before().key).collect()
    }

    /// The number of active registrations for cancelled and dropped occurrences.
    fn ending(&self, occurrences: &Occurrences) -> u64 {
        self.ended().into_iter().map(|key| active(occurrences, key)).sum()
    }

    /// Tests whether an occurrence with active registrations makes room for another one.
    fn replaces_held(&self, occurrences: &Occurrences) -> bool {
        let replaced = self.0.values().filter(|step| matches!(step, OccurrenceStep::Replace(_)));
        replaced.map(|step| active(occurrences, step.before().key)).any(|registrations| registrations > 0)
    }

    /// The dropped occurrences with active registrations, and the number of them.
    fn dropped(&self, occurrences: &Occurrences) -> Vec<(OccurrenceKey, u64)> {
        let dropped = self
            .0
            .values()
            .filter(|step| matches!(step, OccurrenceStep::Drop(_) | OccurrenceStep::Replace(_)));
        let counted = dropped.map(|step| (step.before().key, active(occurrences, step.before().key)));
        counted.filter(|(_, registrations)| *registrations > 0).collect()
    }

    /// The ids after the edit of the occurrences that take place at another time or have another id.
    fn moved_to(&self) -> HashSet<OccurrenceKey> {
        self.0.keys().filter_map(|&key| self.moved(key)).map(|after| after.key).collect()
    }

    /// The occurrence after the edit, if it takes place at another time or under another id.
    fn moved(&self, occurrence: OccurrenceKey) -> Option<&'a StoredOccurrence> {
        match self.0.get(&occurrence)? {
            OccurrenceStep::Become { before, after }
                if after.state == StoredState::Scheduled && is_moved(before, after) =>
            {
                Some(after)
            }
            _ => None,
        }
    }
}

/// The number of active registrations for an occurrence.
fn active(occurrences: &Occurrences, key: OccurrenceKey) -> u64 {
    occurrences.get(key).map_or(0, |seats| seats.document.active())
}

fn is_moved(before: &StoredOccurrence, after: &StoredOccurrence) -> bool {
    before.interval != after.interval || before.key != after.key
}

/// Reads the active registrations for these occurrences.
async fn active_registrations(
    transaction: &mut Transaction<'_>,
    keys: &[OccurrenceKey],
) -> Attempt<Vec<Registration>> {
    let mut registrations = Vec::new();
    for keys in keys.chunks(CHUNK) {
        let filter = doc! { "occurrence": { "$in": texts(keys) }, "active": true };
        let found: Vec<RegistrationDocument> =
            transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
        registrations.extend(read_in_parts::<_, Registration>(found).await?);
    }
    Ok(registrations)
}

/// An occurrence after the edit, and the ids of the registrations that follow it.
type Moving<'a> = (&'a StoredOccurrence, Vec<RegistrationId>);

/// Orders moves so that an occurrence leaves its id before another one gets it. A member may have a registration for both,
/// and may never have two active ones for one occurrence, not even between two statements.
fn vacated_first<'m, 'a>(moves: &'m BTreeMap<OccurrenceKey, Moving<'a>>) -> Vec<&'m Moving<'a>> {
    let mut visited = HashSet::new();
    let mut ordered = Vec::with_capacity(moves.len());
    for first in moves.keys() {
        let mut chain = Vec::new();
        let mut key = *first;
        while let Some(moving) = moves.get(&key).filter(|_| visited.insert(key)) {
            chain.push(moving);
            key = moving.0.key;
        }
        ordered.extend(chain.into_iter().rev());
    }
    ordered
}

/// Moves active registrations with their occurrences. Cancelled ones keep the occurrence and the time that they recorded.
async fn move_registrations(
    transaction: &mut Transaction<'_>,
    effects: &Effects<'_>,
    following: Vec<Registration>,
    now: Instant,
) -> Attempt<()> {
    let mut by_occurrence: BTreeMap<OccurrenceKey, Moving<'_>> = BTreeMap::new();
    for registration in following {
        if let Some(after) = effects.moved(registration.occurrence) {
            transaction.follow(registration.updated_at, now);
            let (_, ids) = by_occurrence.entry(registration.occurrence).or_insert((after, Vec::new()));
            ids.push(registration.id);
        }
    }
    let count = by_occurrence.values().map(|(_, ids)| ids.len()).sum();
    let at = date(transaction.recorded_at(now));
    let mut statements = Vec::new();
    for (after, ids) in vacated_first(&by_occurrence) {
        let fields = doc! {
            "occurrence": after.key.to_string(),
            "event": after.key.event.to_string(),
            "startsAt": date(after.interval.start()),
            "endsAt": date(after.interval.end()),
            "updatedAt": at,
        };
        for ids in ids.chunks(CHUNK) {
            let statement = UpdateStatement {
                filter: doc! { "_id": { "$in": texts(ids) }, "active": true },
                // A member who was busy at the old time may be free at the new one.
                update: doc! { "$set": fields.clone(), "$unset": { "isBusy": "" } }.into(),
                many: true,
            };
            statements.push(Weighted { effort: ids.len(), statement });
        }
    }
    let matched = update_in_commands(transaction, &schema::REGISTRATIONS, statements).await?;
    expect(matched, count, "registrations")
}
