//! The contract of restored events.

use convene_domain::{
    event::{Event, EventStatus},
    id::RegistrationId,
    registration::Registration,
    text::{Title, UserId},
    time::{Instant, LocalDateTime},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root_at, concurrently, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    failure::{Field, Outcome, Refusal},
    ports::{Changed, EventPatch, EventRestored, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{ChangeBuilder, EventBuilder, occurrence_key, register},
};

use EventStatus::{Cancelled, Scheduled};

async fn cancel(tenant: &Tenant, event: &Event, at: Instant) {
    tenant.ports.events.cancel(&tenant.scope, event.id, &by_root_at(at)).await.expect("it is cancelled");
}

async fn restore(tenant: &Tenant, event: &Event, at: Instant) -> Outcome<EventRestored> {
    tenant.ports.events.restore(&tenant.scope, event.id, &by_root_at(at)).await
}

fn later(minutes: i64) -> Instant {
    NOW + Duration::minutes(minutes)
}

fn former(restored: &EventRestored) -> Vec<RegistrationId> {
    restored.former_registrations.iter().map(|former| former.id).collect()
}

pub(super) async fn the_occurrences_that_were_cancelled_with_an_event_take_place_again(
    environment: Environment,
) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(1)).await;
    let (ada, bob) = (tenant.member("ada").await, tenant.member("bob").await);
    let second = tenant.seat(&event, day(1), &ada).await;
    let waiting = tenant.seat_or_waitlist(&event, day(1), &bob).await;
    tenant.seat(&event, day(3), &ada).await;
    let by_itself = occurrence_key(&event, day(3));
    let change = by_root_at(later(1));
    tenant.ports.events.cancel_occurrence(&tenant.scope, by_itself.into(), &change).await.unwrap();
    let third = tenant.seat(&event, day(2), &bob).await;
    let left = tenant.seat(&event, day(4), &bob).await;
    tenant.try_cancel(&left, later(1)).await.expect("bob cancels");
    cancel(&tenant, &event, later(2)).await;
    let journal = tenant.journal().await;

    let restored = restore(&tenant, &event, later(3)).await.unwrap();
    assert_eq!((restored.event.status, restored.event.version), (Scheduled, 3));
    assert_eq!(restored.event.updated_at, later(3));
    assert_eq!(former(&restored), [second.id, third.id, waiting.id], "seats come first");
    assert!(restored.former_registrations.iter().all(|one| !one.status.is_active()));
    journal.expect([("event.restored", event.id.to_string())]).await;
    let listed = tenant.listed_with_cancelled(&[&event], day(0), day(9)).await;
    let expected = [Scheduled, Scheduled, Scheduled, Cancelled, Scheduled];
    assert_eq!(listed.iter().map(|(_, status)| *status).collect::<Vec<_>>(), expected);
    assert_eq!(tenant.event_now(&event).await, restored.event);
    tenant.seat(&event, day(1), &bob).await;
    tenant.seat(&event, day(4), &ada).await;
    let refused = tenant.try_register(register(by_itself, ada.id), later(4)).await;
    assert_eq!(refusal(refused), Refusal::OccurrenceCancelled);
    assert_eq!(refusal(restore(&tenant, &event, later(5)).await), Refusal::NotCancelled);
    let missing = EventBuilder::once(FIRST).build();
    assert_eq!(refusal(restore(&tenant, &missing, NOW).await), Refusal::not_found(Field::EventId));
}

pub(super) async fn what_would_have_begun_meanwhile_stays_cancelled(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 6)).await;
    let ada = tenant.member("ada").await;
    for number in 0..4 {
        tenant.seat(&event, day(number), &ada).await;
    }
    let (cancelled_at, restored_at) = (day(0) + Duration::HOUR, day(2) + Duration::HOUR);
    cancel(&tenant, &event, cancelled_at).await;
    let restored = restore(&tenant, &event, restored_at).await.unwrap();
    assert_eq!(restored.former_registrations.len(), 1, "of an occurrence that takes place again");
    let expected = [
        (day(0), Scheduled),
        (day(1), Cancelled),
        (day(2), Cancelled),
        (day(3), Scheduled),
        (day(4), Scheduled),
        (day(5), Scheduled),
    ];
    assert_eq!(tenant.listed_with_cancelled(&[&event], NOW, day(20)).await, expected);

    // A later edit leaves the past as it was.
    move_to(&tenant, &event, FIRST + Duration::days(1), restored_at + Duration::HOUR).await.unwrap();
    // What was to take place on the third day now takes place on the fourth.
    let expected = [
        (day(0), Scheduled),
        (day(1), Cancelled),
        (day(2), Cancelled),
        (day(3), Scheduled),
        (day(4), Scheduled),
        (day(5), Scheduled),
        (day(6), Scheduled),
    ];
    assert_eq!(tenant.listed_with_cancelled(&[&event], NOW, day(20)).await, expected);
    cancel(&tenant, &event, day(4) + Duration::HOUR).await;
    restore(&tenant, &event, day(4) + Duration::hours(2)).await.unwrap();
    assert_eq!(tenant.listed_with_cancelled(&[&event], NOW, day(20)).await, expected);
}

