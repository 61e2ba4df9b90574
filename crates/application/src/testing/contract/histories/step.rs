use convene_domain::{
    capacity::Capacity,
    duration::EventDuration,
    id::{EventId, RegistrationId},
    member::Member,
    occurrence::OccurrenceKey,
    recurrence::Rule,
    text::Title,
    time::{LocalDateTime, zone::Zone},
};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use time::Duration;

use super::state::{Listed, State};
use crate::{
    change::Change,
    failure::Outcome,
    ports::{
        EditScope, EventEdit, EventPatch, NewRecurrence, OccurrenceEdit, OccurrencePatch, OnAffected,
        RegisterRequest,
    },
    testing::{
        builders::{EventBuilder, fresh_uuid},
        contract::{
            support::{FIRST, edit_of},
            tenant::Tenant,
        },
    },
};

const ZONES: [&str; 4] = ["UTC", "Europe/Paris", "America/New_York", "Pacific/Apia"];
const RULES: [&str; 8] = [
    "FREQ=DAILY;COUNT=12",
    "FREQ=DAILY;BYHOUR=9,14;COUNT=14",
    "FREQ=DAILY;UNTIL=20310325",
    "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=9",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;UNTIL=20310505T090000",
    "FREQ=MONTHLY;COUNT=4",
    "FREQ=MONTHLY;BYDAY=2MO;COUNT=4",
    "FREQ=DAILY;INTERVAL=3;UNTIL=20310412T090000Z",
];

/// One step of a history.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Register(RegisterRequest),
    EditOccurrence(OccurrenceEdit),
    CancelOccurrence(OccurrenceKey),
    Shift { event: EventId, to: LocalDateTime, by: Duration },
    Zone { event: EventId, zone: Zone },
    Edit(Box<EventEdit>),
    Split { event: EventId, from: OccurrenceKey, new_event: EventId },
    CancelEvent(EventId),
}

/// An event of nine o'clock, near a change of clocks.
pub(super) fn new_event(random: &mut StdRng) -> EventBuilder {
    let zone = ZONES.choose(random).copied().unwrap_or("UTC");
    let event = match RULES.get(random.random_range(0..=RULES.len())) {
        Some(rule) => EventBuilder::repeating(FIRST, rule),
        None => EventBuilder::once(FIRST),
    };
    let event = if random.random_ratio(1, 3) { event.without(FIRST + Duration::days(7)) } else { event };
    let event = if random.random_ratio(1, 3) { event.with(FIRST + Duration::hours(55)) } else { event };
    event.zone(zone).seats(2)
}

impl Step {
    pub(super) fn random(random: &mut StdRng, state: &State, members: &[Member]) -> Option<Self> {
        let upcoming: Vec<&Listed> =
            state.listed.iter().filter(|one| one.interval.start() > state.now).collect();
        let occurrence = upcoming.choose(random).map(|one| one.key);
        let event = *state.events.choose(random)?;
        let before = state.known.get(&event)?;
        let start = before.series.start();
        let hours = random.random_range(-40..40_i64);
        Some(match random.random_range(0..20) {
            0..=5 => Self::Register(RegisterRequest {
                id: RegistrationId::from_uuid(fresh_uuid()),
                occurrence: occurrence?,
                member: members.choose(random)?.id,
                join_waitlist: random.random_ratio(1, 3),
            }),
            6..=8 => {
                let key = occurrence?;
                let zone = state.known.get(&key.event)?.series.zone();
                let patch = OccurrencePatch {
                    title: random.random_ratio(1, 3).then(|| Title::parse("Concert").ok()).flatten(),
                    starts_at: Some(zone.to_local(key.original_start) + Duration::hours(hours)),
                    ..OccurrencePatch::default()
                };
                Self::EditOccurrence(OccurrenceEdit {
                    occurrence: key,
                    patch,
                    on_affected: OnAffected::Refuse,
                })
            }
            9 => Self::CancelOccurrence(occurrence?),
            10..=13 => {
                let by = match random.random_range(0..3) {
                    0 => Duration::hours(hours),
                    1 => Duration::days(hours / 4),
                    _ => Duration::minutes(hours * 3),
                };
                // A one-off event may be moved into the past.
                let is_past = before.series.zone().resolve(start + by).instant <= state.now;
                if is_past && !before.series.is_recurring() {
                    return None;
                }
                Self::Shift { event, to: start + by, by }
            }
            14 => Self::Zone { event, zone: Zone::parse(ZONES.choose(random)?).ok()? },
            15 | 16 => {
                let rule = Rule::parse(RULES.choose(random)?).ok()?;
                let recurrence = NewRecurrence { rule, exdates: Vec::new(), rdates: Vec::new() };
                let patch = EventPatch {
                    recurrence: Some(Some(recurrence)),
                    starts_at: random.random_ratio(1, 2).then_some(FIRST + Duration::days(hours / 10)),
                    ..EventPatch::default()
                };
                let on_affected = match random.random_ratio(1, 2) {
                    true => OnAffected::Refuse,
                    false => OnAffected::CancelRegistrations,
                };
                Self::Edit(Box::new(EventEdit { on_affected, ..edit_of(event, patch) }))
            }
            17 => {
                let minutes = Duration::minutes(random.random_range(30..120));
                let title = if random.random_ratio(1, 2) { "Rehearsal" } else { "Class" };
                let patch = EventPatch {
                    title: Title::parse(title).ok(),
                    duration: Some(EventDuration::new(minutes).ok()?),
                    capacity: random.random_ratio(1, 2).then(|| Capacity::new(3_u32).ok()).flatten(),
                    ..EventPatch::default()
                };
                Self::Edit(Box::new(edit_of(event, patch)))
            }
            18 => {
                let from = occurrence?;
                Self::Split { event: from.event, from, new_event: EventId::from_uuid(fresh_uuid()) }
            }
            _ if random.random_ratio(1, 4) => Self::CancelEvent(event),
            _ => return None,
        })
    }

    pub(super) const fn new_event(&self) -> Option<EventId> {
        match self {
            Self::Split { new_event, .. } => Some(*new_event),
            _ => None,
        }
    }

    pub(super) async fn perform(&self, tenant: &Tenant, change: &Change) -> Outcome<()> {
        let (scope, ports) = (&tenant.scope, &tenant.ports);
        let patch = EventPatch::default();
        let edit = match self.clone() {
            Self::Register(request) => {
                return ports.registration_book.register(scope, request, change).await.map(drop);
            }
            Self::EditOccurrence(edit) => {
                return ports.events.update_occurrence(scope, edit, change).await.map(drop);
            }
            Self::CancelOccurrence(key) => {
                return ports.events.cancel_occurrence(scope, key, change).await.map(drop);
            }
            Self::CancelEvent(id) => return ports.events.cancel(scope, id, change).await.map(drop),
            Self::Shift { event, to, .. } => edit_of(event, EventPatch { starts_at: Some(to), ..patch }),
            Self::Zone { event, zone } => edit_of(event, EventPatch { time_zone: Some(zone), ..patch }),
            Self::Edit(edit) => *edit,
            Self::Split { event, from, new_event } => {
                EventEdit { scope: EditScope::ThisAndFollowing { from, new_event }, ..edit_of(event, patch) }
            }
        };
        ports.events.update(scope, edit, change).await.map(drop)
    }
}

/// The step that takes a shift back.
pub(super) fn shifted_back(step: &Step, before: &State) -> Option<Step> {
    let Step::Shift { event, by, .. } = step else { return None };
    let to = before.known.get(event)?.series.start();
    Some(Step::Shift { event: *event, to, by: -*by })
}
