//! Edits of whole series and of parts of them: rules that name days, ends, excluded and added dates, changes of the clocks.
//!
//! Each row is one edit of a series in which different members hold seats. The times are those of the clock in the zone of the event.

mod clocks;
mod dates;
mod days;
mod parts;
mod rules;

use convene_domain::{
    event::Event,
    id::EventId,
    occurrence::OccurrenceKey,
    recurrence::Rule,
    registration::Registration,
    time::{LocalDateTime, interval::Interval, zone::Zone},
};
use time::{Duration, macros::datetime};

pub(super) use self::{
    clocks::changes_of_the_clocks_move_nobody_to_another_date,
    dates::excluded_and_added_dates_follow_their_series,
    days::rules_that_name_days_move_exactly_or_are_asked_for, parts::a_part_of_a_series_is_edited_by_itself,
    rules::a_given_rule_keeps_the_dates_that_it_has,
};
use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, edit_of, refusals},
    tenant::Tenant,
};
use crate::{
    failure::Refusal,
    ports::{EditScope, EventEdit, EventPatch, NewRecurrence},
    testing::builders::{EventBuilder, fresh_uuid},
};

const PARIS: &str = "Europe/Paris";

/// The result of a row.
enum Expected {
    /// The dates of all parts of the series, and the times of the seats.
    Dates(Vec<LocalDateTime>, Vec<LocalDateTime>),
    /// The number of affected registrations.
    Affected(u32),
    /// The refused field.
    Refused(&'static str),
}

use Expected::{Affected, Dates, Refused};

/// An edit, of the following occurrences if a start is named.
struct Row {
    name: &'static str,
    event: EventBuilder,
    seats: Vec<LocalDateTime>,
    from: Option<LocalDateTime>,
    patch: EventPatch,
    expected: Expected,
}

fn whole(
    name: &'static str,
    event: EventBuilder,
    seats: Vec<LocalDateTime>,
    patch: EventPatch,
    expected: Expected,
) -> Row {
    Row { name, event, seats, from: None, patch, expected }
}

fn starting(at: LocalDateTime) -> EventPatch {
    EventPatch { starts_at: Some(at), ..EventPatch::default() }
}

fn zoned(name: &str) -> EventPatch {
    EventPatch { time_zone: Zone::parse(name).ok(), ..EventPatch::default() }
}

fn ruled(rule: &str, exdates: &[LocalDateTime], rdates: &[LocalDateTime]) -> EventPatch {
    let rule = Rule::parse(rule).unwrap();
    let recurrence = NewRecurrence { rule, exdates: exdates.to_vec(), rdates: rdates.to_vec() };
    EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() }
}

/// Days of March 2031 at 9:00; later ones are days of the following months.
fn march(days: impl IntoIterator<Item = i64>) -> Vec<LocalDateTime> {
    days.into_iter().map(|day| datetime!(2031-03-01 9:00) + Duration::days(day - 1)).collect()
}

fn later(dates: &[LocalDateTime], by: Duration) -> Vec<LocalDateTime> {
    dates.iter().map(|date| *date + by).collect()
}

async fn check(environment: &Environment, rows: Vec<Row>) {
    let tenant = environment.tenant("choir").await;
    for (number, row) in rows.into_iter().enumerate() {
        check_row(&tenant, number, row).await;
    }
}

async fn check_row(tenant: &Tenant, number: usize, row: Row) {
    let Row { name, event, seats, from, patch, expected } = row;
    let event = tenant.event(event).await;
    let key =
        |local| OccurrenceKey { event: event.id, original_start: event.series.zone().resolve(local).instant };
    let mut held = Vec::new();
    for (seat, local) in seats.iter().enumerate() {
        let member = tenant.member(&format!("member-{number}-{seat}")).await;
        held.push(tenant.seat(&event, key(*local).original_start, &member).await);
    }
    let new_event = EventId::from_uuid(fresh_uuid());
    let scope =
        from.map_or(EditScope::All, |from| EditScope::ThisAndFollowing { from: key(from), new_event });
    let edit = EventEdit { scope, ..edit_of(event.id, patch) };
    let outcome = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await;
    match expected {
        Dates(dates, times) => {
            let edited = outcome.unwrap_or_else(|failure| panic!("{name}: {failure:?}")).now;
            assert_eq!(listed(tenant, &event, &edited).await, dates, "{name}: dates");
            assert_eq!(times_of(tenant, &held, edited.series.zone()).await, times, "{name}: seats");
        }
        Affected(expected) => match refusals(outcome).as_slice() {
            [Refusal::RegistrationsAffected { count, .. }] => assert_eq!(*count, expected, "{name}"),
            other => panic!("{name}: {other:?}"),
        },
        Refused(expected) => {
            let fields = refusals(outcome).into_iter().filter_map(|refusal| refusal.code_and_field().1);
            assert_eq!(fields.map(|field| field.to_string()).collect::<Vec<_>>(), [expected], "{name}");
        }
    }
}

/// The listed starts of both parts within about a year, in the zone of the edited one.
async fn listed(tenant: &Tenant, first: &Event, edited: &Event) -> Vec<LocalDateTime> {
    let window = Interval::new(NOW - Duration::days(20), NOW + Duration::days(340)).unwrap();
    let parts = &[first, edited][usize::from(first.id == edited.id)..];
    let starts = tenant.listed(parts, window.start(), window.end()).await;
    starts.into_iter().map(|start| edited.series.zone().to_local(start)).collect()
}

async fn times_of(tenant: &Tenant, held: &[Registration], zone: Zone) -> Vec<LocalDateTime> {
    let mut times = Vec::new();
    for seat in held {
        let now = tenant.registration_now(seat).await;
        assert!(now.status.is_active(), "{now:?}");
        times.push(zone.to_local(now.interval.start()));
    }
    times
}
