use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use convene_domain::{
    event::Event,
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey, Resolved, StoredOccurrence, StoredState},
    registration::{CancellationReason, Registration},
};

use super::{
    InMemory, edits::Edited, folded_texts::FoldedTexts, idempotency::UsedKeyId, pages,
    registration_book::untouched, tenant::OccurrenceRecord, transaction::Transaction,
};
use crate::{
    caller::TenantScope,
    catalogue::Replica,
    change::Change,
    editing::{
        ChangedAhead, EventPlan, OccurrencePlan, OccurrenceStep, Successor, dropped_versions,
        exceptions_within_limit, last_change, plan_cancellation, plan_event_edit,
        plan_occurrence_cancellation, plan_occurrence_edit, plan_occurrence_restoration, plan_restoration,
    },
    event::{duplicated, log},
    failure::{Failure, Fault, Field, Outcome, Refusal, Refusals},
    limits::{EXAMINED_REGISTRATIONS, LISTED_REGISTRATIONS},
    page::{BoundedPage, PageRequest},
    ports::{
        Changed, Duplication, EditScope, EventDeleted, EventEdit, EventFilter, EventPosition, EventRestored,
        Events, OccurrenceCancellation, OccurrenceEdit, OccurrenceRestoration, OnAffected,
    },
    registration::refusals,
};

#[async_trait]
impl Events for InMemory {
    async fn create(&self, scope: &TenantScope, event: Event, change: &Change) -> Outcome<Event> {
        self.transact(scope, change, |transaction| Ok(transaction.create(event)))
    }

    async fn get_many(&self, scope: &TenantScope, ids: &[EventId]) -> Result<Vec<Event>, Fault> {
        let tenant = self.read(scope)?;
        let found = tenant.events.values().filter(|event| ids.contains(&event.id));
        Ok(found.map(|event| Event::clone(event)).collect())
    }

    async fn list(
        &self,
        scope: &TenantScope,
        filter: EventFilter,
        page: PageRequest<EventPosition>,
        _held: Option<Arc<Replica>>,
    ) -> Result<BoundedPage<Arc<Event>, EventPosition>, Fault> {
        let tenant = self.read(scope)?;
        let wanted = tenant.events.values().filter(|event| passes(&self.texts, event, &filter));
        let position = |event: &Arc<Event>| EventPosition::of(event, page.order.field);
        Ok(pages::page(wanted.map(|event| Arc::new(Event::clone(event))), &page, position).into())
    }

    async fn count(&self, scope: &TenantScope, filter: EventFilter) -> Result<Option<u32>, Fault> {
        let tenant = self.read(scope)?;
        Ok(pages::count(tenant.events.values().filter(|event| passes(&self.texts, event, &filter))))
    }

    async fn update(&self, scope: &TenantScope, edit: EventEdit, change: &Change) -> Outcome<Changed<Event>> {
        self.transact(scope, change, |transaction| {
            let event = transaction.event(edit.event)?;
            let at = transaction.follow(event.updated_at);
            let mut edit = edit;
            if let EditScope::ThisAndFollowing { from, .. } = &mut edit.scope
                && let Some(Resolved::Stored(record)) = transaction.tenant.resolve(*from)
            {
                *from = record.stored.key;
            }
            let plan = |stored: &[StoredOccurrence]| plan_event_edit(&event, &edit, stored, at);
            transaction.edit(&event, edit.on_affected, plan)
        })
    }

