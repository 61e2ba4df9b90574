//! Exceptions and cancellations through edits, splits and restorations.

use convene_domain::{
    capacity::Capacity,
    event::{Event, EventStatus},
    id::EventId,
    occurrence::{Occurrence, OccurrenceKey},
    recurrence::Rule,
    registration::RegistrationStatus,
    text::Title,
    time::Instant,
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    failure::{Outcome, Refusal},
    ports::{
        Changed, EditScope, EventEdit, EventPatch, EventRestored, NewRecurrence, OccurrenceEdit,
        OccurrenceField, OccurrencePatch, OccurrenceRestoration, OnAffected,
    },
    testing::builders::{ChangeBuilder, EventBuilder, fresh_uuid, occurrence_key, register},
};

const HOUR: Duration = Duration::HOUR;

fn shift(hours: i64) -> EventPatch {
    EventPatch { starts_at: Some(FIRST + Duration::hours(hours)), ..EventPatch::default() }
}

fn to(hours: i64) -> OccurrencePatch {
    OccurrencePatch { starts_at: Some(FIRST + Duration::hours(hours)), ..OccurrencePatch::default() }
}

async fn update(tenant: &Tenant, event: &Event, patch: EventPatch) -> Outcome<Changed<Event>> {
    tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &by_root()).await
}

async fn split(tenant: &Tenant, event: &Event, from: OccurrenceKey, patch: EventPatch) -> Event {
    let new_event = EventId::from_uuid(fresh_uuid());
    let scope = EditScope::ThisAndFollowing { from, new_event };
    let edit = EventEdit { scope, ..edit_of(event.id, patch) };
    tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap().now
}

async fn change(
    tenant: &Tenant,
    occurrence: OccurrenceKey,
    patch: OccurrencePatch,
) -> Outcome<Changed<Occurrence>> {
    let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await
}

async fn cancel(tenant: &Tenant, occurrence: OccurrenceKey) -> Occurrence {
    tenant.ports.events.cancel_occurrence(&tenant.scope, occurrence.into(), &by_root()).await.unwrap().now
}

async fn restore(
    tenant: &Tenant,
    occurrence: OccurrenceKey,
    fields: &[OccurrenceField],
) -> Outcome<Changed<Occurrence>> {
    let restoration = OccurrenceRestoration {
        occurrence,
        fields: fields.to_vec(),
        expected_version: None,
        on_affected: OnAffected::Refuse,
    };
    tenant.ports.events.restore_occurrence(&tenant.scope, restoration, &by_root()).await
}

async fn cancel_event(tenant: &Tenant, event: &Event, at: Instant) {
    tenant.ports.events.cancel(&tenant.scope, event.id, &by_root_at(at)).await.unwrap();
}

async fn restore_event(tenant: &Tenant, event: &Event, at: Instant) -> EventRestored {
    tenant.ports.events.restore(&tenant.scope, event.id, &by_root_at(at)).await.unwrap()
}

/// A daily event of nine dates with two seats.
async fn daily(environment: &Environment) -> (Tenant, Event) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 9).seats(2)).await;
    (tenant, event)
}

