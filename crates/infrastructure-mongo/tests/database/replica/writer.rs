use convene_application::{
    change::Change,
    failure::{Failure, Outcome},
    ports::{
        CancelRequest, EditScope, EventEdit, EventPatch, OccurrenceEdit, OccurrencePatch, OnAffected,
        RegistrationBook,
    },
    testing::builders::{ChangeBuilder, EventBuilder, register},
};
use convene_domain::{
    capacity::Capacity,
    event::{Event, EventStatus},
    member::Role,
    occurrence::OccurrenceKey,
    registration::Registration,
    text::Title,
    time::{Instant, LocalDateTime},
};
use time::{Duration, macros::datetime};

use super::process::Process;
use crate::support::{SeededRandom, Tenant};

/// The local start of the first events.
pub(super) const FIRST: LocalDateTime = datetime!(2031-03-03 10:00);

/// A random history of a catalogue, as far as it must be known to continue it.
pub(super) struct Writer {
    pub(super) random: SeededRandom,
    events: Vec<Event>,
    registrations: Vec<Registration>,
    /// The time of the last change.
    pub(super) now: Instant,
}

impl Writer {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: SeededRandom(seed),
            events: Vec::new(),
            registrations: Vec::new(),
            now: FIRST.as_utc() - Duration::days(1),
        }
    }

    /// Makes a change that is acknowledged, in this process.
    pub(super) async fn write(&mut self, process: &Process, tenant: &Tenant) {
        loop {
            // Some occurrences begin meanwhile, so that events get earlier schedules.
            self.now += Duration::minutes(self.random.number(120));
            let change = ChangeBuilder::by("first-admin").at(self.now).build();
            match self.attempt(process, tenant, &change).await {
                Ok(()) => return,
                Err(Failure::Refused(_)) => {}
                Err(Failure::Fault(fault)) if fault.kind().is_retryable() => {}
                Err(Failure::Fault(fault)) => panic!("{fault:?}"),
            }
        }
    }

    async fn attempt(&mut self, process: &Process, tenant: &Tenant, change: &Change) -> Outcome<()> {
        let (events, scope) = (&process.ports.events, &tenant.scope);
        if self.events.is_empty() || self.random.below(6) == 0 {
            let event = events.create(scope, self.new_event(), change).await?;
            self.events.push(event);
            return Ok(());
        }
        let place = self.random.below(self.events.len());
        let id = self.events[place].id;
        match self.random.below(20) {
            0..=2 => {
                let patch = EventPatch { title: Some(self.title()), ..EventPatch::default() };
                self.edit(process, tenant, place, EditScope::All, patch, change).await
            }
            3..=5 => {
                let hours = self.random.number(9);
                let starts_at = self.events[place].series.start() + Duration::hours(hours);
                let patch = EventPatch { starts_at: Some(starts_at), ..EventPatch::default() };
                self.edit(process, tenant, place, EditScope::All, patch, change).await
            }
            6 | 7 => {
                let scope = EditScope::ThisAndFollowing { from: self.occurrence(place), new_event: new_id() };
                let patch = EventPatch { title: Some(self.title()), ..EventPatch::default() };
                self.edit(process, tenant, place, scope, patch, change).await
            }
            8..=11 => {
                let starts_at = self.events[place].series.start() + Duration::hours(self.random.number(300));
                let patch = OccurrencePatch {
                    starts_at: (self.random.below(2) == 0).then_some(starts_at),
                    title: Some(self.title()),
                    capacity: Capacity::new(1 + self.random.below(5)).ok(),
                    ..OccurrencePatch::default()
                };
                let on_affected = OnAffected::CancelRegistrations;
                let edit = OccurrenceEdit { occurrence: self.occurrence(place), patch, on_affected };
                events.update_occurrence(scope, edit, change).await.map(drop)
            }
            12 => events.cancel_occurrence(scope, self.occurrence(place).into(), change).await.map(drop),
            13 => {
                let cancelled = events.cancel(scope, id, change).await?;
                self.events[place] = cancelled.now;
                Ok(())
            }
            14 => {
                events.delete(scope, id, change).await?;
                self.events.remove(place);
                Ok(())
            }
            15 => {
                let patch = EventPatch { recurrence: Some(None), ..EventPatch::default() };
                self.edit(process, tenant, place, EditScope::All, patch, change).await
            }
            _ => self.register(process, tenant, place, change).await,
        }
    }

    async fn edit(
        &mut self,
        process: &Process,
        tenant: &Tenant,
        place: usize,
        scope: EditScope,
        patch: EventPatch,
        change: &Change,
    ) -> Outcome<()> {
        let is_split = matches!(scope, EditScope::ThisAndFollowing { .. });
        let event = self.events[place].id;
        let on_affected = OnAffected::CancelRegistrations;
        let edit = EventEdit { event, expected_version: None, scope, patch, on_affected };
        let changed = process.ports.events.update(&tenant.scope, edit, change).await?;
        if is_split && changed.now.id != event {
            let ended = process.ports.events.get_many(&tenant.scope, &[event]).await?;
            self.events.splice(place..=place, ended);
            self.events.push(changed.now);
        } else {
            self.events[place] = changed.now;
        }
        Ok(())
    }

    /// Registers the admin, or cancels a registration.
    async fn register(
        &mut self,
        process: &Process,
        tenant: &Tenant,
        place: usize,
        change: &Change,
    ) -> Outcome<()> {
        if self.random.below(2) == 0
            && let Some(registration) = self.registrations.pop()
        {
            let request = CancelRequest::for_tests(registration.id, registration.member, Role::Admin);
            return process.book.cancel(&tenant.scope, request, change).await.map(drop);
        }
        let request = register(self.occurrence(place), tenant.admin());
        let registered = process.book.register(&tenant.scope, request, change).await?;
        self.registrations.push(registered);
        Ok(())
    }

    fn new_event(&mut self) -> Event {
        let start = FIRST + Duration::hours(self.random.number(500));
        let event = match self.random.below(4) {
            0 => EventBuilder::once(start),
            1 => EventBuilder::weekly(start),
            2 => EventBuilder::daily(start, 20),
            _ => EventBuilder::once(start).lasting(Duration::days(3)),
        };
        event.build()
    }

    /// An occurrence of the event, if it has not been moved.
    fn occurrence(&mut self, place: usize) -> OccurrenceKey {
        let event = &self.events[place];
        let nth = self.random.below(12);
        let mut starts = event.series.from_start().map(|origin| origin.start);
        // An edit may have left no date of the series.
        let original_start = starts.nth(nth).unwrap_or(event.series.first_start());
        OccurrenceKey { event: event.id, original_start }
    }

    fn title(&mut self) -> Title {
        Title::parse(&format!("Title {}", self.random.below(100))).unwrap()
    }

    /// The number of events that are not cancelled.
    pub(super) fn scheduled(&self) -> usize {
        self.events.iter().filter(|event| event.status == EventStatus::Scheduled).count()
    }
}

fn new_id() -> convene_domain::id::EventId {
    convene_domain::id::EventId::from_uuid(convene_application::testing::builders::fresh_uuid())
}
