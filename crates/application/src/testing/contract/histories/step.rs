use convene_domain::{
    capacity::Capacity,
    duration::EventDuration,
    id::{EventId, RegistrationId},
    member::{Member, Role},
    occurrence::OccurrenceKey,
    recurrence::Rule,
    text::Title,
    time::{Instant, LocalDateTime, zone::Zone},
};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use time::{Duration, macros::utc_datetime};

use super::state::{Listed, State};
use crate::{
    change::Change,
    failure::Outcome,
    ports::{
        CancelRequest, EditScope, EventEdit, EventPatch, NewRecurrence, OccurrenceEdit, OccurrenceField,
        OccurrencePatch, OccurrenceRestoration, OnAffected, RegisterRequest,
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

/// The end of the changes: shifts do not move an endless series beyond the period that is listed.
const LATEST: Instant = utc_datetime!(2031-06-01 0:00);

const RULES: [&str; 16] = [
    "FREQ=DAILY;COUNT=12",
    "FREQ=DAILY;BYHOUR=9,14;COUNT=14",
    "FREQ=DAILY;UNTIL=20310325",
    "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=9",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;UNTIL=20310505T090000",
    "FREQ=MONTHLY;COUNT=4",
    "FREQ=MONTHLY;BYDAY=2MO;COUNT=4",
    "FREQ=DAILY;INTERVAL=3;UNTIL=20310412T090000Z",
    "FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,30;UNTIL=20310320T003000Z",
    "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=3;COUNT=5",
    "FREQ=MONTHLY;BYMONTHDAY=10,24,-1;COUNT=7",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=15",
    "FREQ=YEARLY;BYMONTH=3,5;COUNT=2",
    "FREQ=DAILY;INTERVAL=5",
    "FREQ=WEEKLY;BYDAY=MO,TH",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;COUNT=8;WKST=SU",
];

/// One step of a history.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Register(RegisterRequest),
    EditOccurrence(OccurrenceEdit),
    CancelOccurrence(OccurrenceKey),
    Shift {
        event: EventId,
        to: LocalDateTime,
        by: Duration,
    },
    Zone {
        event: EventId,
        zone: Zone,
    },
    Edit(Box<EventEdit>),
    /// The second part begins at `to`, or where it is divided.
    Split {
        event: EventId,
        from: OccurrenceKey,
        new_event: EventId,
        by: Duration,
        to: Option<LocalDateTime>,
    },
    CancelEvent(EventId),
    RestoreEvent(EventId),
    RestoreOccurrence(OccurrenceRestoration),
    CancelRegistration(CancelRequest),
}

/// An event of nine o'clock, or of whole days, near a change of clocks.
pub(super) fn new_event(random: &mut StdRng) -> EventBuilder {
    let zone = ZONES.choose(random).copied().unwrap_or("UTC");
    if random.random_ratio(1, 10) {
        let midnight = FIRST - Duration::hours(9);
        let whole_days = EventBuilder::repeating(midnight, "FREQ=DAILY;INTERVAL=2;COUNT=10");
        return whole_days.lasting_by_calendar("P1D").zone(zone).seats(2);
    }
    let event = match RULES.get(random.random_range(0..RULES.len() + 2)) {
        Some(rule) => EventBuilder::repeating(FIRST, rule),
        None if random.random_ratio(1, 2) => {
            return EventBuilder::repeating(FIRST + Duration::days(21), "FREQ=MONTHLY;COUNT=4")
                .zone(zone)
                .seats(2);
        }
        None => EventBuilder::once(FIRST),
    };
    let event = if random.random_ratio(1, 3) { event.without(FIRST + Duration::days(7)) } else { event };
    let event = if random.random_ratio(1, 3) { event.with(FIRST + Duration::hours(55)) } else { event };
    event.zone(zone).seats(2)
}

impl Step {
    pub(super) fn random(random: &mut StdRng, state: &State, members: &[Member]) -> Option<Self> {
        let is_choice = |one: &&Listed| one.interval.start() > state.now && one.interval.start() < LATEST;
        let upcoming: Vec<&Listed> = state.listed.iter().filter(is_choice).collect();
        let occurrence = upcoming.choose(random).map(|one| one.key);
        let event = *state.events.choose(random)?;
        let before = state.known.get(&event)?;
        let start = before.series.first_date();
        let hours = random.random_range(-40..40_i64);
        Some(match random.random_range(0..27) {
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
                    capacity: random.random_ratio(1, 5).then(|| Capacity::new(1_u32).ok()).flatten(),
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
                    1 => Duration::days(hours / 3),
                    _ => Duration::minutes(hours * 3),
                };
                Self::Shift { event, to: start + by, by }
            }
            14 => Self::Zone { event, zone: Zone::parse(ZONES.choose(random)?).ok()? },
            15 | 16 => {
                let rule = Rule::parse(RULES.choose(random)?).ok()?;
                let mut date = || {
                    let days = random.random_range(1..30_i64);
                    random
                        .random_ratio(1, 3)
                        .then_some(FIRST + Duration::days(days) + Duration::hours(hours / 10))
                };
                let (exdates, rdates) = (date().into_iter().collect(), date().into_iter().collect());
                let recurrence = NewRecurrence { rule, exdates, rdates };
                let later = Duration::hours(random.random_range(-2..3_i64).max(0));
                // One of the dates, or one near the first.
                let starts_at =
                    match before.series.between(state.now, Instant::MAX).nth(random.random_range(0..9)) {
                        Some(date) if random.random_ratio(1, 2) => date.local,
                        _ => FIRST + Duration::days(hours / 10),
                    };
                let zone = Zone::parse(ZONES.choose(random)?).ok();
                let patch = EventPatch {
                    recurrence: Some(random.random_ratio(3, 4).then_some(recurrence)),
                    starts_at: random.random_ratio(1, 2).then_some(starts_at + later),
                    time_zone: zone.filter(|_| random.random_ratio(1, 6)),
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
                let (from, new_event) = (occurrence?, EventId::from_uuid(fresh_uuid()));
                let divided = state.known.get(&from.event)?;
                let origin = divided.occurrence_at(from.original_start);
                let to = origin.filter(|_| random.random_ratio(1, 2));
                let by = if to.is_some() { Duration::hours(hours) } else { Duration::ZERO };
                Self::Split { event: from.event, from, new_event, by, to: to.map(|origin| origin.local + by) }
            }
            19 if random.random_ratio(1, 3) => Self::CancelEvent(event),
            20 | 21 => Self::RestoreEvent(event),
            22..=24 => {
                let fields = [OccurrenceField::StartsAt, OccurrenceField::Status, OccurrenceField::Capacity];
                let fields = fields.into_iter().filter(|_| random.random_ratio(1, 3)).collect();
                let (expected_version, on_affected) = (None, OnAffected::Refuse);
                let occurrence = occurrence?;
                Self::RestoreOccurrence(OccurrenceRestoration {
                    occurrence,
                    fields,
                    expected_version,
                    on_affected,
                })
            }
            25 | 26 => {
                let all: Vec<_> = state.registrations().collect();
                let one = all.choose(random)?;
                let (registration, caller) = (one.id, one.member);
                Self::CancelRegistration(CancelRequest { registration, caller, role: Role::Member })
            }
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
                return ports.events.cancel_occurrence(scope, key.into(), change).await.map(drop);
            }
            Self::CancelEvent(id) => return ports.events.cancel(scope, id, change).await.map(drop),
            Self::RestoreEvent(id) => return ports.events.restore(scope, id, change).await.map(drop),
            Self::RestoreOccurrence(restoration) => {
                return ports.events.restore_occurrence(scope, restoration, change).await.map(drop);
            }
            Self::CancelRegistration(request) => {
                return ports.registration_book.cancel(scope, request, change).await.map(drop);
            }
            Self::Shift { event, to, .. } => edit_of(event, EventPatch { starts_at: Some(to), ..patch }),
            Self::Zone { event, zone } => edit_of(event, EventPatch { time_zone: Some(zone), ..patch }),
            Self::Edit(edit) => *edit,
            Self::Split { event, from, new_event, by: _, to: starts_at } => EventEdit {
                scope: EditScope::ThisAndFollowing { from, new_event },
                ..edit_of(event, EventPatch { starts_at, ..patch })
            },
        };
        ports.events.update(scope, edit, change).await.map(drop)
    }
}

/// The step that takes a shift back.
pub(super) fn shifted_back(step: &Step, before: &State) -> Option<Step> {
    let Step::Shift { event, by, .. } = step else { return None };
    let to = before.known.get(event)?.series.first_date();
    Some(Step::Shift { event: *event, to, by: -*by })
}
