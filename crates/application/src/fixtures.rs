//! Test data of the unit tests of use cases.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use convene_domain::{
    capacity::Capacity,
    duration::EventDuration,
    event::{Event, EventStatus, RegistrationPolicy},
    id::{EventId, MemberId, OrganizationId, RegistrationId},
    member::{Member, Role},
    occurrence::OccurrenceKey,
    organization::{Organization, OrganizationStatus},
    recurrence::{Rule, Series, SeriesParts},
    registration::{Registration, RegistrationStatus},
    text::{Description, DisplayName, Location, OrganizationName, Slug, Title, UserId},
    time::{Instant, LocalDateTime, interval::Interval, zone::Zone},
};
use time::macros::{format_description, utc_datetime};
use uuid::Uuid;

use crate::{
    caller::Caller,
    failure::{Failure, Outcome, Refusal},
    mutation_context::ContextFactory,
    page::{PageRequest, PageSize, SortKey},
    ports::{MockClock, MockIds},
};

/// The current time of every test.
pub(crate) const NOW: Instant = utc_datetime!(2026-11-01 12:00);

/// Two people.
pub(crate) const ADA: &str = "ada";
pub(crate) const BOB: &str = "bob";

pub(crate) fn organization_id() -> OrganizationId {
    OrganizationId::from_uuid(Uuid::from_u128(1))
}

pub(crate) fn organization(zone: &str) -> Organization {
    Organization {
        id: organization_id(),
        slug: Slug::parse("choir").unwrap(),
        name: OrganizationName::parse("The Choir").unwrap(),
        time_zone: Zone::parse(zone).unwrap(),
        status: OrganizationStatus::Active,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// The member id of a person, derived from the name.
pub(crate) fn member_id(name: &str) -> MemberId {
    let mut bytes = [0; 16];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    MemberId::from_uuid(Uuid::from_bytes(bytes))
}

pub(crate) fn member(name: &str, role: Role) -> Member {
    Member {
        id: member_id(name),
        user_id: user(name),
        display_name: DisplayName::parse(name).unwrap(),
        email: None,
        role,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(crate) fn caller(name: &str, role: Role) -> Caller {
    Caller::for_tests(organization_id(), &member(name, role))
}

pub(crate) fn event_id(number: u128) -> EventId {
    EventId::from_uuid(Uuid::from_u128(number))
}

/// An event of one hour with ten seats in UTC; one-off without a rule.
pub(crate) fn event(number: u128, start: &str, rule: Option<&str>) -> Event {
    let start =
        LocalDateTime::parse(start, format_description!("[year]-[month]-[day] [hour padding:none]:[minute]"));
    let rule = rule.map(|text| Rule::parse(text).unwrap());
    let parts = SeriesParts { rule, ..SeriesParts::once(start.unwrap(), Zone::UTC) };
    Event {
        id: event_id(number),
        title: Title::parse(&format!("Event {number}")).unwrap(),
        description: Description::parse("").unwrap(),
        location: Location::parse("").unwrap(),
        series: Series::new(parts).unwrap(),
        duration: EventDuration::new(time::Duration::HOUR).unwrap(),
        earlier: vec![],
        capacity: Capacity::new(10).unwrap(),
        policy: RegistrationPolicy::default(),
        status: EventStatus::Scheduled,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// The `index`th id that the factory of [`contexts`] makes.
pub(crate) fn fresh_uuid(index: u64) -> Uuid {
    Uuid::from_u128((1 << 64) + u128::from(index))
}

/// A fixed clock and ascending ids.
pub(crate) fn contexts() -> ContextFactory {
    let mut clock = MockClock::new();
    clock.expect_now().return_const(NOW);
    let mut ids = MockIds::new();
    let next = AtomicU64::new(0);
    ids.expect_next().returning(move || fresh_uuid(next.fetch_add(1, Ordering::Relaxed)));
    ContextFactory { clock: Arc::new(clock), ids: Arc::new(ids) }
}

pub(crate) fn page<K: SortKey>(first: usize, after: Option<K>) -> PageRequest<K> {
    PageRequest { from: after, ..PageRequest::first(PageSize::new(first).unwrap()) }
}

/// The refusals of a use case.
pub(crate) fn refusals<T: std::fmt::Debug>(outcome: Outcome<T>) -> Vec<Refusal> {
    match outcome {
        Err(Failure::Refused(refusals)) => refusals.to_vec(),
        other => panic!("not refused: {other:?}"),
    }
}

/// The field names of refusals, sorted.
pub(crate) fn fields(refusals: &[Refusal]) -> Vec<String> {
    let field = |refusal: &Refusal| match refusal {
        Refusal::InvalidInput { field, .. }
        | Refusal::NotFound { field }
        | Refusal::AlreadyExists { field } => field.to_string(),
        other => panic!("names no field: {other:?}"),
    };
    let mut fields: Vec<_> = refusals.iter().map(field).collect();
    fields.sort();
    fields
}

pub(crate) fn registration_id(number: u128) -> RegistrationId {
    RegistrationId::from_uuid(Uuid::from_u128(number))
}

/// A confirmed registration for event 1.
pub(crate) fn registration(number: u128, member: &str) -> Registration {
    let original_start = utc_datetime!(2026-11-02 9:00);
    Registration {
        id: registration_id(number),
        occurrence: OccurrenceKey { event: event_id(1), original_start },
        member: member_id(member),
        interval: Interval::new(original_start, original_start + time::Duration::HOUR).unwrap(),
        status: RegistrationStatus::Confirmed,
        created_at: NOW,
        updated_at: NOW,
    }
}