pub(super) async fn exceptions_that_cross_each_other_stay_themselves(environment: Environment) {
    let (tenant, event) = daily(&environment).await;
    let crowd = tenant.crowd(2).await;
    let [first, second] = [day(1), day(3)].map(|start| occurrence_key(&event, start));
    let (ada, bob) =
        (tenant.seat(&event, day(1), &crowd[0]).await, tenant.seat(&event, day(3), &crowd[1]).await);
    // They take each other's places.
    change(&tenant, first, to(73)).await.unwrap();
    change(&tenant, second, to(24)).await.unwrap();
    change(&tenant, first, to(72)).await.unwrap();
    let at = async |seat| tenant.registration_now(seat).await.interval.start();
    assert_eq!([at(&ada).await, at(&bob).await], [day(3), day(1)]);
    for hours in [2, 26, -20, 0] {
        update(&tenant, &event, shift(hours)).await.unwrap();
        assert_eq!([at(&ada).await, at(&bob).await], [day(3), day(1)], "by {hours} hours");
        let listed = tenant.listed(&[&event], day(-1), day(20)).await;
        assert_eq!(listed.len(), 9, "by {hours} hours: {listed:?}");
    }
    // A split between their dates takes the second one along, although it takes place before.
    let following = split(&tenant, &event, occurrence_key(&event, day(2)), shift(50)).await;
    assert_eq!([at(&ada).await, at(&bob).await], [day(3), day(1)]);
    assert_eq!(tenant.registration_now(&bob).await.occurrence.event, following.id);
    let [first, second] = [&ada, &bob].map(|seat| tenant.registration_now(seat));
    let [first, second] = [first.await.occurrence, second.await.occurrence];
    restore(&tenant, second, &[OccurrenceField::StartsAt]).await.unwrap();
    restore(&tenant, first, &[]).await.unwrap();
    assert_eq!([at(&ada).await, at(&bob).await], [day(1), day(3) + HOUR * 2], "back to their dates");
}

pub(super) async fn an_exception_on_the_date_of_another_occurrence_is_another_one(environment: Environment) {
    let (tenant, event) = daily(&environment).await;
    let crowd = tenant.crowd(3).await;
    let moved = tenant.seat(&event, day(1), &crowd[0]).await;
    let there = tenant.seat(&event, day(2), &crowd[1]).await;
    let both = [tenant.seat(&event, day(1), &crowd[2]).await, tenant.seat(&event, day(2), &crowd[2]).await];
    match refusal(change(&tenant, moved.occurrence, to(48)).await) {
        Refusal::RegistrationsAffected { count: 1, registrations } => {
            assert_eq!(registrations[0].id, both[0].id);
        }
        other => panic!("{other}"),
    }
    tenant.cancel(&both[0]).await;
    change(&tenant, moved.occurrence, to(48)).await.unwrap();
    assert_eq!(tenant.listed(&[&event], day(2), day(3)).await, [day(2), day(2)]);
    cancel(&tenant, there.occurrence).await;
    assert!(tenant.registration_now(&moved).await.status.is_active(), "the other one at this time");
    assert_eq!(tenant.counts(moved.occurrence).await, (1, 0));
    // The date that the exception left is not free for anybody else.
    update(&tenant, &event, shift(24)).await.unwrap();
    assert_eq!(tenant.registration_now(&moved).await.interval.start(), day(2));
    let expected = [1, 2, 4, 5, 6, 7, 8, 9].map(day);
    assert_eq!(
        tenant.listed(&[&event], day(0), day(20)).await,
        expected,
        "the cancelled one is that of day 3 now"
    );
}

pub(super) async fn an_exception_of_the_first_or_the_last_date_stays_in_its_series(environment: Environment) {
    for number in [0, 8] {
        let tenant = environment.tenant(&format!("choir-{number}")).await;
        let event = tenant.event(EventBuilder::daily(FIRST, 9).seats(2)).await;
        let ada = tenant.member("ada").await;
        let seat = tenant.seat(&event, day(number), &ada).await;
        change(&tenant, seat.occurrence, to(300)).await.unwrap();
        let second = split(&tenant, &event, occurrence_key(&event, day(4)), EventPatch::default()).await;
        let now = tenant.registration_now(&seat).await;
        assert_eq!(now.interval.start(), day(0) + HOUR * 300);
        assert_eq!(now.occurrence.event, if number == 0 { event.id } else { second.id });
        update(&tenant, &event, shift(1)).await.unwrap();
        restore(&tenant, now.occurrence, &[]).await.unwrap();
        let expected = if number == 0 { day(0) + HOUR } else { day(8) };
        assert_eq!(tenant.registration_now(&seat).await.interval.start(), expected);
        assert_eq!(tenant.listed(&[&event, &second], day(0), day(20)).await.len(), 9);
    }
}

