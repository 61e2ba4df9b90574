//! The contract of [`Events`](crate::ports::Events): creating, finding and editing whole events.

use std::{slice, sync::Arc};

use convene_domain::{
    capacity::Capacity,
    event::{Event, EventStatus},
    id::EventId,
    occurrence::OccurrenceKey,
    recurrence::Rule,
    text::{Description, Location, SearchText, Title},
    time::Instant,
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, day, edit_of, logged_fields, refusal, refusals},
};
use crate::{
    failure::{Field, Refusal},
    page::{Order, PageRequest},
    ports::{
        EditScope, EventEdit, EventFilter, EventOrderField, EventPatch, EventPosition, NewRecurrence,
        OnAffected,
    },
    testing::builders::{EventBuilder, first, first_after, fresh_uuid},
};

pub(super) async fn an_event_is_stored_unchanged(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let once =
        EventBuilder::once(FIRST).title("Concert").description("Two lines\nof text").zone("Asia/Tokyo");
    let series = EventBuilder::repeating(FIRST, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=9")
        .zone("Europe/Paris")
        .without(FIRST + Duration::days(3))
        .with(FIRST + Duration::days(1))
        .lasting(Duration::minutes(90))
        .seats(25)
        .opens(Duration::days(7))
        .closes(Duration::hours(1))
        .cancellable_until(Duration::days(1));
    for event in [once.build(), series.build(), EventBuilder::weekly(FIRST).build()] {
        let journal = tenant.journal().await;
        let created = tenant.ports.events.create(&tenant.scope, event.clone(), &by_root()).await.unwrap();
        assert_eq!(created, event);
        let found = tenant.ports.events.get_many(&tenant.scope, &[event.id]).await.unwrap();
        assert_eq!(found, slice::from_ref(&event));
        journal.expect([("event.created", event.id.to_string())]).await;
    }
    let unknown = [EventId::from_uuid(fresh_uuid())];
    assert_eq!(tenant.ports.events.get_many(&tenant.scope, &unknown).await.unwrap(), []);
}

pub(super) async fn the_occurrence_of_a_one_off_event_is_stored_with_it(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let once = tenant.event(EventBuilder::once(FIRST).zone("Europe/Paris").seats(7)).await;
    let start = day(0) - Duration::HOUR;
    let key = OccurrenceKey { event: once.id, original_start: start };
    let stored = tenant.stored(key).await.expect("it is stored with its event");
    assert_eq!((stored.interval, stored.original_local), (once.interval_from(start), FIRST));
    assert_eq!((stored.capacity.get(), stored.taken, stored.waiting), (7, 0, 0));
    assert_eq!(stored.status(), EventStatus::Scheduled);
    let series = tenant.event(EventBuilder::daily(FIRST, 2)).await;
    assert_eq!(tenant.stored(OccurrenceKey { event: series.id, original_start: day(0) }).await, None);
}

/// A replica can be older than the list: it is compared before the list is read.
pub(super) async fn an_event_is_listed_as_stored_also_if_an_older_one_is_held(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (ports, scope) = (&tenant.ports, &tenant.scope);
    let renamed = tenant.event(EventBuilder::weekly(FIRST).title("Rehearsal")).await;
    let deleted = tenant.event(EventBuilder::once(FIRST).title("Party")).await;
    let same = tenant.event(EventBuilder::once(FIRST).title("Concert")).await;
    let held = ports.catalogue.replica(scope).await.unwrap();
    let patch = EventPatch { title: Title::parse("Audition").ok(), ..EventPatch::default() };
    let edit = EventEdit {
        event: renamed.id,
        expected_version: None,
        scope: EditScope::All,
        patch,
        on_affected: OnAffected::Refuse,
    };
    let renamed = ports.events.update(scope, edit, &by_root()).await.unwrap().now;
    ports.events.delete(scope, deleted.id, &by_root()).await.unwrap();
    let new = tenant.event(EventBuilder::once(FIRST).title("Ball")).await;
    let order = Order { field: EventOrderField::Title, is_descending: false };
    for filter in [
        EventFilter::default(),
        EventFilter { search: SearchText::parse("i").ok(), ..EventFilter::default() },
        EventFilter { from: Some(NOW), ..EventFilter::default() },
    ] {
        let request = || PageRequest { order, ..first(10) };
        let read = ports.events.list(scope, filter.clone(), request(), None).await.unwrap();
        assert_eq!(ports.events.list(scope, filter, request(), held.clone()).await.unwrap(), read);
    }
    let listed = ports.events.list(scope, EventFilter::default(), PageRequest { order, ..first(10) }, held);
    let listed: Vec<Event> = listed.await.unwrap().items.into_iter().map(Arc::unwrap_or_clone).collect();
    assert_eq!(listed, [renamed, new, same]);
}

pub(super) async fn events_are_listed_in_order_and_by_filter(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let mut all = Vec::new();
    for event in [
        EventBuilder::once(FIRST).title("Concert (spring)"),
        EventBuilder::weekly(FIRST).title("Rehearsal").description("Bring the SCORES"),
        EventBuilder::once(FIRST).title("Scores sale").with(FIRST + Duration::days(1)),
        EventBuilder::daily(FIRST, 3).title("Workshop"),
    ] {
        all.push(tenant.event(event).await);
    }
    all[3] = tenant.ports.events.cancel(&tenant.scope, all[3].id, &by_root()).await.unwrap().now;
    let page = async |filter, page| {
        let page = tenant.ports.events.list(&tenant.scope, filter, page, None).await.unwrap();
        (page.items.into_iter().map(Arc::unwrap_or_clone).collect::<Vec<_>>(), page.has_more)
    };
    let everything = EventFilter::default;
    assert_eq!(page(everything(), first(3)).await, (all[..3].to_vec(), true));
    assert_eq!(
        page(everything(), first_after(3, EventPosition::CreatedAt(all[2].id))).await,
        (all[3..].to_vec(), false)
    );
    assert_eq!(page(everything(), first(4)).await, (all.clone(), false));
    let found = async |filter| {
        let (found, _) = page(filter, first(10)).await;
        found.iter().map(|event| event.title.as_str().to_owned()).collect::<Vec<_>>()
    };
    let search = |text: &str| EventFilter { search: Some(SearchText::parse(text).unwrap()), ..everything() };
    assert_eq!(found(search("scores")).await, ["Rehearsal", "Scores sale"]);
    assert_eq!(found(search("(SPRING)")).await, ["Concert (spring)"], "the text itself, not a pattern");
    assert_eq!(found(search("R.h")).await, [""; 0]);
    let of_status = |status| EventFilter { status: Some(status), ..everything() };
    assert_eq!(found(of_status(EventStatus::Cancelled)).await, ["Workshop"]);
    assert_eq!(found(of_status(EventStatus::Scheduled)).await.len(), 3);
    let recurring = |recurring| EventFilter { recurring: Some(recurring), ..everything() };
    assert_eq!(found(recurring(false)).await, ["Concert (spring)"]);
    assert_eq!(found(recurring(true)).await, ["Rehearsal", "Scores sale", "Workshop"]);
    let both = EventFilter { status: Some(EventStatus::Scheduled), ..recurring(true) };
    assert_eq!(found(both).await, ["Rehearsal", "Scores sale"]);
    let folded = EventBuilder::once(FIRST).title("Café Straße, Ὀδυσσεύς");
    tenant.event(folded).await;
    for text in ["CAFE strasse", "cafe\u{301}", "traße", "ΟΔΥΣΣΕΥΣ", "ſtraſſe"] {
        assert_eq!(found(search(text)).await, ["Café Straße, Ὀδυσσεύς"], "{text}");
    }
}

/// Dates that were used before an edit are stored with the series, and are no recurrence.
pub(super) async fn an_event_that_does_not_recur_any_more_is_listed_as_one_off(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let now = day(5);
    let once = EventPatch { recurrence: Some(None), ..EventPatch::default() };
    let rule = Rule::parse("FREQ=WEEKLY").unwrap();
    let weekly = NewRecurrence { rule, exdates: vec![], rdates: vec![] };
    let weekly = EventPatch { recurrence: Some(Some(weekly)), ..EventPatch::default() };
    let later = EventPatch { starts_at: Some(FIRST + Duration::days(2)), ..EventPatch::default() };
    let title = EventPatch { title: Title::parse("Renamed").ok(), ..EventPatch::default() };
    for patches in [vec![&once], vec![&weekly, &once], vec![&later, &once], vec![&later, &once, &title]] {
        let event = tenant.event(EventBuilder::repeating(FIRST, "FREQ=DAILY")).await;
        for patch in patches {
            let edit = edit_of(event.id, patch.clone());
            tenant.ports.events.update(&tenant.scope, edit, &by_root_at(now)).await.unwrap();
        }
    }
    let recurring = tenant.event(EventBuilder::once(FIRST).with(FIRST + Duration::days(1))).await;
    let found = async |filter: EventFilter| {
        let found =
            tenant.ports.events.list(&tenant.scope, filter.clone(), first(10), None).await.unwrap().items;
        let count = tenant.ports.events.count(&tenant.scope, filter).await.unwrap();
        assert_eq!(count, u32::try_from(found.len()).ok());
        assert!(found.iter().all(|event| event.series.is_recurring() == (event.id == recurring.id)));
        found.len()
    };
    for from in [None, Some(Instant::MIN)] {
        let of = |recurring| EventFilter { recurring: Some(recurring), from, ..EventFilter::default() };
        assert_eq!((found(of(true)).await, found(of(false)).await), (1, 4), "{from:?}");
    }
}

pub(super) async fn editing_an_event_stores_and_logs_the_changed_fields(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST).seats(10)).await;
    let journal = tenant.journal().await;
    let later = NOW + Duration::MINUTE;
    let patch = EventPatch {
        title: Some(Title::parse("Dress rehearsal").unwrap()),
        description: Some(Description::parse("In costume").unwrap()),
        location: Some(Location::parse("Stage").unwrap()),
        capacity: Some(Capacity::new(12).unwrap()),
        ..EventPatch::default()
    };
    let edit = EventEdit { expected_version: Some(1), ..edit_of(event.id, patch) };
    let changed = tenant.ports.events.update(&tenant.scope, edit, &by_root_at(later)).await.unwrap();
    let expected = Event {
        title: Title::parse("Dress rehearsal").unwrap(),
        description: Description::parse("In costume").unwrap(),
        location: Location::parse("Stage").unwrap(),
        capacity: Capacity::new(12).unwrap(),
        version: 2,
        updated_at: later,
        ..event.clone()
    };
    assert_eq!((changed.now, changed.cancelled_registrations), (expected.clone(), 0));
    assert_eq!(tenant.event_now(&event).await, expected);
    journal.expect([("event.updated", event.id.to_string())]).await;
    assert_eq!(
        logged_fields(&journal.new_entries().await),
        [
            ("capacity", "10", "12"),
            ("description", "", "In costume"),
            ("location", "Main hall", "Stage"),
            ("title", "Rehearsal", "Dress rehearsal")
        ]
        .map(|(field, before, after)| (
            field.to_owned(),
            Some(before.to_owned()),
            Some(after.to_owned())
        ))
    );
}