    async fn cancel(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<Changed<Event>> {
        self.transact(scope, change, |transaction| {
            let event = transaction.event(id)?;
            let at = transaction.follow(event.updated_at);
            transaction.drop_untouched(&event);
            let stored = transaction.upcoming(id);
            let plan = plan_cancellation(&event, &stored, at)?;
            transaction.tenant.events.insert(id, Arc::new(plan.event.clone()));
            plan.entries.into_iter().for_each(|entry| transaction.log(entry));
            let edited = transaction.carry_out(&plan.steps, OnAffected::CancelRegistrations)?;
            Ok(transaction.changed(plan.event, &edited))
        })
    }

    async fn restore(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<EventRestored> {
        self.transact(scope, change, |transaction| {
            let before = transaction.event(id)?;
            let at = transaction.follow(before.updated_at);
            let stored = transaction.to_edit(&before);
            let plan = plan_restoration(&before, &stored, at)?;
            transaction.tenant.events.insert(id, Arc::new(plan.event.clone()));
            plan.entries.into_iter().for_each(|entry| transaction.log(entry));
            transaction.carry_out(&plan.steps, OnAffected::Refuse)?;
            let former_registrations = transaction.taken_by_cancellation(&before, &plan.steps);
            Ok(EventRestored { event: plan.event, former_registrations })
        })
    }

    async fn duplicate(
        &self,
        scope: &TenantScope,
        duplication: Duplication,
        change: &Change,
    ) -> Outcome<Event> {
        self.transact(scope, change, |transaction| {
            let original = transaction.event(duplication.event)?;
            let copy = duplicated(&original, &duplication, change.at)?;
            Ok(transaction.create(copy))
        })
    }

    async fn delete(&self, scope: &TenantScope, id: EventId, change: &Change) -> Outcome<EventDeleted> {
        self.transact(scope, change, |transaction| {
            let event = transaction.event(id)?;
            let at = transaction.follow(event.updated_at);
            let tenant = &transaction.tenant;
            let of_event = tenant.registrations.values().filter(|one| one.occurrence.event == id);
            let active: Vec<_> = of_event.filter(|one| one.status.is_active()).cloned().collect();
            refusals::verify_unaffected(active.len() as u64, active)?;
            let of_event = tenant.occurrences.values().filter(|record| record.stored.key.event == id);
            let former = of_event.flat_map(|one| one.former.iter().map(|key| (*key, one.stored.version)));
            let former = former.filter(|(key, _)| !tenant.occurrences.contains_key(key)).collect();
            let others = tenant.events.values().filter(|event| event.id != id);
            let kept = |event: &Event| transaction.changed_ahead(event.id).versions;
            let dropped = others.flat_map(|event| dropped_versions(event, &former, kept(event), at));
            let dropped: Vec<_> = dropped.collect();
            let tenant = &mut transaction.tenant;
            tenant.occurrences.extend(dropped.into_iter().map(|one| (one.key, OccurrenceRecord::of(one))));
            tenant.registrations.retain(|_, registration| registration.occurrence.event != id);
            tenant.occurrences.retain(|key, _| key.event != id);
            tenant.events.remove(&id);
            transaction.log(log::deleted(&event));
            Ok(EventDeleted { id, remaining_registrations: 0 })
        })
    }

    async fn update_occurrence(
        &self,
        scope: &TenantScope,
        edit: OccurrenceEdit,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>> {
        self.transact(scope, change, |transaction| {
            let (event, before) = transaction.occurrence_to_change(edit.occurrence)?;
            let at = transaction.follow(last_change(&event, &before));
            let plan = plan_occurrence_edit(&event, &before, &edit, at)?;
            transaction.carry_out_one(&event, before, plan, edit.on_affected)
        })
    }

    async fn cancel_occurrence(
        &self,
        scope: &TenantScope,
        cancellation: OccurrenceCancellation,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>> {
        self.transact(scope, change, |transaction| {
            let (event, before) = transaction.occurrence_to_change(cancellation.occurrence)?;
            let at = transaction.follow(last_change(&event, &before));
            let plan = plan_occurrence_cancellation(&event, &before, cancellation.expected_version, at)?;
            transaction.carry_out_one(&event, before, plan, OnAffected::CancelRegistrations)
        })
    }

    async fn restore_occurrence(
        &self,
        scope: &TenantScope,
        restoration: OccurrenceRestoration,
        change: &Change,
    ) -> Outcome<Changed<Occurrence>> {
        self.transact(scope, change, |transaction| {
            let (event, before) = transaction.occurrence_to_change(restoration.occurrence)?;
            let at = transaction.follow(last_change(&event, &before));
            let plan = plan_occurrence_restoration(&event, &before, &restoration, at)?;
            transaction.carry_out_one(&event, before, plan, restoration.on_affected)
        })
    }
}

fn passes(texts: &FoldedTexts, event: &Event, filter: &EventFilter) -> bool {
    filter.may_match(event)
        && filter.covers(event)
        && filter.search.as_ref().is_none_or(|wanted| {
            let text = texts.of(event.id.to_string(), event.updated_at, &event.title, &event.description);
            text.contains(&wanted.folded())
        })
}

/// A planned edit of an event, and what the plan makes of the ids that its occurrences had.
pub(super) struct PlannedEdit {
    pub(super) plan: EventPlan,
    derived: Vec<(UsedKeyId, Successor)>,
    inherited: BTreeMap<OccurrenceKey, Vec<OccurrenceKey>>,
}

impl Transaction<'_> {
    /// Stores a new event.
    fn create(&mut self, event: Event) -> Event {
        if !event.series.is_recurring()
            && let Some(origin) = event.series.occurrence_at(event.series.first_start())
        {
            let record = untouched(&event, origin);
            self.tenant.occurrences.insert(record.stored.key, record);
        }
        self.tenant.events.insert(event.id, Arc::new(event.clone()));
        self.log(log::created(&event));
        event
    }

    /// Edits an event, with its stored occurrences, by the plan for these.
    pub(super) fn edit(
        &mut self,
        event: &Event,
        on_affected: OnAffected,
        plan: impl FnOnce(&[StoredOccurrence]) -> Result<EventPlan, Refusals>,
    ) -> Outcome<Changed<Event>> {
        let planned = self.plan(event, plan)?;
        let EventPlan { event, dropped_exceptions, entries, .. } = &planned.plan;
        if entries.is_empty() {
            return Ok(Changed::complete(event.clone(), 0, 0));
        }
        let (event, dropped_exceptions) = (event.clone(), dropped_exceptions.clone());
        let edited = self.carry_out_plans(vec![planned], on_affected)?;
        Ok(Changed { dropped_exceptions, ..self.changed(event, &edited) })
    }

    /// Plans the edit of an event.
    pub(super) fn plan(
        &mut self,
        event: &Event,
        plan: impl FnOnce(&[StoredOccurrence]) -> Result<EventPlan, Refusals>,
    ) -> Result<PlannedEdit, Refusals> {
        let now = self.change.at;
        self.drop_untouched(event);
        let stored = self.to_edit(event);
        let mut plan = plan(&stored)?;
        loop {
            let is_stored = |key: &OccurrenceKey| self.tenant.occurrences.contains_key(key);
            let taken: HashSet<_> = plan.past_keys(now).into_iter().filter(is_stored).collect();
            if taken.is_empty() {
                break;
            }
            plan.avoid(&taken);
        }
        if plan.entries.is_empty() {
            return Ok(PlannedEdit { plan, derived: Vec::new(), inherited: BTreeMap::new() });
        }
        plan.keep_versions(event, &stored, &self.former_versions(event.id), now);
        let derived = self.successors_of_derived(event, &plan);
        let former: BTreeMap<_, _> = plan
            .replaced()
            .filter_map(|one| Some((one.key, self.tenant.occurrences.get(&one.key)?.former.clone())))
            .collect();
        let inherited = plan.inherited(&former);
        Ok(PlannedEdit { plan, derived, inherited })
    }

    /// Carries out plans for different events, which were made with the data as they are, all together.
    pub(super) fn carry_out_plans(
        &mut self,
        planned: Vec<PlannedEdit>,
        on_affected: OnAffected,
    ) -> Outcome<Edited> {
        let mut steps = Vec::new();
        let mut afterwards = Vec::new();
        for PlannedEdit { plan, derived, inherited } in planned {
            if let Some(ended) = plan.ended {
                self.tenant.events.insert(ended.id, Arc::new(ended));
            }
            self.tenant.events.insert(plan.event.id, Arc::new(plan.event));
            plan.entries.into_iter().for_each(|entry| self.log(entry));
            steps.extend(plan.steps);
            afterwards.push((plan.returned, derived, inherited));
        }
        let edited = self.carry_out(&steps, on_affected)?;
        for (returned, derived, inherited) in afterwards {
            for returned in returned {
                self.tenant.occurrences.insert(returned.key, OccurrenceRecord::of(returned));
            }
            for (heir, former) in inherited {
                if let Some(record) = self.tenant.occurrences.get_mut(&heir) {
                    record.inherit(former);
                }
            }
            self.tenant.keys.answer(derived);
        }
        Ok(edited)
    }

    pub(super) fn event(&self, id: EventId) -> Result<Arc<Event>, Refusal> {
        self.tenant.events.get(&id).cloned().ok_or_else(|| Refusal::not_found(Field::EventId))
    }

    /// Removes the upcoming occurrences of a series that were only materialized by registrations and have none any more:
    /// the rule derives them again.
    fn drop_untouched(&mut self, event: &Event) {
        let now = self.change.at;
        self.tenant.occurrences.retain(|key, record| {
            let is_ahead = key.event == event.id && record.stored.interval.start() > now;
            !(event.series.is_recurring() && is_ahead && record.is_untouched())
        });
    }

    /// The stored occurrences of the event that have not begun.
    fn upcoming(&self, event: EventId) -> Vec<StoredOccurrence> {
        let stored = self.tenant.occurrences.values().map(|record| &record.stored);
        stored
            .filter(|stored| stored.key.event == event && stored.interval.start() > self.change.at)
            .cloned()
            .collect()
    }

    /// The stored occurrences of the event that have not begun, or whose original start is ahead, and those whose date an edit
    /// moved into the past, or which by the current schedule passed while they were cancelled, or began at a time of their own.
    fn to_edit(&self, event: &Event) -> Vec<StoredOccurrence> {
        let now = self.change.at;
        let stored = self.tenant.occurrences.values().map(|record| &record.stored);
        let schedule = event.current_schedule();
        let is_ahead = |one: &&StoredOccurrence| {
            one.interval.start() > now
                || one.key.original_start > now
                || one.has_passed()
                || one.state == StoredState::Cancelled && schedule.covers(one.key.original_start)
                || one.exception.starts_at.is_some()
                    && !one.is_dropped()
                    && (schedule.covers(one.key.original_start) || schedule.covers(one.interval.start()))
        };
        stored.filter(|stored| stored.key.event == event.id).filter(is_ahead).cloned().collect()
    }

    /// The ids of the event that occurrences had before, with the versions of these.
    fn former_versions(&self, event: EventId) -> Vec<(OccurrenceKey, u32)> {
        let records = self.tenant.occurrences.values();
        let former = records.flat_map(|one| one.former.iter().map(|key| (*key, one.stored.version)));
        former.filter(|(key, _)| key.event == event).collect()
    }

    /// The successors of the derived occurrences that keyed changes of the event have named without a change.
    fn successors_of_derived(&self, event: &Event, plan: &EventPlan) -> Vec<(UsedKeyId, Successor)> {
        if !plan.moves_derived(event) {
            return Vec::new();
        }
        let named = self.tenant.keys.newest_ahead(event.id, self.change.at).into_iter();
        let derived = named.filter(|(_, key)| !self.tenant.occurrences.contains_key(key));
        derived.filter_map(|(id, key)| Some((id, plan.successor(event, key, self.change.at)?))).collect()
    }

    /// The numbers of occurrences that organizers changed and whose original start is ahead.
    fn changed_ahead(&self, event: EventId) -> ChangedAhead {
        let from = OccurrenceKey { event, original_start: self.change.at };
        let ahead = self.tenant.occurrences.range(from..).take_while(|(key, _)| key.event == event);
        let ahead: Vec<_> = ahead.filter(|(key, _)| **key > from).map(|(_, record)| record).collect();
        let exceptions = ahead.iter().filter(|record| record.stored.exception.is_any()).count();
        let versions = ahead.iter().filter(|record| record.stored.is_for_version()).count();
        ChangedAhead { exceptions: exceptions as u64, versions: versions as u64 }
    }

    /// The first registrations of present members for restored occurrences that the cancellation of the event took.
    fn taken_by_cancellation(&self, before: &Event, restored: &[OccurrenceStep]) -> Vec<Registration> {
        let is_restored = |key| restored.iter().any(|step| step.before().key == key);
        let all = self.tenant.registrations.values();
        let mut taken: Vec<Registration> = all
            .filter(|one| is_restored(one.occurrence))
            .filter(|one| {
                one.status.cancelled_at().zip(before.cancelled_at()).is_some_and(|(at, since)| at >= since)
            })
            .filter(|one| one.status.cancellation_reason() == Some(CancellationReason::OccurrenceCancelled))
            .cloned()
            .collect();
        taken.sort_by_key(|one| (one.status.was_waitlisted(), one.interval.start(), one.id));
        taken.truncate(EXAMINED_REGISTRATIONS);
        taken.retain(|one| self.tenant.member(one.member).is_some());
        taken.truncate(LISTED_REGISTRATIONS);
        taken
    }

    fn occurrence_to_change(&self, key: OccurrenceKey) -> Result<(Arc<Event>, StoredOccurrence), Failure> {
        let stored = self.find(key)?.stored;
        let event = self
            .tenant
            .events
            .get(&stored.key.event)
            .ok_or_else(|| Refusal::not_found(Field::OccurrenceId))?;
        Ok((event.clone(), stored))
    }

    fn carry_out_one(
        &mut self,
        event: &Event,
        before: StoredOccurrence,
        plan: OccurrencePlan,
        on_affected: OnAffected,
    ) -> Outcome<Changed<Occurrence>> {
        let OccurrencePlan { after, entry } = plan;
        let key = after.key;
        let Some(entry) = entry else {
            return Ok(Changed::complete(Occurrence::stored(event, &after), 0, 0));
        };
        let record = self.find(key)?;
        if !self.tenant.occurrences.contains_key(&key) {
            exceptions_within_limit(self.changed_ahead(event.id))?;
            self.tenant.occurrences.insert(key, record);
        }
        self.log(entry);
        let step = OccurrenceStep::Become { before: Box::new(before), after: Box::new(after) };
        let edited = self.carry_out(&[step], on_affected)?;
        Ok(self.changed(self.occurrence(key)?, &edited))
    }

    /// The result of a change.
    fn changed<T>(&self, now: T, edited: &Edited) -> Changed<T> {
        let changed = Changed::complete(now, edited.cancelled, self.promoted);
        Changed { moved_registrations: edited.moved, ..changed }
    }
}
