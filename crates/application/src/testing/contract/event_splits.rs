//! Edits of an occurrence and all following ones, which split the series.

use std::sync::Arc;

use convene_domain::{
    event::Event,
    id::EventId,
    occurrence::OccurrenceKey,
    recurrence::Rule,
    registration::{Registration, RegistrationStatusKind},
    text::Title,
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    caller::Caller,
    change::RequestMetadata,
    event::{SeriesPart, UpdateEvent, UpdateEventCommand},
    failure::{Field, Refusal},
    ports::{EditScope, EventEdit, EventPatch, NewRecurrence, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{ChangeBuilder, EventBuilder, fresh_uuid, occurrence_key, register},
};

fn from(event: &Event, start: convene_domain::time::Instant, patch: EventPatch) -> EventEdit {
    let from = OccurrenceKey { event: event.id, original_start: start };
    let new_event = EventId::from_uuid(fresh_uuid());
    EventEdit { scope: EditScope::ThisAndFollowing { from, new_event }, ..edit_of(event.id, patch) }
}

fn title(text: &str) -> EventPatch {
    EventPatch { title: Some(Title::parse(text).unwrap()), ..EventPatch::default() }
}

async fn starts(tenant: &Tenant, event: &Event) -> Vec<convene_domain::time::Instant> {
    tenant.event_now(event).await.series.from_start().map(|occurrence| occurrence.start).collect()
}

pub(super) async fn a_split_creates_an_event_of_the_following_occurrences(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    let before = tenant.seat(&event, day(1), &crowd[0]).await;
    let after = tenant.seat(&event, day(3), &crowd[0]).await;
    let waiting = tenant.seat_or_waitlist(&event, day(3), &crowd[1]).await;
    let patch =
        OccurrencePatch { starts_at: Some(FIRST + Duration::hours(98)), ..OccurrencePatch::default() };
    let key = OccurrenceKey { event: event.id, original_start: day(4) };
    let exception = OccurrenceEdit { occurrence: key, patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, exception, &by_root()).await.unwrap();

    let journal = tenant.journal().await;
    let later = NOW + Duration::MINUTE;
    let edit = from(&event, day(3), title("Second half"));
    let EditScope::ThisAndFollowing { new_event, .. } = edit.scope else { panic!("a split") };
    let changed = tenant.ports.events.update(&tenant.scope, edit, &by_root_at(later)).await.unwrap();
    let second = changed.now;
    assert_eq!((second.id, second.version, second.created_at), (new_event, 1, later));
    assert_eq!((second.title.as_str(), changed.cancelled_registrations), ("Second half", 0));
    let first = tenant.event_now(&event).await;
    assert_eq!((first.title.as_str(), first.version), ("Rehearsal", 2));
    assert_eq!(starts(&tenant, &event).await, [0, 1, 2].map(day));
    assert_eq!(starts(&tenant, &second).await, [3, 4, 5].map(day));
    assert_eq!(tenant.event_now(&second).await, second);
    journal.expect([("event.split", event.id.to_string()), ("event.created", new_event.to_string())]).await;

    assert_eq!(tenant.registration_now(&before).await, before);
    let occurrence = OccurrenceKey { event: new_event, original_start: day(3) };
    for registration in [&after, &waiting] {
        let expected = Registration { occurrence, updated_at: later, ..registration.clone() };
        assert_eq!(tenant.registration_now(registration).await, expected);
    }
    assert_eq!(tenant.counts(occurrence).await, (1, 1));
    let found = tenant.stored(after.occurrence).await.expect("the old id keeps resolving");
    assert_eq!(found.key, occurrence);
    let moved = tenant.stored(key).await.expect("an exception moves along");
    assert_eq!(moved.key, OccurrenceKey { event: new_event, original_start: day(4) });
    assert_eq!(moved.interval, event.interval_from(day(4) + Duration::hours(2)));

    // Both halves go on: seats are given, taken back and promoted.
    let promoted = tenant.cancel(&tenant.registration_now(&after).await).await.promoted;
    assert_eq!(promoted.map(|promoted| promoted.id), Some(waiting.id));
    tenant.seat(&second, day(5), &crowd[0]).await;
    tenant.seat(&first, day(0), &crowd[0]).await;
    let refused = tenant.try_register(register(occurrence_key(&event, day(5)), crowd[1].id), NOW).await;
    assert_eq!(refusal(refused), Refusal::not_found(Field::OccurrenceId), "the first half has ended");
}

pub(super) async fn a_split_moves_the_registrations_of_the_following_occurrences(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST)).await;
    let ada = tenant.member("ada").await;
    let before = tenant.seat(&event, day(7), &ada).await;
    let after = tenant.seat(&event, day(21), &ada).await;
    let start = FIRST + Duration::days(14) + Duration::hours(3);
    let edit = from(&event, day(14), EventPatch { starts_at: Some(start), ..EventPatch::default() });
    let second = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap().now;
    assert_eq!(tenant.registration_now(&before).await, before);
    let now = tenant.registration_now(&after).await;
    let moved = day(21) + Duration::hours(3);
    assert_eq!(now.occurrence, OccurrenceKey { event: second.id, original_start: moved });
    assert_eq!(now.interval, event.interval_from(moved));
    assert_eq!(tenant.stored(after.occurrence).await.map(|stored| stored.key), Some(now.occurrence));
    assert_eq!(starts(&tenant, &event).await, [day(0), day(7)]);
}

pub(super) async fn a_split_at_the_first_occurrence_edits_the_whole_series(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 4)).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(2), &ada).await;
    let journal = tenant.journal().await;
    let edit = from(&event, day(0), title("New title"));
    let changed = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap().now;
    assert_eq!((changed.id, changed.version), (event.id, 2));
    journal.expect([("event.updated", event.id.to_string())]).await;
    assert_eq!(tenant.registration_now(&seat).await, seat);
}

