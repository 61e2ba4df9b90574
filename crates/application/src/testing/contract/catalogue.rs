//! The contract of [`Catalogue`](crate::ports::Catalogue).

use convene_domain::{
    event::{Event, EventStatus},
    id::EventId,
    occurrence::OccurrenceKey,
    text::Title,
    time::{Instant, LocalDateTime, interval::Interval},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, by_root, day, edit_of},
    tenant::Tenant,
};
use crate::{
    ports::{
        CatalogueQuery, CatalogueWindow, EventPatch, OccurrenceEdit, OccurrencePatch, OnAffected, SeatCounts,
    },
    testing::builders::{EventBuilder, fresh_uuid},
};

async fn window(tenant: &Tenant, from: Instant, to: Instant) -> CatalogueWindow {
    let window = Interval::new(from, to).unwrap();
    let mut found = tenant.ports.catalogue.window(&tenant.scope, window, None).await.unwrap();
    found.events.sort_by_key(|event| event.id);
    found.exceptions.sort_by_key(|exception| exception.key);
    found
}

/// Checks for the current state of the event in the window.
fn holds(window: &CatalogueWindow, event: &Event) -> bool {
    let found: Vec<_> = window.events.iter().filter(|found| found.id == event.id).collect();
    assert!(found.len() <= 1, "an event is listed once");
    found.first().is_some_and(|found| *found.event == *event)
}

fn keys(window: &CatalogueWindow) -> Vec<OccurrenceKey> {
    window.exceptions.iter().map(|exception| exception.key).collect()
}