pub(super) async fn a_cancelled_date_is_restored_where_its_series_is_now(environment: Environment) {
    let (tenant, event) = daily(&environment).await;
    let ada = tenant.member("ada").await;
    let key = occurrence_key(&event, day(5));
    cancel(&tenant, key).await;
    update(&tenant, &event, shift(1)).await.unwrap();
    let from = occurrence_key(&event, day(4) + HOUR);
    let second = split(&tenant, &event, from, shift(4 * 24 + 3)).await;
    let restored = restore(&tenant, key, &[]).await.unwrap().now;
    assert_eq!((restored.key.event, restored.interval.start()), (second.id, day(5) + HOUR * 3));
    tenant.seat(&second, day(5) + HOUR * 3, &ada).await;
    // The date where a series is divided may be cancelled.
    cancel(&tenant, occurrence_key(&second, day(6) + HOUR * 3)).await;
    let third = split(&tenant, &second, occurrence_key(&second, day(6) + HOUR * 3), shift(6 * 24)).await;
    let all = tenant.listed_with_cancelled(&[&third], day(0), day(20)).await;
    assert_eq!(
        all,
        [
            (day(6), EventStatus::Cancelled),
            (day(7), EventStatus::Scheduled),
            (day(8), EventStatus::Scheduled)
        ]
    );
    restore(&tenant, all.first().map(|(start, _)| occurrence_key(&third, *start)).unwrap(), &[])
        .await
        .unwrap();
    assert_eq!(tenant.listed(&[&third], day(0), day(20)).await, [6, 7, 8].map(day));
}

pub(super) async fn restorations_can_be_taken_back_and_made_again(environment: Environment) {
    let (tenant, event) = daily(&environment).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(1), &ada).await;
    let key = seat.occurrence;
    let mut version = 1;
    for round in 0..3 {
        let moved = change(&tenant, key, to(30)).await.unwrap();
        assert_eq!((moved.moved_registrations, moved.now.version), (1, version + 1), "round {round}");
        let back = restore(&tenant, key, &[OccurrenceField::StartsAt]).await.unwrap();
        assert_eq!((back.moved_registrations, back.now.version), (1, version + 2), "round {round}");
        assert!(!back.now.is_exception);
        assert_eq!(tenant.registration_now(&seat).await.interval, seat.interval);
        version += 2;
    }
    for round in 0..3 {
        cancel(&tenant, key).await;
        let restored = restore(&tenant, key, &[OccurrenceField::Status]).await.unwrap().now;
        version += 2;
        assert_eq!(
            (restored.version, restored.taken, restored.status),
            (version, 0, EventStatus::Scheduled),
            "{round}"
        );
    }
    tenant.seat(&event, day(1), &ada).await;
    for round in 0..3 {
        let minute = |minutes: i64| NOW + Duration::minutes(10 * round + minutes);
        cancel_event(&tenant, &event, minute(1)).await;
        let restored = restore_event(&tenant, &event, minute(2)).await;
        assert_eq!(restored.former_registrations.len(), 1, "round {round}");
        assert_eq!(tenant.listed(&[&event], day(0), day(20)).await.len(), 9);
        tenant.try_register(register(key, ada.id), minute(3)).await.unwrap();
    }
}

pub(super) async fn what_was_cancelled_by_itself_is_not_restored_with_its_event(environment: Environment) {
    let (tenant, event) = daily(&environment).await;
    let ada = tenant.member("ada").await;
    let [own, with_event] = [day(1), day(2)].map(|start| occurrence_key(&event, start));
    change(&tenant, own, to(30)).await.unwrap();
    change(&tenant, with_event, to(54)).await.unwrap();
    let seat = tenant.try_register(register(with_event, ada.id), NOW).await.unwrap();
    cancel(&tenant, own).await;
    cancel_event(&tenant, &event, NOW + Duration::MINUTE).await;
    let restored = restore_event(&tenant, &event, NOW + Duration::minutes(2)).await;
    assert_eq!(restored.former_registrations.iter().map(|one| one.id).collect::<Vec<_>>(), [seat.id]);
    let all = tenant.listed_with_cancelled(&[&event], day(1), day(3)).await;
    assert_eq!(
        all,
        [(day(1) + HOUR * 6, EventStatus::Cancelled), (day(2) + HOUR * 6, EventStatus::Scheduled)]
    );
    let again = restore(&tenant, own, &[OccurrenceField::Status]).await.unwrap().now;
    assert_eq!(
        (again.status, again.interval.start()),
        (EventStatus::Scheduled, day(1) + HOUR * 6),
        "at its own time"
    );
    restore(&tenant, own, &[]).await.unwrap();
    assert_eq!(tenant.listed(&[&event], day(1), day(2)).await, [day(1)]);
}