async fn move_to(
    tenant: &Tenant,
    event: &Event,
    start: LocalDateTime,
    at: Instant,
) -> Outcome<Changed<Event>> {
    let patch = EventPatch { starts_at: Some(start), ..EventPatch::default() };
    tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &by_root_at(at)).await
}

pub(super) async fn dates_that_passed_while_they_were_cancelled_can_move_ahead(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let now = day(2) + Duration::HOUR;
    for (days, by_event, renamed) in [
        (1, true, false),
        (1, false, false),
        (3, true, false),
        (3, false, false),
        (3, false, true),
        (5, true, true),
        (5, false, false),
    ] {
        let builder = if days == 1 { EventBuilder::once(FIRST) } else { EventBuilder::daily(FIRST, days) };
        let event = tenant.event(builder).await;
        let passed: Vec<Instant> = (0..i64::from(days).min(3)).map(day).collect();
        if by_event {
            cancel(&tenant, &event, NOW).await;
            restore(&tenant, &event, now).await.unwrap();
        } else {
            for start in &passed {
                let key = occurrence_key(&event, *start);
                tenant
                    .ports
                    .events
                    .cancel_occurrence(&tenant.scope, key.into(), &by_root_at(NOW))
                    .await
                    .unwrap();
            }
        }
        if renamed {
            let patch = EventPatch { title: Title::parse("Course").ok(), ..EventPatch::default() };
            let change = by_root_at(now + Duration::MINUTE);
            tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &change).await.unwrap();
        }
        let moved = move_to(&tenant, &event, FIRST + Duration::days(7), now + Duration::HOUR).await;
        assert_eq!(moved.unwrap().dropped_exceptions, [], "{days} {by_event} {renamed}");
        let cancelled = passed.into_iter().map(|start| (start, Cancelled));
        let ahead = (7..7 + i64::from(days)).map(|number| (day(number), Scheduled));
        let expected: Vec<_> = cancelled.chain(ahead).collect();
        let listed = tenant.listed_with_cancelled(&[&event], NOW, day(20)).await;
        assert_eq!(listed, expected, "{days} {by_event} {renamed}");
        let member = tenant.member(&format!("ada-{days}-{by_event}-{renamed}")).await;
        tenant.try_register(register(occurrence_key(&event, day(7)), member.id), now).await.expect("a seat");
    }
}

pub(super) async fn dates_that_took_place_between_cancelled_ones_do_not_move(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let second = occurrence_key(&event, day(1));
    tenant.ports.events.cancel_occurrence(&tenant.scope, second.into(), &by_root_at(NOW)).await.unwrap();
    let now = day(2) + Duration::HOUR;
    move_to(&tenant, &event, FIRST + Duration::days(7), now).await.unwrap();
    let expected = [
        (day(0), Scheduled),
        (day(1), Cancelled),
        (day(2), Scheduled),
        (day(8), Scheduled),
        (day(10), Scheduled),
        (day(11), Scheduled),
    ];
    assert_eq!(tenant.listed_with_cancelled(&[&event], NOW, day(20)).await, expected);
}

/// The other dates that passed meanwhile move ahead.
pub(super) async fn a_postponed_date_stays_used_through_a_cancellation(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let now = day(2) + Duration::HOUR;
    for postponed in [0, 1] {
        let event = tenant.event(EventBuilder::daily(FIRST, 4)).await;
        move_occurrence(&tenant, &event, postponed, 5 * 24 + 6).await;
        cancel(&tenant, &event, later(1)).await;
        restore(&tenant, &event, now).await.unwrap();
        move_to(&tenant, &event, FIRST + Duration::days(7), now + Duration::HOUR).await.unwrap();
        let mut expected = vec![day(5) + Duration::hours(6)];
        expected.extend((7..11).filter(|number| *number != 7 + postponed).map(day));
        assert_eq!(tenant.listed(&[&event], day(2), day(20)).await, expected, "{postponed}");
    }
}

