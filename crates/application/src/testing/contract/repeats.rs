//! Repeats after the object was changed or deleted: a key stores the id of the object, not its state.

use convene_domain::{
    capacity::Capacity,
    event::{Event, EventStatus},
    issue::{Issue, IssueStatus},
    member::{Member, Role},
    recurrence::Rule,
    registration::RegistrationStatusKind,
    text::{Location, Title},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, by_root, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    change::Change,
    failure::{Field, Outcome, Refusal},
    ports::{
        CancelRequest, EventPatch, IssuePatch, NewRecurrence, OccurrenceEdit, OccurrencePatch,
        OccurrenceRestoration, OnAffected,
    },
    testing::builders::{ChangeBuilder, EventBuilder, IssueBuilder, MemberBuilder, occurrence_key, register},
};

fn keyed(key: &str) -> Change {
    ChangeBuilder::by("root").key(key, 1).build()
}

async fn create_issue(tenant: &Tenant) -> Outcome<Issue> {
    let issue = IssueBuilder::new("Broken projector", tenant.admin.id).build();
    tenant.ports.issues.create(&tenant.scope, issue, &keyed("report")).await
}

async fn close_issue(tenant: &Tenant, issue: &Issue) -> Outcome<Issue> {
    let patch = IssuePatch { status: Some(IssueStatus::Done), ..IssuePatch::default() };
    tenant.ports.issues.update(&tenant.scope, issue.id, patch, &keyed("close")).await
}

async fn create_event(tenant: &Tenant) -> Outcome<Event> {
    let event = EventBuilder::daily(FIRST, 3).build();
    tenant.ports.events.create(&tenant.scope, event, &keyed("plan")).await
}

async fn rename_event(tenant: &Tenant, event: &Event) -> Outcome<Event> {
    let patch = EventPatch { title: Some(Title::parse("Evensong").unwrap()), ..EventPatch::default() };
    let changed = tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &keyed("rename")).await;
    changed.map(|changed| changed.now)
}

pub(super) async fn a_repeat_returns_the_current_state(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (scope, book) = (&tenant.scope, &tenant.ports.registration_book);
    let issue = create_issue(&tenant).await.unwrap();
    let closed = close_issue(&tenant, &issue).await.unwrap();
    let event = create_event(&tenant).await.unwrap();
    let renamed = rename_event(&tenant, &event).await.unwrap();
    let request = register(occurrence_key(&renamed, day(0)), tenant.admin.id);
    let seat = book.register(scope, request, &keyed("seat")).await.unwrap();
    let cancelled = tenant.cancel(&seat).await.registration;

    let journal = tenant.journal().await;
    assert_eq!(create_issue(&tenant).await.unwrap(), closed);
    assert_eq!(create_event(&tenant).await.unwrap(), renamed);
    let repeated = book.register(scope, request, &keyed("seat")).await.unwrap();
    assert_eq!((repeated.status.kind(), &repeated), (RegistrationStatusKind::Cancelled, &cancelled));
    journal.expect_nothing().await;
}

pub(super) async fn a_repeat_about_a_deleted_object_is_refused(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (scope, ports) = (&tenant.scope, &tenant.ports);
    let issue = create_issue(&tenant).await.unwrap();
    close_issue(&tenant, &issue).await.unwrap();
    ports.issues.delete(scope, issue.id, None, &keyed("delete issue")).await.unwrap();

    let event = create_event(&tenant).await.unwrap();
    let renamed = rename_event(&tenant, &event).await.unwrap();
    let request = register(occurrence_key(&renamed, day(0)), tenant.admin.id);
    let seat = ports.registration_book.register(scope, request, &keyed("seat")).await.unwrap();
    let cancel_request = CancelRequest { registration: seat.id, caller: tenant.admin.id, role: Role::Admin };
    ports.registration_book.cancel(scope, cancel_request, &keyed("cancel")).await.unwrap();
    let patch = OccurrencePatch { title: Some(Title::parse("Rain").unwrap()), ..OccurrencePatch::default() };
    let edit = OccurrenceEdit { occurrence: seat.occurrence, patch, on_affected: OnAffected::Refuse };
    ports.events.update_occurrence(scope, edit.clone(), &keyed("edit")).await.unwrap();
    ports.events.delete(scope, event.id, &keyed("delete event")).await.unwrap();

    let journal = tenant.journal().await;
    assert_eq!(refusal(create_issue(&tenant).await), Refusal::not_found(Field::IssueId));
    assert_eq!(refusal(close_issue(&tenant, &issue).await), Refusal::not_found(Field::IssueId));
    assert_eq!(refusal(create_event(&tenant).await), Refusal::not_found(Field::EventId));
    assert_eq!(refusal(rename_event(&tenant, &event).await), Refusal::not_found(Field::EventId));
    let edited = ports.events.update_occurrence(scope, edit, &keyed("edit")).await;
    assert_eq!(refusal(edited), Refusal::not_found(Field::OccurrenceId));
    let cancelled = ports.registration_book.cancel(scope, cancel_request, &keyed("cancel")).await;
    assert_eq!(refusal(cancelled), Refusal::not_found(Field::RegistrationId));
    // The key of a registration is deleted with it, so this call is fresh.
    let registered = ports.registration_book.register(scope, request, &keyed("seat")).await;
    assert_eq!(refusal(registered), Refusal::not_found(Field::OccurrenceId));
    // Results that are only an id are still returned.
    let deleted = ports.issues.delete(scope, issue.id, None, &keyed("delete issue")).await;
    assert_eq!(deleted.unwrap(), issue.id);
    assert_eq!(ports.events.delete(scope, event.id, &keyed("delete event")).await.unwrap().id, event.id);
    journal.expect_nothing().await;
}