pub(super) async fn a_date_that_was_dropped_returns_without_its_exception(environment: Environment) {
    let (tenant, event) = daily(&environment).await;
    let title = OccurrencePatch { title: Title::parse("Concert").ok(), ..to(54) };
    change(&tenant, occurrence_key(&event, day(2)), title).await.unwrap();
    cancel(&tenant, occurrence_key(&event, day(4))).await;
    let rule = |text: &str| {
        let rule = Rule::parse(text).unwrap();
        let recurrence = NewRecurrence { rule, exdates: vec![], rdates: vec![] };
        EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() }
    };
    let dropped =
        update(&tenant, &event, rule("FREQ=DAILY;INTERVAL=3;COUNT=3")).await.unwrap().dropped_exceptions;
    let keys: Vec<_> = dropped.iter().map(|one| one.key.original_start).collect();
    assert_eq!(keys, [day(2), day(4)]);
    let back = update(&tenant, &event, rule("FREQ=DAILY;COUNT=9")).await.unwrap();
    assert_eq!(back.dropped_exceptions, []);
    let listed = tenant.listing(&[event.id], day(0), day(20)).await;
    assert_eq!(
        listed.iter().map(|one| one.interval.start()).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4, 5, 6, 7, 8].map(day)
    );
    assert!(listed.iter().all(|one| !one.is_exception && one.status == EventStatus::Scheduled));
    let ada = tenant.member("ada").await;
    for number in [2, 4] {
        assert_eq!(tenant.seat(&event, day(number), &ada).await.status, RegistrationStatus::Confirmed);
    }
}

pub(super) async fn capacities_of_exceptions_are_their_own(environment: Environment) {
    let (tenant, event) = daily(&environment).await;
    let crowd = tenant.crowd(3).await;
    let seats = |number: u32| Capacity::new(number).ok();
    let key = occurrence_key(&event, day(1));
    change(&tenant, key, OccurrencePatch { capacity: seats(3), ..OccurrencePatch::default() }).await.unwrap();
    for member in &crowd {
        tenant.seat(&event, day(1), member).await;
    }
    let one = EventPatch { capacity: seats(1), ..EventPatch::default() };
    update(&tenant, &event, one).await.unwrap();
    assert_eq!(tenant.stored(key).await.unwrap().capacity.get(), 3);
    let refused = restore(&tenant, key, &[]).await;
    assert_eq!(refusal(refused), Refusal::CapacityBelowRegistrations { taken: 3 });
    let three = EventPatch { capacity: seats(3), ..EventPatch::default() };
    update(&tenant, &event, three).await.unwrap();
    restore(&tenant, key, &[]).await.unwrap();
    let two = EventPatch { capacity: seats(2), ..EventPatch::default() };
    assert_eq!(refusal(update(&tenant, &event, two).await), Refusal::CapacityBelowRegistrations { taken: 3 });
    // The held occurrence belongs to the first part, so the second may be smaller.
    let two = EventPatch { capacity: seats(2), ..EventPatch::default() };
    let second = split(&tenant, &event, occurrence_key(&event, day(2)), two).await;
    assert_eq!((second.capacity.get(), tenant.event_now(&event).await.capacity.get()), (2, 3));
}

/// The occurrences of an event, as a list shows them.
async fn shown(tenant: &Tenant, event: &Event) -> Vec<(Instant, EventStatus, String, u32, bool)> {
    let all = tenant.listing(&[event.id], day(-30), day(60)).await;
    let shown = |one: &crate::occurrence::OccurrenceOfEvent| {
        let title = one.title.to_string();
        (one.interval.start(), one.status, title, one.capacity.get(), one.is_exception)
    };
    all.iter().map(shown).collect()
}

