use std::{collections::BTreeMap, sync::Arc};

use convene_application::{
    caller::TenantScope,
    change::Change,
    editing::{EventPlan, OccurrenceStep, Successor, plan_event_edit},
    failure::{Field, Outcome, Refusals},
    large::{Large, compute},
    pace::Pace,
    ports::{Changed, EditScope, EventEdit, OnAffected},
};
use convene_domain::{
    event::Event,
    id::ActivityId,
    occurrence::{OccurrenceKey, Resolved, StoredOccurrence},
    time::Instant,
};
use futures::FutureExt;

use super::{load, planning, results::accepted, step, store};
use crate::{
    database::Database,
    error::Attempt,
    operation::Operation,
    registration::seats::{self, EventSteps, OccurrencesEdit, UsedResult},
    steps::{Accepted, StepsOfEdit},
    transaction::Transaction,
};

/// Edits an event with its stored occurrences.
pub(super) async fn update(
    database: &Database,
    scope: &TenantScope,
    edit: &EventEdit,
    change: &Change,
) -> Outcome<Changed<Event>> {
    let steps = StepsOfEdit { operation: Operation::UpdateEvent, event: edit.event, work: step };
    database.edit_in_steps(scope, change, steps, |transaction| begin(transaction, edit, change).boxed()).await
}

/// Plans the edit and carries it out, as far as one transaction can.
async fn begin(
    transaction: &mut Transaction<'_>,
    edit: &EventEdit,
    change: &Change,
) -> Attempt<Accepted<Changed<Event>>> {
    store::claim(transaction, edit.event, change.at).await?;
    let before = load::settled_event(transaction, edit.event, Field::EventId).await?;
    let edit = with_current_id(transaction, edit).await?;
    let on_affected = edit.on_affected;
    let gets_dates = matches!(edit.patch.recurrence, Some(Some(_)));
    let plan =
        move |event: &Event, stored: &[StoredOccurrence], now| plan_event_edit(event, &edit, stored, now);
    let change = &transaction.recorded_after(before.updated_at, change);
    let plan = planned(transaction, &before, gets_dates, change.at, plan).await?;
    carry_out(transaction, &before, plan, on_affected, change).await
}

/// Plans an edit of an event with its stored occurrences, which is made now. The event may get dates that it does not have.
pub(super) async fn planned(
    transaction: &mut Transaction<'_>,
    before: &Event,
    gets_dates: bool,
    now: Instant,
    plan: impl FnOnce(&Event, &[StoredOccurrence], Instant) -> Result<EventPlan, Refusals> + Send + 'static,
) -> Attempt<EventPlan> {
    load::drop_untouched(transaction, before, now).await?;
    let stored = load::occurrences_to_edit(transaction, before, now).await?;
    let stored = Arc::new(Large::from(stored));
    let size = planning::size(before, gets_dates, stored.len());
    let plan = {
        let (before, stored) = (before.clone(), Arc::clone(&stored));
        let plan = move || {
            let plan = plan(&before, &stored, now)?;
            Ok::<_, Refusals>((plan.past_keys(now), plan))
        };
        compute(size, plan).await??
    };
    let mut plan = avoid_taken_keys(transaction, plan, size, now).await?;
    if plan.may_bring_dates_back(before) {
        let former = load::former_versions(transaction, before.id).await?;
        let (before, size) = (before.clone(), size + former.len());
        let keep = move || {
            let former: Vec<(OccurrenceKey, u32)> = former.into_iter().collect();
            plan.keep_versions(&before, &stored, &former, now);
            plan
        };
        plan = compute(size, keep).await?;
    }
    Ok(plan)
}

/// Replaces the keys of a plan, given those in the past, that stored occurrences have which the plan was not made with.
async fn avoid_taken_keys(
    transaction: &mut Transaction<'_>,
    plan: (Vec<OccurrenceKey>, EventPlan),
    size: usize,
    now: Instant,
) -> Attempt<EventPlan> {
    let (mut keys, mut plan) = plan;
    loop {
        let taken = load::stored_keys(transaction, &keys).await?;
        if taken.is_empty() {
            return Ok(plan);
        }
        let avoid = move || {
            plan.avoid(&taken);
            (plan.past_keys(now), plan)
        };
        (keys, plan) = compute(size, avoid).await?;
    }
}

/// Replaces a former id of the first occurrence of a split by its current id.
async fn with_current_id(transaction: &mut Transaction<'_>, edit: &EventEdit) -> Attempt<EventEdit> {
    let mut edit = edit.clone();
    if let EditScope::ThisAndFollowing { from, .. } = &mut edit.scope
        && let Some(Resolved::Stored(stored)) = load::resolve(transaction, *from).await?
    {
        *from = stored.key()?;
    }
    Ok(edit)
}

/// The steps of finding the date of an occurrence before and after an edit.
const STEPS_PER_DATE: usize = 10;

