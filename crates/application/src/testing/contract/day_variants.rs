//! Whole days, calendar durations and copies, over changes of the clocks.

use convene_domain::{
    duration::EventDuration, event::Event, id::EventId, registration::Registration, time::zone::Zone,
};
use time::{
    Date, Duration, Time,
    macros::{date, datetime},
};

use super::{
    environment::Environment,
    support::{by_root, edit_of},
    tenant::Tenant,
};
use crate::{
    ports::{Changed, DaysPatch, Duplication, EditScope, EventEdit, EventPatch, NewStart},
    testing::builders::{EventBuilder, fresh_uuid, occurrence_key},
};

/// In Paris, the clocks go forward on 30 March 2031 at 2:00.
const FIRST: Date = date!(2031 - 03 - 29);

fn paris() -> Zone {
    Zone::parse("Europe/Paris").unwrap()
}

/// A daily event in Paris, and a seat of a member on each day.
async fn daily(tenant: &Tenant, event: EventBuilder, at: Time, days: i64) -> (Event, Vec<Registration>) {
    let event = tenant.event(event.zone("Europe/Paris")).await;
    let ada = tenant.member(&format!("ada-{}", event.id)).await;
    let mut seats = Vec::new();
    for number in 0..days {
        let start = paris().resolve((FIRST + Duration::days(number)).with_time(at)).instant;
        seats.push(tenant.seat(&event, start, &ada).await);
    }
    (event, seats)
}

async fn edit(tenant: &Tenant, event: &Event, scope: EditScope, patch: EventPatch) -> Changed<Event> {
    let edit = EventEdit { scope, ..edit_of(event.id, patch) };
    tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap()
}

fn days(all_day: Option<bool>, starts_on: Option<Date>, ends_on: Option<Date>) -> EventPatch {
    EventPatch { days: Some(DaysPatch { all_day, starts_on, ends_on }), ..EventPatch::default() }
}

/// The times of the seats on the clocks of Paris.
async fn times(tenant: &Tenant, seats: &[Registration]) -> Vec<String> {
    let mut times = Vec::new();
    for seat in seats {
        let interval = tenant.registration_now(seat).await.interval;
        let [start, end] = [interval.start(), interval.end()].map(|instant| paris().to_local(instant));
        let of = |at: time::PrimitiveDateTime| format!("{} {}:{:02}", at.day(), at.hour(), at.minute());
        times.push(format!("{} to {}", of(start), of(end)));
    }
    times
}

pub(super) async fn seats_become_whole_days_and_times_again(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let nine = Time::from_hms(9, 0, 0).unwrap();
    let event = EventBuilder::repeating(FIRST.with_time(nine), "FREQ=DAILY;COUNT=3");
    let (event, seats) = daily(&tenant, event, nine, 3).await;
    let before = times(&tenant, &seats).await;
    let changed = edit(&tenant, &event, EditScope::All, days(Some(true), None, None)).await;
    assert_eq!((changed.now.is_all_day(), changed.moved_registrations), (true, 3));
    assert_eq!(
        times(&tenant, &seats).await,
        ["29 0:00 to 30 0:00", "30 0:00 to 31 0:00", "31 0:00 to 1 0:00"]
    );
    // They move by two days, and keep their length.
    edit(&tenant, &event, EditScope::All, days(None, Some(date!(2031 - 03 - 27)), None)).await;
    assert_eq!(
        times(&tenant, &seats).await,
        ["27 0:00 to 28 0:00", "28 0:00 to 29 0:00", "29 0:00 to 30 0:00"]
    );
    let back = EventPatch {
        starts_at: Some(FIRST.with_time(nine)),
        duration: EventDuration::new(Duration::HOUR).ok(),
        ..days(Some(false), None, None)
    };
    edit(&tenant, &event, EditScope::All, back).await;
    assert_eq!(times(&tenant, &seats).await, before);
}

pub(super) async fn following_days_become_whole_days(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let evening = Time::from_hms(23, 0, 0).unwrap();
    let event = EventBuilder::repeating(FIRST.with_time(evening), "FREQ=DAILY;COUNT=3");
    let (event, seats) = daily(&tenant, event, evening, 3).await;
    let scope = EditScope::ThisAndFollowing {
        from: seats[1].occurrence,
        new_event: EventId::from_uuid(fresh_uuid()),
    };
    let changed = edit(&tenant, &event, scope, days(Some(true), None, None)).await;
    assert_eq!((changed.now.is_all_day(), changed.moved_registrations), (true, 2));
    let expected = ["29 23:00 to 30 0:00", "30 0:00 to 31 0:00", "31 0:00 to 1 0:00"];
    assert_eq!(times(&tenant, &seats).await, expected, "the first class only touches the whole day");
}

pub(super) async fn a_calendar_day_moves_only_where_it_differs_from_24_hours(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event =
        EventBuilder::repeating(FIRST.midnight(), "FREQ=DAILY;INTERVAL=2;COUNT=3").lasting_by_calendar("P1D");
    let event = tenant.event(event.zone("Europe/Paris")).await;
    let ada = tenant.member("ada").await;
    for number in [0, 2, 4] {
        tenant.seat(&event, paris().resolve((FIRST + Duration::days(number)).midnight()).instant, &ada).await;
    }
    let exact =
        EventPatch { duration: EventDuration::new(Duration::hours(24)).ok(), ..EventPatch::default() };
    assert_eq!(
        edit(&tenant, &event, EditScope::All, exact).await.moved_registrations,
        0,
        "none has 23 hours"
    );
    let start = EventPatch { starts_at: Some(datetime!(2031-03-30 0:00)), ..EventPatch::default() };
    assert_eq!(edit(&tenant, &event, EditScope::All, start).await.moved_registrations, 3);
    let calendar = EventPatch { duration: EventDuration::parse("P1D").ok(), ..EventPatch::default() };
    assert_eq!(edit(&tenant, &event, EditScope::All, calendar).await.moved_registrations, 1, "the 30th has");
}

pub(super) async fn a_copy_has_the_dates_of_a_part_at_its_new_start(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let at = Time::from_hms(2, 30, 0).unwrap();
    let event =
        EventBuilder::repeating(FIRST.with_time(at) - Duration::DAY, "FREQ=DAILY;UNTIL=20310401T023000")
            .without(FIRST.with_time(at) + Duration::days(2));
    let event = tenant.event(event.zone("Europe/Paris")).await;
    let from = occurrence_key(&event, paris().resolve(FIRST.with_time(at)).instant);
    let scope = EditScope::ThisAndFollowing { from, new_event: EventId::from_uuid(fresh_uuid()) };
    let second = edit(&tenant, &event, scope, EventPatch::default()).await.now;
    let start = Some(NewStart::At(datetime!(2031-10-25 2:30)));
    for (original, expected) in [(&second, vec![25, 26, 28]), (&tenant.event_now(&event).await, vec![25])] {
        let copy = EventId::from_uuid(fresh_uuid());
        let duplication = Duplication { event: original.id, copy, title: None, start };
        let copy = tenant.ports.events.duplicate(&tenant.scope, duplication, &by_root()).await.unwrap();
        let dates: Vec<u8> = copy.series.from_start().map(|date| date.local.day()).collect();
        assert_eq!(dates, expected);
        assert!(copy.series.from_start().all(|date| date.local.time() == at));
    }
}