pub(super) async fn exceptions_that_pass_through_the_past_return_with_their_dates(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = EventBuilder::daily(FIRST, 12).seats(2).without(FIRST + Duration::days(5));
    let event = tenant.event(event.with(FIRST + Duration::days(2) + HOUR * 3)).await;
    let title = Some(Title::parse("Concert").unwrap());
    let capacity = Some(Capacity::new(1_u32).unwrap());
    cancel(&tenant, occurrence_key(&event, day(1))).await;
    let renamed = OccurrencePatch { title: title.clone(), ..OccurrencePatch::default() };
    change(&tenant, occurrence_key(&event, day(2)), renamed).await.unwrap();
    let smaller = OccurrencePatch { capacity, ..OccurrencePatch::default() };
    change(&tenant, occurrence_key(&event, day(3)), smaller).await.unwrap();
    let both = OccurrencePatch { title, ..to(4 * 24 + 2) };
    change(&tenant, occurrence_key(&event, day(4)), both).await.unwrap();
    cancel(&tenant, occurrence_key(&event, day(4))).await;
    cancel(&tenant, occurrence_key(&event, day(11))).await;
    let before = shown(&tenant, &event).await;
    let seat = register(occurrence_key(&event, day(1)), tenant.member("ada").await.id);
    // The dates that remain ahead take the ids of those that pass.
    for (number, by) in [-9, -11, -10, -9, 0, -30, 0].into_iter().enumerate() {
        let journal = tenant.journal().await;
        let keyed = ChangeBuilder::by("root").key(&format!("edit-{number}"), 1).build();
        let edit = edit_of(event.id, shift(by * 24));
        let edited = tenant.ports.events.update(&tenant.scope, edit.clone(), &keyed).await.unwrap();
        let again = tenant.ports.events.update(&tenant.scope, edit, &keyed).await.unwrap();
        let keys = |changed: &Changed<Event>| -> Vec<OccurrenceKey> {
            let mut keys: Vec<_> = changed.dropped_exceptions.iter().map(|one| one.key).collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(&again), keys(&edited), "the repeat by {by} days");
        let dropped: Vec<_> = edited.dropped_exceptions.iter().map(|one| one.interval.start()).collect();
        let entries = journal.new_entries().await;
        assert_eq!(entries.len(), 1 + dropped.len(), "each dropped exception has an entry: {entries:?}");
        if by == 0 {
            assert_eq!(shown(&tenant, &event).await, before);
            match refusal(tenant.try_register(seat, NOW).await) {
                Refusal::OccurrenceCancelled => {}
                other => panic!("{other:?}"),
            }
        }
    }
    // They return at a later time, too, and can be restored.
    update(&tenant, &event, shift(-9 * 24)).await.unwrap();
    let later = by_root_at(NOW + Duration::minutes(30));
    let back = edit_of(event.id, shift(0));
    tenant.ports.events.update(&tenant.scope, back, &later).await.unwrap();
    assert_eq!(shown(&tenant, &event).await, before);
    restore(&tenant, occurrence_key(&event, day(1)), &[]).await.unwrap();
    tenant.try_register(seat, NOW).await.unwrap();
}

pub(super) async fn exceptions_that_pass_take_no_key_of_a_dropped_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 12)).await;
    let ada = tenant.member("ada").await;
    // It stays stored for its registration, also when the rule does not have it any more.
    let dropped = tenant.seat(&event, day(2), &ada).await;
    cancel(&tenant, dropped.occurrence).await;
    let rule = Rule::parse("FREQ=DAILY;COUNT=12").unwrap();
    let recurrence = NewRecurrence { rule, exdates: vec![FIRST + Duration::days(2)], rdates: vec![] };
    let without = EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() };
    update(&tenant, &event, without).await.unwrap();
    cancel(&tenant, occurrence_key(&event, day(9))).await;
    let mut now = day(5) + HOUR;
    let mut shifted = async |by: i64| {
        now += HOUR;
        let patch = EventPatch {
            starts_at: Some(tenant.event_now(&event).await.series.start() + Duration::days(by)),
            ..EventPatch::default()
        };
        tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &by_root_at(now)).await.unwrap();
    };
    shifted(-7).await;
    shifted(7).await;
    let listed = tenant.listed_with_cancelled(&[&event], day(9), day(10)).await;
    assert_eq!(listed, [(day(9), EventStatus::Cancelled)]);
    assert_eq!(tenant.registration_now(&dropped).await.interval.start(), day(2));
}