/// The successors of the derived occurrences that keyed changes of the event have named without a change.
async fn successors_of_derived(
    transaction: &mut Transaction<'_>,
    before: &Event,
    plan: &EventPlan,
    now: Instant,
) -> Attempt<Vec<(UsedResult, Successor)>> {
    if !plan.moves_derived(before) {
        return Ok(Vec::new());
    }
    let mut named: BTreeMap<OccurrenceKey, Vec<UsedResult>> = BTreeMap::new();
    let mut pace = Pace::default();
    for used in seats::results_of_event(transaction, before.id, now).await? {
        pace.steps(1).await;
        named.entry(used.occurrence).or_default().push(used);
    }
    let stored = load::stored_keys(transaction, &named.keys().copied().collect::<Vec<_>>()).await?;
    let mut successors = Vec::new();
    for (key, results) in named {
        pace.steps(STEPS_PER_DATE).await;
        if !stored.contains(&key)
            && let Some(successor) = plan.successor(before, key, now)
        {
            successors.extend(results.into_iter().map(|used| (used, successor.clone())));
        }
    }
    Ok(successors)
}

/// Finds the former ids of the occurrences that other dates of the plan replace, by the id of the occurrence which keeps them.
async fn inherited(
    transaction: &mut Transaction<'_>,
    plan: EventPlan,
) -> Attempt<(BTreeMap<OccurrenceKey, Vec<OccurrenceKey>>, EventPlan)> {
    let replaced: Vec<OccurrenceKey> = plan.replaced().map(|replaced| replaced.key).collect();
    let former = load::former_ids(transaction, &replaced).await?;
    if former.is_empty() {
        return Ok((BTreeMap::new(), plan));
    }
    let inherited = move || (plan.inherited(&former.into_iter().collect()), plan);
    Ok(compute(replaced.len(), inherited).await?)
}

/// Carries a plan out.
pub(super) async fn carry_out(
    transaction: &mut Transaction<'_>,
    before: &Event,
    mut plan: EventPlan,
    on_affected: OnAffected,
    change: &Change,
) -> Attempt<Accepted<Changed<Event>>> {
    if plan.entries.is_empty() {
        return Ok(Accepted::complete(Changed::complete(plan.event, 0, 0)));
    }
    let dropped_exceptions = std::mem::take(&mut plan.dropped_exceptions);
    let prepared = PreparedEdit::of(transaction, before, plan, change).await?;
    let revision = transaction.next_revision(change.at).await?;
    let job = transaction.new_job();
    let parts = [prepared.steps()];
    let edit = OccurrencesEdit { parts: &parts, revision, on_affected, change, job };
    let edited = seats::edit(transaction, edit).await?;
    let cause = prepared.cause;
    let event = prepared.store(transaction, revision, change.at).await?;
    let mut accepted = accepted(transaction, before.id, event, edited, job, cause).await?;
    accepted.result.dropped_exceptions = dropped_exceptions;
    Ok(accepted)
}

/// A planned edit of an event, with what it needs of the data before the edit. Edits of several events are prepared before any of them is
/// carried out.
pub(super) struct PreparedEdit {
    event: Event,
    ended: Option<Event>,
    has_other_policy: bool,
    steps: Large<OccurrenceStep>,
    returned: Large<StoredOccurrence>,
    inherited: BTreeMap<OccurrenceKey, Vec<OccurrenceKey>>,
    derived: Vec<(UsedResult, Successor)>,
    /// The first log entry of the edit.
    cause: Option<ActivityId>,
}

impl PreparedEdit {
    /// Prepares the edit, and logs it: at the time of the event, which that of its registrations may [follow](Transaction::follow).
    pub(super) async fn of(
        transaction: &mut Transaction<'_>,
        before: &Event,
        plan: EventPlan,
        change: &Change,
    ) -> Attempt<Self> {
        let derived = successors_of_derived(transaction, before, &plan, change.at).await?;
        let (inherited, plan) = inherited(transaction, plan).await?;
        let EventPlan { event, ended, by: _, steps, returned, dropped_exceptions: _, entries } = plan;
        let has_other_policy = event.policy != before.policy;
        let (steps, returned) = (Large::from(steps), Large::from(returned));
        let mut cause = None;
        for entry in entries {
            let logged = transaction.log(change, entry);
            cause = cause.or(Some(logged));
        }
        Ok(Self { event, ended, has_other_policy, steps, returned, inherited, derived, cause })
    }

    /// The part of the edit of the occurrences.
    pub(super) fn steps(&self) -> EventSteps<'_> {
        EventSteps { event: &self.event, steps: &self.steps }
    }

    /// Stores the rest, after the edit of the occurrences. Returns the event.
    pub(super) async fn store(
        self,
        transaction: &mut Transaction<'_>,
        revision: i64,
        now: Instant,
    ) -> Attempt<Event> {
        let Self { event, ended, has_other_policy, steps: _, returned, inherited, derived, cause: _ } = self;
        store::store_returned(transaction, &event, &returned, inherited, revision).await?;
        seats::rewrite_results(transaction, derived).await?;
        match &ended {
            Some(ended) => {
                store::replace(transaction, ended, revision).await?;
                store::insert(transaction, &event, revision).await?;
            }
            None => {
                store::replace(transaction, &event, revision).await?;
                store::keep_begun(transaction, &event, revision, now).await?;
                if has_other_policy {
                    store::apply_policy(transaction, &event, now).await?;
                }
            }
        }
        Ok(event)
    }
}