/// Moves an occurrence to a number of hours after the first start.
async fn move_occurrence(tenant: &Tenant, event: &Event, number: i64, hours: i64) {
    let starts_at = Some(FIRST + Duration::hours(hours));
    let patch = OccurrencePatch { starts_at, ..OccurrencePatch::default() };
    let occurrence = occurrence_key(event, day(number));
    let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root_at(NOW)).await.unwrap();
}

/// Its date passes while the event is cancelled. The occurrence takes place before the cancellation, or after the restoration.
pub(super) async fn the_date_of_what_took_place_at_another_time_stays_used_through_a_cancellation(
    environment: Environment,
) {
    let tenant = environment.tenant("choir").await;
    let own = |days: i64| 24 * days + 6;
    for (moved, hours, renamed) in
        [(5, own(1), false), (5, own(1), true), (4, own(8), false), (4, own(8), true)]
    {
        let event = tenant.event(EventBuilder::daily(FIRST, 12)).await;
        move_occurrence(&tenant, &event, moved, hours).await;
        cancel(&tenant, &event, day(2) + Duration::HOUR).await;
        restore(&tenant, &event, day(6) + Duration::HOUR).await.unwrap();
        if renamed {
            let patch = EventPatch { title: Title::parse("Course").ok(), ..EventPatch::default() };
            let change = by_root_at(day(7) + Duration::HOUR);
            tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &change).await.unwrap();
        }
        let begun = tenant.listed(&[&event], day(0), day(9)).await;
        assert_eq!(begun.len(), 6, "{begun:?}");
        move_to(&tenant, &event, FIRST + Duration::days(20), day(8) + Duration::hours(8)).await.unwrap();
        // The other dates of the cancellation did not take place, and move ahead.
        let ahead = [3, 4, 5, 6, 9, 10, 11].into_iter().filter(|number| *number != moved);
        let expected: Vec<Instant> = begun.into_iter().chain(ahead.map(|number| day(20 + number))).collect();
        assert_eq!(tenant.listed(&[&event], day(0), day(50)).await, expected, "{moved} {renamed}");
    }
    let event = tenant.event(EventBuilder::once(FIRST + Duration::days(5))).await;
    move_occurrence(&tenant, &event, 5, own(1)).await;
    cancel(&tenant, &event, day(2)).await;
    restore(&tenant, &event, day(6)).await.unwrap();
    let moved = move_to(&tenant, &event, FIRST + Duration::days(20), day(7)).await;
    assert!(matches!(refusal(moved), Refusal::InvalidInput { field, .. } if field.is(Field::StartsAt)));
    assert_eq!(tenant.listed(&[&event], day(0), day(50)).await, [day(1) + Duration::hours(6)]);
}

pub(super) async fn a_one_off_event_is_restored(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    let ada = tenant.member("ada").await;
    let first = tenant.seat(&event, day(0), &ada).await;
    cancel(&tenant, &event, later(1)).await;
    assert_eq!(former(&restore(&tenant, &event, later(2)).await.unwrap()), [first.id]);
    let second = tenant.seat(&event, day(0), &ada).await;
    cancel(&tenant, &event, later(3)).await;
    assert_eq!(
        former(&restore(&tenant, &event, later(4)).await.unwrap()),
        [second.id],
        "of the last cancellation"
    );
    cancel(&tenant, &event, later(5)).await;
    let restored = restore(&tenant, &event, day(1)).await.unwrap();
    assert_eq!((restored.event.status, restored.former_registrations.len()), (Scheduled, 0));
    assert_eq!(tenant.listed_with_cancelled(&[&event], NOW, day(9)).await, [(day(0), Cancelled)]);
}

pub(super) async fn a_repeat_of_a_restoration_lists_the_same_registrations(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(1), &ada).await;
    cancel(&tenant, &event, later(1)).await;
    let keyed = || ChangeBuilder::by("root").key("restore", 1).at(later(2));
    let restore = async |change: ChangeBuilder| {
        tenant.ports.events.restore(&tenant.scope, event.id, &change.build()).await.unwrap()
    };
    let journal = tenant.journal().await;
    let dry = restore(keyed().dry_run()).await;
    journal.expect_nothing().await;
    let restored = restore(keyed()).await;
    assert_eq!((dry, former(&restored)), (restored.clone(), vec![seat.id]));
    assert_eq!(restore(keyed()).await, restored);
}