pub(super) async fn a_passed_exception_that_is_dropped_leaves_the_past(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 12)).await;
    cancel(&tenant, occurrence_key(&event, day(9))).await;
    let now = day(5) + HOUR;
    let past = tenant.listed(&[&event], day(0), now).await;
    let edit = async |patch, hours| {
        let at = by_root_at(now + HOUR * hours);
        tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &at).await.unwrap();
    };
    // The cancelled date moves to that of an occurrence that took place, and a rule drops it.
    edit(shift(-7 * 24), 1).await;
    let rule = Rule::parse("FREQ=WEEKLY;COUNT=3").unwrap();
    let recurrence = NewRecurrence { rule, exdates: vec![], rdates: vec![] };
    edit(EventPatch { recurrence: Some(Some(recurrence)), ..shift(8 * 24 + 3) }, 2).await;
    assert_eq!(tenant.listed(&[&event], day(0), now).await, past);
}

pub(super) async fn an_exception_of_a_one_off_event_returns_from_the_past(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    cancel(&tenant, occurrence_key(&event, day(0))).await;
    update(&tenant, &event, shift(-30 * 24)).await.unwrap();
    assert!(tenant.listed_with_cancelled(&[&event], day(-60), day(60)).await.is_empty());
    update(&tenant, &event, shift(30 * 24)).await.unwrap();
    let listed = tenant.listed_with_cancelled(&[&event], day(-60), day(60)).await;
    assert_eq!(listed, [(day(30), EventStatus::Cancelled)]);
}

pub(super) async fn exceptions_in_the_past_return_by_a_rule_and_with_a_split(environment: Environment) {
    let (tenant, event) = daily(&environment).await;
    for number in [1, 2] {
        cancel(&tenant, occurrence_key(&event, day(number))).await;
    }
    update(&tenant, &event, shift(-10 * 24)).await.unwrap();
    let first_ahead = tenant.listed(&[&event], NOW, day(60)).await[0];
    let following =
        split(&tenant, &event, occurrence_key(&event, first_ahead + Duration::DAY), EventPatch::default())
            .await;
    // The first part has the dates that passed.
    update(&tenant, &event, shift(0)).await.unwrap();
    let listed = tenant.listed_with_cancelled(&[&event], day(-1), day(60)).await;
    let cancelled = listed.iter().filter(|(_, status)| *status == EventStatus::Cancelled);
    assert_eq!(cancelled.map(|(start, _)| *start).collect::<Vec<_>>(), [1, 2].map(day));
    assert!(tenant.listed(&[&following], day(-60), day(60)).await.len() + listed.len() == 9, "{listed:?}");
    update(&tenant, &event, shift(-10 * 24)).await.unwrap();
    // A given rule that has the date of the second one only.
    let rule = Rule::parse("FREQ=DAILY;INTERVAL=2;COUNT=3").unwrap();
    let recurrence = NewRecurrence { rule, exdates: vec![], rdates: vec![] };
    update(&tenant, &event, EventPatch { recurrence: Some(Some(recurrence)), ..shift(-10 * 24) })
        .await
        .unwrap();
    update(&tenant, &event, shift(0)).await.unwrap();
    let listed = tenant.listed_with_cancelled(&[&event], day(-1), day(60)).await;
    let statuses = [EventStatus::Scheduled, EventStatus::Cancelled, EventStatus::Scheduled];
    assert_eq!(listed, [0, 2, 4].into_iter().map(day).zip(statuses).collect::<Vec<_>>());
}