async fn move_to(tenant: &Tenant, key: OccurrenceKey, starts_at: LocalDateTime) {
    let patch = OccurrencePatch { starts_at: Some(starts_at), ..OccurrencePatch::default() };
    let edit = OccurrenceEdit { occurrence: key, patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
}

pub(super) async fn a_window_contains_every_event_that_may_overlap_it(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let once = tenant.event(EventBuilder::once(FIRST)).await;
    let endless = tenant.event(EventBuilder::weekly(FIRST)).await;
    let ended = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    let long = tenant.event(EventBuilder::once(FIRST).lasting(Duration::days(31))).await;
    let cancelled = tenant.event(EventBuilder::weekly(FIRST)).await;
    let cancelled = tenant.ports.events.cancel(&tenant.scope, cancelled.id, &by_root()).await.unwrap().now;
    let least = Duration::MILLISECOND;
    let ends = day(0) + Duration::HOUR;

    let found = window(&tenant, day(0), ends).await;
    for event in [&once, &endless, &ended, &long, &cancelled] {
        assert!(holds(&found, event), "{event:?}");
    }
    assert_eq!(keys(&found), []);
    let found = window(&tenant, ends - least, ends).await;
    assert!(holds(&found, &once), "its last millisecond");
    let found = window(&tenant, ends, ends + Duration::HOUR).await;
    assert!(holds(&found, &long), "it began before the window");
    let found = window(&tenant, day(31) - least, day(31)).await;
    assert!(holds(&found, &long));
    let decades = window(&tenant, day(7 * 2_000), day(7 * 2_000) + Duration::HOUR).await;
    assert!(holds(&decades, &endless) && holds(&decades, &cancelled), "series without end");

    // The window may contain events that only may overlap it, but not distant ones.
    for event in [&once, &ended, &long] {
        assert!(!holds(&decades, event), "{event:?}");
    }
    let long_before = window(&tenant, day(-300), day(-200)).await;
    assert_eq!(long_before, CatalogueWindow::default());
}

pub(super) async fn a_window_contains_exceptions_by_new_and_by_original_time(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    let member = tenant.member("ada").await;
    let key = |number| OccurrenceKey { event: event.id, original_start: day(number) };
    move_to(&tenant, key(1), FIRST + Duration::days(40)).await;
    tenant.ports.events.cancel_occurrence(&tenant.scope, key(2).into(), &by_root()).await.unwrap();
    // A seat alone makes no exception.
    tenant.seat(&event, day(0), &member).await;

    let found = window(&tenant, day(0), day(3)).await;
    assert!(holds(&found, &event));
    assert_eq!(keys(&found), [key(1), key(2)], "rescheduled out of the window, and cancelled");
    assert_eq!(found.exceptions[0].interval, event.interval_from(day(40)));
    assert_eq!(found.exceptions[1].status(), EventStatus::Cancelled);
    let found = window(&tenant, day(39), day(41)).await;
    assert!(holds(&found, &event), "the event of an exception, though its series has ended");
    assert_eq!(keys(&found), [key(1)], "moved into the window");
    let narrow = window(&tenant, day(2) + Duration::minutes(59), day(2) + Duration::HOUR).await;
    assert!(keys(&narrow).contains(&key(2)));
    let narrow = window(&tenant, day(40) + Duration::minutes(59), day(40) + Duration::HOUR).await;
    assert!(keys(&narrow).contains(&key(1)));
    assert_eq!(window(&tenant, day(200), day(300)).await, CatalogueWindow::default());

    // One that was moved before the series begins.
    let other = tenant.event(EventBuilder::weekly(FIRST)).await;
    let key = OccurrenceKey { event: other.id, original_start: day(70) };
    move_to(&tenant, key, FIRST - Duration::days(3)).await;
    let found = window(&tenant, day(-4), day(-2)).await;
    assert_eq!(keys(&found), [key]);
    assert!(holds(&found, &other));
}

pub(super) async fn a_window_can_be_limited_to_certain_events(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let one = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    let two = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    let three = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    for event in [&one, &two, &three] {
        let key = OccurrenceKey { event: event.id, original_start: day(1) };
        move_to(&tenant, key, FIRST + Duration::hours(26)).await;
    }
    let all = Interval::new(day(0), day(3)).unwrap();
    let ask = async |events: Vec<EventId>| {
        let found = tenant.ports.catalogue.window(&tenant.scope, all, Some(events)).await.unwrap();
        let mut events: Vec<_> = found.events.iter().map(|event| event.id).collect();
        let mut exceptions: Vec<_> = found.exceptions.iter().map(|exception| exception.key.event).collect();
        events.sort_unstable();
        exceptions.sort_unstable();
        assert_eq!(events, exceptions);
        events
    };
    assert_eq!(ask(vec![three.id, one.id, EventId::from_uuid(fresh_uuid())]).await, [one.id, three.id]);
    assert_eq!(ask(Vec::new()).await, []);
}

pub(super) async fn a_window_is_never_stale(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let all = async || window(&tenant, day(0), day(9)).await;
    assert_eq!(all().await, CatalogueWindow::default());
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    assert!(holds(&all().await, &event), "created");

    let patch = EventPatch { title: Some(Title::parse("New").unwrap()), ..EventPatch::default() };
    let edited = edit_of(event.id, patch);
    let edited = tenant.ports.events.update(&tenant.scope, edited, &by_root()).await.unwrap().now;
    assert!(holds(&all().await, &edited), "edited");

    let key = OccurrenceKey { event: event.id, original_start: day(1) };
    move_to(&tenant, key, FIRST + Duration::hours(26)).await;
    assert_eq!(all().await.exceptions[0].interval, event.interval_from(day(1) + Duration::hours(2)));
    move_to(&tenant, key, FIRST + Duration::hours(27)).await;
    assert_eq!(all().await.exceptions[0].interval, event.interval_from(day(1) + Duration::hours(3)));
    tenant.ports.events.cancel_occurrence(&tenant.scope, key.into(), &by_root()).await.unwrap();
    assert_eq!(all().await.exceptions[0].status(), EventStatus::Cancelled);

    let patch = EventPatch { starts_at: Some(FIRST + Duration::hours(5)), ..EventPatch::default() };
    let later = edit_of(event.id, patch);
    let later = tenant.ports.events.update(&tenant.scope, later, &by_root()).await.unwrap().now;
    let found = all().await;
    assert!(holds(&found, &later), "moved");
    let moved = OccurrenceKey { event: event.id, original_start: day(1) + Duration::hours(5) };
    assert_eq!(keys(&found), [moved], "the exception has the key of what it became");

    tenant.ports.events.delete(&tenant.scope, event.id, &by_root()).await.unwrap();
    assert_eq!(all().await, CatalogueWindow::default(), "deleted");
}

pub(super) async fn stored_occurrences_are_found_by_current_and_former_keys(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let member = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(1), &member).await;
    let other = tenant.seat(&event, day(2), &member).await;
    for hours in [3, 6] {
        let patch = EventPatch { starts_at: Some(FIRST + Duration::hours(hours)), ..EventPatch::default() };
        tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &by_root()).await.unwrap();
    }
    let key = |hours| OccurrenceKey { event: event.id, original_start: day(1) + Duration::hours(hours) };
    let never_stored = OccurrenceKey { event: event.id, original_start: day(3) };
    let unknown = OccurrenceKey { event: EventId::from_uuid(fresh_uuid()), original_start: day(1) };
    let asked = [key(0), key(3), never_stored, key(6), unknown, other.occurrence];
    let mut found = tenant.ports.catalogue.stored(&tenant.scope, &asked).await.unwrap();
    found.sort_by_key(|found| found.asked);
    let resolved: Vec<_> = found.iter().map(|found| (found.asked, found.stored.key)).collect();
    let moved = OccurrenceKey { event: event.id, original_start: day(2) + Duration::hours(6) };
    assert_eq!(resolved, [(key(0), key(6)), (key(3), key(6)), (key(6), key(6)), (other.occurrence, moved)]);
    assert!(found.iter().all(|found| found.stored.taken == 1));
    assert_eq!(tenant.registration_now(&seat).await.occurrence, key(6));
    assert_eq!(tenant.ports.catalogue.stored(&tenant.scope, &[]).await.unwrap(), []);

    let mut seats = tenant.ports.catalogue.seats(&tenant.scope, &asked).await.unwrap();
    seats.sort_by_key(|seats| seats.key);
    let current = found.iter().filter(|it| it.asked == it.stored.key);
    let expected: Vec<_> = current.map(|it| SeatCounts::from(&it.stored)).collect();
    assert_eq!(seats, expected, "by current keys only");
    assert_eq!(tenant.ports.catalogue.seats(&tenant.scope, &[]).await.unwrap(), []);
}