pub(super) async fn a_split_shifts_from_its_first_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let by = Duration::hours(2);
    let starting = |at| EventPatch { starts_at: Some(at), ..EventPatch::default() };
    // The first date of the series is excluded.
    let excluded = tenant.event(EventBuilder::daily(FIRST, 4).without(FIRST)).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&excluded, day(1), &ada).await;
    let edit = from(&excluded, day(1), starting(FIRST + Duration::DAY + by));
    let edited = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap().now;
    assert_eq!(starts(&tenant, &edited).await, [1, 2, 3].map(|number| day(number) + by));
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), day(1) + by);
    // An added date comes before the first date of the rule.
    let rdate = FIRST - Duration::hours(18);
    let added = tenant.event(EventBuilder::daily(FIRST, 2).with(rdate)).await;
    let bea = tenant.member("bea").await;
    let seat = tenant.seat(&added, rdate.as_utc(), &bea).await;
    let edit = from(&added, rdate.as_utc(), starting(rdate + by));
    let edited = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap().now;
    assert_eq!(starts(&tenant, &edited).await, [rdate.as_utc() + by, day(0) + by, day(1) + by]);
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), rdate.as_utc() + by);
}

pub(super) async fn a_new_rule_begins_where_the_series_is_split(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let rdate = FIRST + Duration::hours(54);
    let weeks = |number: i64| rdate.as_utc() + Duration::weeks(number);
    let rule = Rule::parse("FREQ=WEEKLY;COUNT=3").unwrap();
    let weekly = NewRecurrence { rule, exdates: vec![], rdates: vec![] };
    for (name, recurrence, expected) in
        [("ada", Some(weekly), vec![weeks(0), weeks(1), weeks(2)]), ("bea", None, vec![weeks(0)])]
    {
        let event = tenant.event(EventBuilder::daily(FIRST, 7).with(rdate)).await;
        let seat = tenant.seat(&event, rdate.as_utc(), &tenant.member(name).await).await;
        let patch = EventPatch { recurrence: Some(recurrence), ..EventPatch::default() };
        let edit = from(&event, rdate.as_utc(), patch);
        let second = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap().now;
        assert_eq!(starts(&tenant, &second).await, expected, "{name}");
        assert_eq!(tenant.registration_now(&seat).await.interval.start(), rdate.as_utc(), "{name}");
    }
}

pub(super) async fn a_split_at_a_missing_occurrence_is_refused(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 4)).await;
    let other = tenant.event(EventBuilder::daily(FIRST, 4)).await;
    let journal = tenant.journal().await;
    let elsewhere = EventEdit { event: event.id, ..from(&other, day(2), title("New")) };
    for edit in
        [from(&event, day(4), title("New")), from(&event, day(1) + Duration::MINUTE, title("New")), elsewhere]
    {
        let refused = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await;
        assert_eq!(refusal(refused), Refusal::not_found(Field::FromOccurrenceId));
    }
    journal.expect_nothing().await;
}

/// The id that the input names is the one of an event that exists.
pub(super) async fn a_repeat_of_a_split_whose_event_was_deleted_names_no_field(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 4)).await;
    let keyed = ChangeBuilder::by("root").key("split", 1).build();
    let split = from(&event, day(2), title("Second half"));
    let second = tenant.ports.events.update(&tenant.scope, split.clone(), &keyed).await.unwrap().now;
    let update = UpdateEvent { contexts: Tenant::contexts(), events: Arc::clone(&tenant.ports.events) };
    let caller = Caller::for_tests(tenant.organization.id, &tenant.admin);
    let repeated = async || {
        let key = OccurrenceKey { event: event.id, original_start: day(2) };
        let command = UpdateEventCommand {
            event: event.id,
            expected_version: None,
            scope: SeriesPart::ThisAndFollowing(key),
            patch: split.patch.clone(),
            on_affected: OnAffected::Refuse,
        };
        let request =
            RequestMetadata { idempotency: keyed.idempotency.clone(), ..RequestMetadata::default() };
        update.execute(caller.admin().unwrap(), command, request).await
    };
    assert_eq!(repeated().await.unwrap().now, second);
    tenant.ports.events.delete(&tenant.scope, second.id, &by_root()).await.unwrap();
    assert_eq!(refusal(repeated().await), Refusal::CreatedAndDeleted);
    tenant.ports.events.delete(&tenant.scope, event.id, &by_root()).await.unwrap();
    assert_eq!(refusal(repeated().await), Refusal::not_found(Field::EventId));
}

pub(super) async fn registrations_that_a_split_would_drop_are_listed(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let ada = tenant.member("ada").await;
    let dropped = tenant.seat(&event, day(4), &ada).await;
    let patch = || EventPatch { recurrence: Some(None), ..EventPatch::default() };
    let journal = tenant.journal().await;
    let edit = from(&event, day(2), patch());
    let refused = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await;
    let registrations = vec![dropped.clone()];
    assert_eq!(refusal(refused), Refusal::RegistrationsAffected { count: 1, registrations });
    journal.expect_nothing().await;
    assert_eq!(tenant.event_now(&event).await, event);

    let edit = EventEdit { on_affected: OnAffected::CancelRegistrations, ..from(&event, day(2), patch()) };
    let changed = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
    assert_eq!(changed.cancelled_registrations, 1);
    assert_eq!(tenant.registration_now(&dropped).await.status.kind(), RegistrationStatusKind::Cancelled);
    assert_eq!(starts(&tenant, &changed.now).await, [day(2)]);
}