/// A client can tell who lost a seat, and nobody who waited takes the place of one in the list.
pub(super) async fn those_who_held_seats_are_listed_before_those_who_waited(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 2).seats(1)).await;
    let crowd = tenant.crowd(3).await;
    let first = tenant.seat(&event, day(0), &crowd[0]).await;
    let mut waiting = vec![tenant.seat_or_waitlist(&event, day(0), &crowd[1]).await.id];
    let second = tenant.seat(&event, day(1), &crowd[2]).await;
    waiting.push(tenant.seat_or_waitlist(&event, day(1), &crowd[0]).await.id);
    cancel(&tenant, &event, later(1)).await;
    let keyed = || ChangeBuilder::by("root").key("restore", 1).at(later(2)).build();
    for _ in ["first", "repeated"] {
        let restored = tenant.ports.events.restore(&tenant.scope, event.id, &keyed()).await.unwrap();
        assert_eq!(former(&restored), [first.id, second.id, waiting[0], waiting[1]]);
        let waited = restored.former_registrations.iter().map(|one| one.status.was_waitlisted());
        assert_eq!(waited.collect::<Vec<_>>(), [false, false, true, true]);
    }
}

/// The list is of those who may register again. A person who was added again is another member, without former seats.
pub(super) async fn members_who_are_gone_are_not_listed_by_a_restoration(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let mut seats = Vec::new();
    for user in ["ada", "bob", "cem", "dee"] {
        let member = tenant.member(user).await;
        seats.push(tenant.seat(&event, day(1), &member).await);
    }
    let [ada, bob, cem, dee] = [0, 1, 2, 3].map(|number: usize| seats[number].clone());
    cancel(&tenant, &event, later(1)).await;
    let remove = async |seat: &Registration, at| {
        tenant.ports.members.remove(&tenant.scope, seat.member, &by_root_at(at)).await.unwrap();
    };
    let erase = async |user, at| {
        let (user, change) = (UserId::parse(user).unwrap(), ChangeBuilder::by_system().at(at).build());
        tenant.ports.personal_data.erase(&tenant.scope, &user, &change).await.unwrap();
    };
    remove(&ada, later(2)).await;
    erase("ada", later(2)).await;
    remove(&bob, later(2)).await;
    tenant.member("bob").await;
    let keyed = |at| ChangeBuilder::by("root").key("restore", 1).at(at);
    let restore = async |change: ChangeBuilder| {
        tenant.ports.events.restore(&tenant.scope, event.id, &change.build()).await.unwrap()
    };
    let mut present = vec![cem.id, dee.id];
    present.sort();
    assert_eq!(former(&restore(keyed(later(3)).dry_run()).await), present);
    assert_eq!(former(&restore(keyed(later(3))).await), present);
    // Nor does a repeat of the restoration list who has gone since.
    remove(&cem, later(4)).await;
    erase("cem", later(4)).await;
    assert_eq!(former(&restore(keyed(later(5))).await), [dee.id]);
}

pub(super) async fn seats_of_a_restored_event_are_safe_under_concurrent_calls(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(2)).await;
    let crowd = tenant.crowd(8).await;
    let key = occurrence_key(&event, day(1));
    for round in 0..4 {
        cancel(&tenant, &event, NOW).await;
        let calls = crowd.iter().map(Some).chain([None]).map(|member| {
            let (tenant, event, member) = (tenant.clone(), event.clone(), member.map(|member| member.id));
            async move {
                match member {
                    Some(member) => tenant.try_register(register(key, member), NOW).await.is_ok(),
                    None => restore(&tenant, &event, NOW).await.is_ok(),
                }
            }
        });
        let calls: Vec<_> = calls.collect();
        let outcomes = concurrently(calls).await;
        assert_eq!(outcomes.last(), Some(&true), "round {round}");
        let seats = outcomes.iter().filter(|outcome| **outcome).count() - 1;
        let (taken, waiting) = tenant.counts(key).await;
        assert_eq!((usize::try_from(taken).unwrap(), waiting), (seats, 0), "round {round}");
    }
}
