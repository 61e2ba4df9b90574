use std::collections::{BTreeMap, BTreeSet};

use convene_domain::{
    event::Event,
    id::{EventId, RegistrationId},
    occurrence::{OccurrenceKey, StoredOccurrence},
    recurrence::Series,
    registration::Registration,
    text::Title,
    time::{Instant, LocalDateTime, interval::Interval},
};
use time::{Duration, macros::utc_datetime};

use super::step::Step;
use crate::{
    ports::{EventEdit, OnAffected, RegistrationFilter},
    testing::contract::tenant::Tenant,
};

/// An occurrence in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Listed {
    pub(super) interval: Interval,
    pub(super) status: &'static str,
    pub(super) title: Title,
    pub(super) capacity: u32,
    pub(super) taken: u32,
    pub(super) is_exception: bool,
    pub(super) key: OccurrenceKey,
}

/// All that members can read of a series and of the events that it was split into.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) now: Instant,
    pub(super) events: Vec<EventId>,
    pub(super) known: BTreeMap<EventId, Event>,
    pub(super) listed: Vec<Listed>,
    registrations: BTreeMap<RegistrationId, (Registration, Option<StoredOccurrence>)>,
}

impl State {
    pub(super) async fn of(tenant: &Tenant, events: Vec<EventId>, now: Instant) -> Self {
        let found = tenant.ports.events.get_many(&tenant.scope, &events).await.expect("events are read");
        let known: BTreeMap<EventId, Event> = found.into_iter().map(|event| (event.id, event)).collect();
        let (from, to) = (utc_datetime!(2030-10-01 0:00), utc_datetime!(2031-09-30 0:00));
        let all = tenant.listing(&known.keys().copied().collect::<Vec<_>>(), from, to).await;
        let mut listed: Vec<Listed> = all
            .iter()
            .map(|one| Listed {
                interval: one.interval,
                status: one.status.as_str(),
                title: one.title.clone(),
                capacity: one.capacity.get(),
                taken: one.taken,
                is_exception: one.is_exception,
                key: one.key,
            })
            .collect();
        listed.sort();
        let mut registrations = BTreeMap::new();
        for registration in tenant.registrations(RegistrationFilter::default()).await {
            if known.contains_key(&registration.occurrence.event) && registration.status.is_active() {
                let stored = tenant.stored(registration.occurrence).await;
                registrations.insert(registration.id, (registration, stored));
            }
        }
        Self { now, events, known, listed, registrations }
    }

    /// The active registrations.
    pub(super) fn registrations(&self) -> impl Iterator<Item = &Registration> {
        self.registrations.values().map(|(registration, _)| registration)
    }

    /// The listed occurrences that have begun, without their events.
    fn past(&self) -> Vec<(Interval, &'static str, &Title, u32, u32)> {
        let begun = self.listed.iter().filter(|one| one.interval.start() <= self.now);
        begun.map(|one| (one.interval, one.status, &one.title, one.capacity, one.taken)).collect()
    }

    /// The listed occurrences without their events.
    fn anywhere(&self) -> Vec<(Interval, &'static str, &Title, u32, u32)> {
        let all = self.listed.iter();
        all.map(|one| (one.interval, one.status, &one.title, one.capacity, one.taken)).collect()
    }