pub(super) async fn a_held_exception_that_passes_returns_without_its_registrations(environment: Environment) {
    let (tenant, event) = daily(&environment).await;
    let renamed = OccurrencePatch { title: Title::parse("Concert").ok(), ..OccurrencePatch::default() };
    let key = occurrence_key(&event, day(2));
    change(&tenant, key, renamed).await.unwrap();
    let crowd = tenant.crowd(2).await;
    let seat = tenant.seat(&event, day(2), &crowd[0]).await;
    let before = shown(&tenant, &event).await;
    let refused = update(&tenant, &event, shift(-11 * 24)).await;
    let registrations = vec![seat.clone()];
    assert_eq!(refusal(refused), Refusal::RegistrationsAffected { count: 1, registrations });
    let edit =
        EventEdit { on_affected: OnAffected::CancelRegistrations, ..edit_of(event.id, shift(-11 * 24)) };
    let passed = tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
    assert_eq!((passed.cancelled_registrations, passed.dropped_exceptions.len()), (1, 1));
    assert!(!tenant.registration_now(&seat).await.status.is_active());
    update(&tenant, &event, shift(0)).await.unwrap();
    assert_eq!(shown(&tenant, &event).await, before);
    assert_eq!(tenant.counts(key).await, (0, 0));
    tenant.seat(&event, day(2), &crowd[1]).await;
    assert!(!tenant.registration_now(&seat).await.status.is_active());
}

pub(super) async fn an_occurrence_with_its_own_time_returns_to_its_date(environment: Environment) {
    let (tenant, event) = daily(&environment).await;
    let key = occurrence_key(&event, day(2));
    change(&tenant, key, to(2 * 24 + 5)).await.unwrap();
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(2), &ada).await;
    let before = tenant.listing(&[event.id], day(-30), day(60)).await;
    for by in [-11, -12, -10, 0] {
        update(&tenant, &event, shift(by * 24)).await.unwrap();
        assert_eq!(tenant.registration_now(&seat).await.interval, seat.interval, "{by}");
    }
    let after = tenant.listing(&[event.id], day(-30), day(60)).await;
    let keys = |listed: &[crate::occurrence::OccurrenceOfEvent]| -> Vec<_> {
        listed.iter().map(|one| (one.key, one.original_local, one.interval)).collect()
    };
    assert_eq!(keys(&after), keys(&before));
    // The series gives it its date again.
    restore(&tenant, key, &[]).await.unwrap();
    assert_eq!(tenant.registration_now(&seat).await.interval.start(), day(2));
}

/// Also one that takes place on another day than its date, and before those of the first part.
pub(super) async fn the_rest_of_a_series_is_cancelled_with_its_exceptions(environment: Environment) {
    let (tenant, event) = daily(&environment).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(3), &ada).await;
    change(&tenant, occurrence_key(&event, day(3)), to(-20)).await.unwrap();
    change(&tenant, occurrence_key(&event, day(4)), to(24 * 15)).await.unwrap();
    let rest = split(&tenant, &event, occurrence_key(&event, day(2)), EventPatch::default()).await;
    assert_eq!(tenant.listed(&[&event, &rest], day(-2), day(20)).await.len(), 9);
    cancel_event(&tenant, &rest, NOW).await;
    assert!(!tenant.registration_now(&seat).await.status.is_active());
    assert_eq!(tenant.listed(&[&event, &rest], day(-2), day(20)).await, [0, 1].map(day));
    let all = tenant.listed_with_cancelled(&[&rest], day(-2), day(20)).await;
    assert_eq!(all.len(), 7);
    // A cancelled exception does not give its date back to the series, which goes on without it.
    change(&tenant, occurrence_key(&event, day(1)), to(30)).await.unwrap();
    cancel(&tenant, occurrence_key(&event, day(1))).await;
    update(&tenant, &event, shift(1)).await.unwrap();
    assert_eq!(tenant.listed(&[&event], day(-2), day(20)).await, [day(0) + HOUR]);
}