pub(super) async fn a_repeat_returns_a_removed_member(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (scope, members) = (&tenant.scope, &tenant.ports.members);
    let add = async || -> Outcome<Member> {
        members.add(scope, MemberBuilder::new("ada").build(), &keyed("add")).await
    };
    let ada = add().await.unwrap();
    members.remove(scope, ada.id, &by_root()).await.unwrap();
    let journal = tenant.journal().await;
    assert_eq!(add().await.unwrap().id, ada.id, "no new membership");
    assert!(members.get_many(scope, &[ada.id]).await.unwrap().is_empty(), "still removed");
    journal.expect_nothing().await;
}

pub(super) async fn a_repeat_returns_the_occurrence_that_was_changed(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (scope, events) = (&tenant.scope, &tenant.ports.events);
    let event = tenant.event(EventBuilder::daily(FIRST, 9)).await;
    let title = |text: &str| OccurrencePatch { title: Title::parse(text).ok(), ..OccurrencePatch::default() };
    let rename = async |number: i64, key: &str| {
        let occurrence = occurrence_key(&event, day(number));
        let edit = OccurrenceEdit { occurrence, patch: title(key), on_affected: OnAffected::Refuse };
        events.update_occurrence(scope, edit, &keyed(key)).await.unwrap().now
    };
    let cancel = async || {
        events
            .cancel_occurrence(scope, occurrence_key(&event, day(4)).into(), &keyed("cancel"))
            .await
            .unwrap()
            .now
    };
    let restore = async || {
        let occurrence = occurrence_key(&event, day(5));
        let restoration = OccurrenceRestoration {
            occurrence,
            fields: vec![],
            expected_version: None,
            on_affected: OnAffected::Refuse,
        };
        events.restore_occurrence(scope, restoration, &keyed("restore")).await.unwrap().now
    };
    rename(2, "two").await;
    rename(3, "three").await;
    cancel().await;
    rename(5, "five").await;
    restore().await;
    // Each id becomes that of the next occurrence, twice, and the second part gets other ids.
    for days in [1, 2] {
        let patch = EventPatch { starts_at: Some(FIRST + Duration::days(days)), ..EventPatch::default() };
        events.update(scope, edit_of(event.id, patch), &by_root()).await.unwrap();
    }
    let second = tenant.split(&event, day(6), EventPatch::default()).await;

    let journal = tenant.journal().await;
    assert_eq!(rename(2, "two").await.key, occurrence_key(&event, day(4)));
    assert_eq!(rename(2, "two").await.title.as_str(), "two");
    assert_eq!(rename(3, "three").await.key, occurrence_key(&event, day(5)));
    let cancelled = cancel().await;
    assert_eq!(cancelled.key, occurrence_key(&second, day(6)));
    assert_eq!(cancelled.status, EventStatus::Cancelled);
    let restored = restore().await;
    assert_eq!((restored.key, restored.is_exception), (occurrence_key(&second, day(7)), false));
    journal.expect_nothing().await;
}

pub(super) async fn a_repeat_returns_the_dropped_exceptions_as_they_were(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (scope, events) = (&tenant.scope, &tenant.ports.events);
    let event = tenant.event(EventBuilder::daily(FIRST, 5).closes(Duration::HOUR)).await;
    let patch = OccurrencePatch {
        title: Title::parse("Concert").ok(),
        location: Location::parse("Town hall").ok(),
        starts_at: Some(FIRST + Duration::hours(80)),
        capacity: Capacity::new(3_u32).ok(),
        ..OccurrencePatch::default()
    };
    let occurrence = occurrence_key(&event, day(3));
    let exception = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
    events.update_occurrence(scope, exception, &by_root()).await.unwrap();
    let edit = async |count: u32, change: &Change| {
        let rule = Rule::parse(&format!("FREQ=DAILY;COUNT={count}")).unwrap();
        let recurrence = NewRecurrence { rule, exdates: vec![], rdates: vec![] };
        let patch = EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() };
        events.update(scope, edit_of(event.id, patch), change).await.unwrap().dropped_exceptions
    };
    let dropped = edit(2, &keyed("drop")).await;
    assert_eq!(dropped.iter().map(|one| (one.key, one.version)).collect::<Vec<_>>(), [(occurrence, 2)]);
    assert_eq!(edit(2, &keyed("drop")).await, dropped);
    // Its date comes back.
    edit(5, &by_root()).await;
    assert_eq!(edit(2, &keyed("drop")).await, dropped);
}