pub(super) async fn many_windows_are_read_at_once(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let one = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    let two = tenant.event(EventBuilder::weekly(FIRST)).await;
    let key = |event: &Event| OccurrenceKey { event: event.id, original_start: day(0) };
    move_to(&tenant, key(&one), FIRST + Duration::days(40)).await;
    move_to(&tenant, key(&two), FIRST + Duration::days(41)).await;
    let query = |from, to, events: &[&Event]| CatalogueQuery {
        window: Interval::new(day(from), day(to)).unwrap(),
        events: (!events.is_empty()).then(|| events.iter().map(|event| event.id).collect()),
    };
    let queries = [
        query(0, 2, &[&one]),
        query(39, 42, &[]),
        query(39, 42, &[&two]),
        query(41, 42, &[&one]),
        query(300, 301, &[]),
    ];
    let found = tenant.ports.catalogue.whole_windows(&tenant.scope, &queries).await.unwrap();
    let mut alone = Vec::new();
    for query in queries {
        let window = tenant.ports.catalogue.window(&tenant.scope, query.window, query.events).await;
        alone.push(window.unwrap());
    }
    let keys = |windows: &[CatalogueWindow]| {
        let keys = |window: &CatalogueWindow| {
            let mut events: Vec<_> = window.events.iter().map(|event| event.id).collect();
            let mut exceptions: Vec<_> = window.exceptions.iter().map(|exception| exception.key).collect();
            events.sort_unstable();
            exceptions.sort_unstable();
            (events, exceptions)
        };
        windows.iter().map(keys).collect::<Vec<_>>()
    };
    let exceptions = |windows: &[CatalogueWindow]| {
        keys(windows).into_iter().map(|(_, exceptions)| exceptions).collect::<Vec<_>>()
    };
    assert_eq!(keys(&found), keys(&alone));
    let both = vec![key(&one), key(&two)];
    assert_eq!(exceptions(&found), [vec![key(&one)], both, vec![key(&two)], vec![], vec![]]);
    assert_eq!(tenant.ports.catalogue.whole_windows(&tenant.scope, &[]).await.unwrap(), []);
}