    /// Checks the state after a step.
    pub(super) fn check(&self, step: &Step, after: &Self, told: &str) {
        assert_eq!(after.past(), self.past(), "the past changed: {told}");
        let mut keys: Vec<_> = after.listed.iter().map(|one| one.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), after.listed.len(), "an id is listed twice: {told}");
        for (registration, stored) in after.registrations.values() {
            let stored = stored.as_ref().unwrap_or_else(|| panic!("{registration:?} is lost: {told}"));
            assert_eq!(registration.interval, stored.interval, "{told}");
            let is_listed = |one: &&Listed| one.key == stored.key && one.interval == stored.interval;
            assert_eq!(
                after.listed.iter().filter(is_listed).count(),
                1,
                "{registration:?} is not listed: {told}"
            );
        }
        self.check_used(step, after, told);
        match step {
            Step::Split { to: None, .. } => {
                assert_eq!(after.anywhere(), self.anywhere(), "a split changed a list: {told}");
            }
            Step::Split { by, new_event, .. } if after.known.contains_key(new_event) => {
                self.check_shift(*by, after, told, |event| event == *new_event);
            }
            Step::Shift { by, .. } | Step::Split { by, .. } => {
                self.check_shift(*by, after, told, |event| after.known.get(&event) != self.known.get(&event));
            }
            Step::Zone { .. } => self.check_shift(Duration::ZERO, after, told, |event| {
                after.known.get(&event) != self.known.get(&event)
            }),
            Step::Edit(edit) if edit.on_affected == OnAffected::Refuse => self.check_rule(edit, after, told),
            Step::EditOccurrence(edit) => self.check_others(edit.occurrence, after, told),
            Step::RestoreOccurrence(restoration) => self.check_others(restoration.occurrence, after, told),
            Step::RestoreEvent(_) => {
                assert_eq!(after.registrations.len(), self.registrations.len(), "{told}");
            }
            Step::CancelRegistration(request) => {
                let others = self.registrations.len() - 1;
                assert_eq!(after.registrations.len(), others, "{request:?}: {told}");
            }
            _ => {}
        }
    }

    /// Checks the used dates of the events that a step can have edited.
    fn check_used(&self, step: &Step, after: &Self, told: &str) {
        for (id, edited) in &after.known {
            let (before, shifts) = match step {
                Step::Split { event, by, .. } => match self.known.get(id) {
                    None => (*event, vec![*by]),
                    Some(_) => (*id, vec![*by, Duration::ZERO]),
                },
                Step::Shift { event, by, .. } if event == id => (*id, vec![*by]),
                Step::Edit(edit) if edit.event == *id => {
                    let first = self.known.get(id).map(|event| event.series.first_date());
                    let by = edit.patch.starts_at.zip(first).map(|(start, first)| start - first);
                    (*id, vec![by.unwrap_or_default(), Duration::ZERO])
                }
                _ => (*id, vec![Duration::ZERO]),
            };
            let Some(before) = self.known.get(&before) else { continue };
            let until = edited.series.parts().used_until.map(|until| edited.series.zone().resolve(until));
            assert!(until.is_none_or(|until| until.instant <= self.now), "a bound is ahead: {told}");
            let all = edited.series.with_all_dates().expect("a series");
            let end = utc_datetime!(2032-01-01 0:00);
            for date in all.from_start().take_while(|date| date.start < end) {
                let origins: Vec<LocalDateTime> = shifts.iter().map(|by| date.local - *by).collect();
                if edited.series.occurrence_at(date.start).is_none() {
                    let is_taken = |local: &LocalDateTime| {
                        is_used(before, *local, self.now) || self.has_own_time(before, *local)
                    };
                    assert!(origins.iter().any(is_taken), "{} is used, but was not: {told}", date.local);
                } else if date.start > self.now && matches!(step, Step::Shift { .. } | Step::Zone { .. }) {
                    let is_lost = |local: &LocalDateTime| {
                        is_used(before, *local, self.now) && !self.has_own_time(before, *local)
                    };
                    assert!(!origins.iter().any(is_lost), "{} was used, but is not: {told}", date.local);
                }
            }
        }
    }

    /// Tests whether a listed exception has this original start, or a second that follows it.
    fn has_own_time(&self, event: &Event, local: LocalDateTime) -> bool {
        let exceptions = self.listed.iter().filter(|one| one.is_exception && one.key.event == event.id);
        let mut own = exceptions.map(|one| event.series.zone().to_local(one.key.original_start));
        own.any(|own| follows(own, local))
    }

    /// Checks that only registrations for this occurrence have another time, and that none is lost.
    fn check_others(&self, occurrence: OccurrenceKey, after: &Self, told: &str) {
        for (id, (before, _)) in &self.registrations {
            let (now, _) =
                after.registrations.get(id).unwrap_or_else(|| panic!("{before:?} is lost: {told}"));
            let is_same = now.interval == before.interval;
            assert!(is_same || before.occurrence == occurrence, "{before:?} moved: {told}");
        }
    }

    /// Checks that nobody's time changed by anything but the shift, under REFUSE.
    fn check_shift(&self, by: Duration, after: &Self, told: &str, is_edited: impl Fn(EventId) -> bool) {
        assert_eq!(after.registrations.len(), self.registrations.len(), "{told}");
        for (id, (before, stored)) in &self.registrations {
            let (now, now_stored) =
                after.registrations.get(id).unwrap_or_else(|| panic!("{before:?}: {told}"));
            let (Some(stored), Some(now_stored)) = (stored, now_stored) else { continue };
            let has_begun = before.interval.start() <= self.now;
            if !is_edited(now.occurrence.event) || has_begun {
                assert_eq!(now.interval.start(), before.interval.start(), "{before:?}: {told}");
                continue;
            }
            // A postponed occurrence keeps its original start, unless a shift has postponed it: then its date is a used one.
            let is_postponed = stored.key.original_start <= self.now;
            let series = self.known.get(&before.occurrence.event).map(|event| &event.series);
            let used = series.and_then(|series| used_date(series, stored.original_local));
            let moves = now_stored.original_local == stored.original_local + by;
            let stays = now_stored.original_local == stored.original_local;
            // Where another occurrence has the second of the date, it has a following one.
            let follows = |used| follows(now_stored.original_local, used + by);
            let is_right = if is_postponed { stays || used.is_some_and(follows) } else { moves };
            assert!(is_right, "{before:?}: {told}");
            let zone = after.known.get(&now.occurrence.event).map(|event| event.series.zone());
            let local = now_stored.exception.starts_at.unwrap_or(now_stored.original_local);
            let expected = zone.map(|zone| zone.resolve(local).instant);
            assert_eq!(Some(now.interval.start()), expected, "{before:?}: {told}");
        }
    }

    /// Checks that a given rule moved nobody by anything but the difference of the starts, or of their times of day, under REFUSE, or
    /// else to another time of the same day; and nobody to another day if it only removes or adds dates.
    fn check_rule(&self, edit: &EventEdit, after: &Self, told: &str) {
        let Some(before) = self.known.get(&edit.event) else { return };
        let Some(edited) = after.known.get(&edit.event) else { return };
        let first = before.series.first_date();
        let by = edit.patch.starts_at.map_or(Duration::ZERO, |start| start - first);
        let time = Duration::seconds(by.whole_seconds().rem_euclid(86_400));
        let times = [time, time - Duration::DAY];
        let keeps_days =
            edit.patch.recurrence.is_some() && self.only_removes_or_adds(before, edited, by, times);
        for (id, (was, stored)) in &self.registrations {
            let (_, now) = after.registrations.get(id).unwrap_or_else(|| panic!("{was:?} is lost: {told}"));
            let (Some(stored), Some(now)) = (stored, now) else { panic!("{was:?}: {told}") };
            if was.occurrence.event != edit.event || stored.key.original_start <= self.now {
                continue;
            }
            let (old, new) = (stored.original_local, now.original_local);
            let stays = new == old || new.date() == old.date() || times.contains(&(new - old));
            let moves = new - old == by || new.date() == (old + by).date();
            assert!(stays || moves && !keeps_days, "{was:?} moved by {}: {told}", new - old);
        }
    }

    /// Tests whether all new dates are old ones, or all old ones that are ahead are new ones, apart from the time of day, and the new
    /// ones are not simply the old ones moved to the new start.
    fn only_removes_or_adds(
        &self,
        before: &Event,
        edited: &Event,
        by: Duration,
        times: [Duration; 2],
    ) -> bool {
        let dates = |series: &Series| -> BTreeSet<LocalDateTime> {
            let all = series.with_all_dates().expect("a series");
            all.from_start().take(500).map(|date| date.local).collect()
        };
        let (old, new) = (dates(&before.series), dates(&edited.series));
        let is_short = |dates: &BTreeSet<LocalDateTime>| dates.len() < 500;
        let moved = |dates: &BTreeSet<LocalDateTime>, by| -> BTreeSet<LocalDateTime> {
            dates.iter().map(|date| *date + by).collect()
        };
        let ahead: BTreeSet<LocalDateTime> = old
            .iter()
            .copied()
            .filter(|date| before.series.zone().resolve(*date).instant > self.now)
            .collect();
        let is_shift = by.abs() <= Duration::hours(12) || moved(&old, by) == new;
        is_short(&old)
            && is_short(&new)
            && !is_shift
            && times.into_iter().any(|time| {
                new.is_subset(&moved(&old, time)) || !ahead.is_empty() && moved(&ahead, time).is_subset(&new)
            })
    }

    /// Checks that a shift which was taken back left no trace but versions.
    pub(super) fn check_same(&self, before: &Self, told: &str) {
        assert_eq!(self.anywhere(), before.anywhere(), "{told}");
        let times = |state: &Self| -> Vec<(RegistrationId, Interval)> {
            state.registrations.iter().map(|(id, (one, _))| (*id, one.interval)).collect()
        };
        assert_eq!(times(self), times(before), "{told}");
        for (id, event) in &self.known {
            let Some(before) = before.known.get(id) else { continue };
            assert_eq!(event.series.exdates(), before.series.exdates(), "{told}");
            assert_eq!(event.series.rdates(), before.series.rdates(), "{told}");
            assert_eq!(event.series.last_start(), before.series.last_start(), "{told}");
        }
    }
}