fn starting(days: i64) -> EventPatch {
    EventPatch { starts_at: Some(FIRST + Duration::days(days)), ..EventPatch::default() }
}

fn daily(count: u32, without: &[i64]) -> EventPatch {
    let rule = Rule::parse(&format!("FREQ=DAILY;COUNT={count}")).unwrap();
    let exdates = without.iter().map(|number| FIRST + Duration::days(*number)).collect();
    let recurrence = NewRecurrence { rule, exdates, rdates: vec![] };
    EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() }
}

pub(super) async fn a_repeat_returns_an_occurrence_whose_id_another_one_has(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (scope, events) = (&tenant.scope, &tenant.ports.events);
    let and_starting = |patch, days| EventPatch { starts_at: starting(days).starts_at, ..patch };
    for (name, edits) in [
        ("excluded, then moved", vec![daily(5, &[2]), starting(1), starting(2)]),
        ("left out, then back", vec![daily(2, &[]), daily(5, &[])]),
        ("excluded and moved at once", vec![and_starting(daily(5, &[3]), 1)]),
    ] {
        let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
        let occurrence = occurrence_key(&event, day(2));
        let change = keyed(name);
        let cancel = async || events.cancel_occurrence(scope, occurrence.into(), &change).await;
        let cancelled = cancel().await.unwrap().now;
        for patch in edits {
            events.update(scope, edit_of(event.id, patch), &by_root()).await.unwrap();
        }
        let journal = tenant.journal().await;
        let repeated = cancel().await.unwrap();
        assert_eq!((repeated.now.key, repeated.now.status), (occurrence, EventStatus::Cancelled), "{name}");
        assert_eq!((repeated.now.interval, repeated.now.is_exception), (cancelled.interval, true), "{name}");
        assert_eq!(repeated.now.version, 3, "{name}: it was cancelled, and dropped");
        assert_eq!(repeated.dropped_exceptions, [], "{name}");
        journal.expect_nothing().await;
        events.delete(scope, event.id, &by_root()).await.unwrap();
        assert_eq!(refusal(cancel().await), Refusal::not_found(Field::OccurrenceId), "{name}");
    }
}

pub(super) async fn a_repeat_of_a_change_without_effect_returns_its_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (scope, events) = (&tenant.scope, &tenant.ports.events);
    let event = tenant.event(EventBuilder::daily(FIRST, 9)).await;
    // Each occurrence has the title of the event already.
    let rename = async |number: i64, key: &str| {
        let occurrence = occurrence_key(&event, day(number));
        let patch = OccurrencePatch { title: Some(event.title.clone()), ..OccurrencePatch::default() };
        let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
        events.update_occurrence(scope, edit, &keyed(key)).await.unwrap().now
    };
    for (number, key) in [(1, "one"), (2, "two"), (3, "three"), (4, "four")] {
        assert_eq!(rename(number, key).await.version, 1);
    }
    events.update(scope, edit_of(event.id, starting(1)), &by_root()).await.unwrap();
    let journal = tenant.journal().await;
    assert_eq!(rename(1, "one").await.key, occurrence_key(&event, day(2)));
    assert_eq!(rename(4, "four").await.key, occurrence_key(&event, day(5)));
    journal.expect_nothing().await;
    // The fourth date, which is that of the third occurrence, gets lost, and its id passes on.
    let three = rename(3, "three").await;
    let second = tenant.split(&event, day(5), EventPatch::default()).await;
    for patch in [EventPatch { starts_at: None, ..daily(4, &[4]) }, starting(2)] {
        events.update(scope, edit_of(event.id, patch), &by_root()).await.unwrap();
    }
    let journal = tenant.journal().await;
    assert_eq!(rename(1, "one").await.key, occurrence_key(&event, day(3)));
    assert_eq!(rename(2, "two").await.key, occurrence_key(&event, day(4)));
    assert_eq!(rename(3, "three").await, three);
    assert_eq!(rename(4, "four").await.key, occurrence_key(&second, day(5)));
    journal.expect_nothing().await;
}