pub(super) async fn an_edit_without_effect_on_an_event_keeps_its_version(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST)).await;
    let journal = tenant.journal().await;
    let same = EventPatch {
        title: Some(event.title.clone()),
        starts_at: Some(FIRST),
        capacity: Some(event.capacity),
        registration_opens: Some(None),
        ..EventPatch::default()
    };
    let later = by_root_at(NOW + Duration::MINUTE);
    for patch in [EventPatch::default(), same] {
        let edit = edit_of(event.id, patch);
        let changed = tenant.ports.events.update(&tenant.scope, edit, &later).await.unwrap();
        assert_eq!((changed.now, changed.cancelled_registrations), (event.clone(), 0));
    }
    journal.expect_nothing().await;
    assert_eq!(tenant.event_now(&event).await, event);
}

pub(super) async fn impossible_edits_of_an_event_are_refused(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let events = &tenant.ports.events;
    let event = tenant.event(EventBuilder::weekly(FIRST).opens(Duration::days(7))).await;
    let title = || EventPatch { title: Some(Title::parse("New").unwrap()), ..EventPatch::default() };
    events.update(&tenant.scope, edit_of(event.id, title()), &by_root()).await.unwrap();
    let cancelled = tenant.event(EventBuilder::weekly(FIRST)).await;
    events.cancel(&tenant.scope, cancelled.id, &by_root()).await.unwrap();
    let journal = tenant.journal().await;
    let refuse = async |edit| refusal(events.update(&tenant.scope, edit, &by_root()).await);

    for version in [1, 3] {
        let edit = EventEdit { expected_version: Some(version), ..edit_of(event.id, title()) };
        assert_eq!(refuse(edit).await, Refusal::VersionConflict { current: 2 });
    }
    let unknown = EventId::from_uuid(fresh_uuid());
    assert_eq!(refuse(edit_of(unknown, title())).await, Refusal::not_found(Field::EventId));
    assert_eq!(refuse(edit_of(cancelled.id, title())).await, Refusal::EventCancelled);
    // The rule has no occurrence at the start: a Monday is no Tuesday.
    let patch = EventPatch {
        recurrence: Some(Some(NewRecurrence {
            rule: Rule::parse("FREQ=WEEKLY;BYDAY=TU").unwrap(),
            exdates: Vec::new(),
            rdates: Vec::new(),
        })),
        ..EventPatch::default()
    };
    let all = refusals(events.update(&tenant.scope, edit_of(event.id, patch), &by_root()).await);
    assert_eq!(
        all,
        [Refusal::invalid(Field::StartsAt, "must be a date of the rule, for it is the first one")]
    );
    let closes = convene_domain::duration::LeadTime::new(Duration::days(7)).unwrap();
    let patch = EventPatch { registration_closes: Some(Some(closes)), ..EventPatch::default() };
    let never_open =
        "must be nearer to the start than registrationOpens, or registration would never be open";
    let refused = refuse(edit_of(event.id, patch)).await;
    assert_eq!(refused, Refusal::invalid(Field::RegistrationCloses, never_open));
    journal.expect_nothing().await;
    assert_eq!(tenant.event_now(&event).await.version, 2);
}

pub(super) async fn of_concurrent_edits_of_one_version_one_succeeds(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST)).await;
    let calls = (0..8).map(|number| {
        let tenant = tenant.clone();
        let title = Title::parse(&format!("Title {number}")).unwrap();
        let patch = EventPatch { title: Some(title), ..EventPatch::default() };
        let edit = EventEdit { expected_version: Some(1), ..edit_of(event.id, patch) };
        async move { tenant.ports.events.update(&tenant.scope, edit, &by_root()).await }
    });
    let (won, lost): (Vec<_>, Vec<_>) =
        super::support::concurrently(calls).await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 7));
    for outcome in lost {
        assert_eq!(refusal(outcome), Refusal::VersionConflict { current: 2 });
    }
    let won = won.into_iter().next().unwrap().unwrap();
    assert_eq!(tenant.event_now(&event).await, won.now);
}