/// The used date of a series at a wall-clock time, or less than a minute before it.
fn used_date(series: &Series, local: LocalDateTime) -> Option<LocalDateTime> {
    let all = series.with_all_dates().expect("a series");
    let at = series.zone().resolve(local).instant;
    let date = all.latest(at - Duration::seconds(59), at + Duration::SECOND, 1).pop()?;
    series.occurrence_at(date.start).is_none().then_some(date.local)
}

/// Tests whether a wall-clock time is a second of the minute from another one on.
fn follows(second: LocalDateTime, first: LocalDateTime) -> bool {
    (Duration::ZERO..Duration::MINUTE).contains(&(second - first))
}

/// Tests whether a date of the event is used at a time, or has begun by the current schedule.
fn is_used(event: &Event, local: LocalDateTime, now: Instant) -> bool {
    let is_date = |series: &Series| series.occurrence_at_local(local).filter(|date| date.local == local);
    let all = event.series.with_all_dates().expect("a series");
    match (is_date(&all), is_date(&event.series)) {
        (Some(_), None) => true,
        (_, Some(date)) => date.start <= now && event.current_schedule().covers(date.start),
        // An exdate can be used as well.
        (None, None) => {
            let parts = event.series.parts();
            parts.exdates.contains(&local) && parts.used.contains(&local)
        }
    }
}
