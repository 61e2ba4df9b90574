//! The contract of dry runs: they are answered like the change that follows, and store nothing.

use std::fmt::Debug;

use convene_domain::{
    activity::Activity,
    duration::EventDuration,
    event::Event,
    id::EventId,
    occurrence::{OccurrenceKey, StoredOccurrence},
    recurrence::Rule,
    registration::RegistrationStatus,
    text::Title,
    time::zone::Zone,
};
use time::Duration;

use super::{
    environment::Environment,
    randomized::snapshot::Snapshot,
    support::{FIRST, NOW, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    change::Change,
    failure::{Outcome, Refusal},
    ports::{
        Changed, EditScope, EventDeleted, EventEdit, EventPatch, NewRecurrence, OccurrenceEdit,
        OccurrenceField, OccurrencePatch, OccurrenceRestoration, OnAffected, RegistrationFilter,
    },
    testing::builders::{ChangeBuilder, EventBuilder, fresh_uuid, occurrence_key, register},
};

/// Everything that is stored, as far as ports show it.
async fn stored(tenant: &Tenant) -> (Snapshot, Vec<Activity>, Vec<StoredOccurrence>) {
    let snapshot = Snapshot::of(tenant, None).await;
    let events: Vec<EventId> = snapshot.events.keys().copied().collect();
    let mut occurrences = Vec::new();
    for occurrence in tenant.listing(&events, NOW, day(30)).await {
        occurrences.extend(tenant.stored(occurrence.key).await);
    }
    (snapshot, tenant.log().await, occurrences)
}

/// Runs a change dry and then for real, with the same key. Returns its answer.
async fn dry_then_real<T, F>(tenant: &Tenant, change: impl Fn(Change) -> F) -> Outcome<T>
where
    T: Debug,
    F: Future<Output = Outcome<T>>,
{
    let key = fresh_uuid().to_string();
    let keyed = || ChangeBuilder::by("root").key(&key, 1);
    let before = stored(tenant).await;
    let dry = change(keyed().dry_run().build()).await;
    assert_eq!(stored(tenant).await, before, "a dry run stores nothing: {dry:?}");
    let real = change(keyed().build()).await;
    assert_eq!(format!("{dry:?}"), format!("{real:?}"), "the answer");
    if real.is_ok() {
        assert_ne!(stored(tenant).await, before, "the change itself is made");
    }
    real
}

async fn edit(tenant: &Tenant, edit: EventEdit) -> Outcome<Changed<Event>> {
    dry_then_real(tenant, async |change| {
        tenant.ports.events.update(&tenant.scope, edit.clone(), &change).await
    })
    .await
}

async fn delete(tenant: &Tenant, event: EventId) -> Outcome<EventDeleted> {
    dry_then_real(tenant, async |change| tenant.ports.events.delete(&tenant.scope, event, &change).await)
        .await
}

/// A daily event with one seat, which Ada has on the first four days, while Bob waits; Bob has the seats of another event an
/// hour later, for which Cem waits.
async fn tenant(environment: &Environment) -> (Tenant, [Event; 2]) {
    let tenant = environment.tenant("choir").await;
    let first = tenant.event(EventBuilder::daily(FIRST, 9).seats(1)).await;
    let second = tenant.event(EventBuilder::daily(FIRST + Duration::HOUR, 9).seats(1)).await;
    let (ada, bob, cem) =
        (tenant.member("ada").await, tenant.member("bob").await, tenant.member("cem").await);
    for number in 0..4 {
        tenant.seat(&first, day(number), &ada).await;
        tenant.seat_or_waitlist(&first, day(number), &bob).await;
        tenant.seat(&second, day(number) + Duration::HOUR, &bob).await;
        tenant.seat_or_waitlist(&second, day(number) + Duration::HOUR, &cem).await;
    }
    (tenant, [first, second])
}

pub(super) async fn a_dry_run_of_an_edit_is_answered_like_the_edit(environment: Environment) {
    let (tenant, [event, _]) = tenant(&environment).await;
    let (events, scope) = (&tenant.ports.events, &tenant.scope);
    let later = EventPatch { starts_at: Some(FIRST + Duration::minutes(30)), ..EventPatch::default() };
    let shifted = edit(&tenant, edit_of(event.id, later)).await.unwrap();
    assert_eq!((shifted.now.version, shifted.moved_registrations), (2, 8));

    let key = occurrence_key(&event, day(1) + Duration::minutes(30));
    let patch = OccurrencePatch { title: Title::parse("Solo").ok(), ..OccurrencePatch::default() };
    let renaming = OccurrenceEdit { occurrence: key, patch, on_affected: OnAffected::Refuse };
    let renamed = dry_then_real(&tenant, async |change| {
        events.update_occurrence(scope, renaming.clone(), &change).await
    });
    assert_eq!(renamed.await.unwrap().now.title.as_str(), "Solo");

    let rule = Rule::parse("FREQ=DAILY;INTERVAL=3").unwrap();
    let recurrence = Some(Some(NewRecurrence { rule, exdates: vec![], rdates: vec![] }));
    let fewer = edit_of(event.id, EventPatch { recurrence, ..EventPatch::default() });
    assert!(matches!(
        refusal(edit(&tenant, fewer.clone()).await),
        Refusal::RegistrationsAffected { count: 4, .. }
    ));
    let fewer = EventEdit { on_affected: OnAffected::CancelRegistrations, ..fewer };
    let changed = edit(&tenant, fewer).await.unwrap();
    assert_eq!((changed.cancelled_registrations, changed.dropped_exceptions.len()), (4, 1));
    assert_eq!(changed.moved_registrations, 0, "the others stay at their times");

    let new_event = EventId::from_uuid(fresh_uuid());
    let from = occurrence_key(&event, day(3) + Duration::minutes(30));
    let split = EventEdit {
        scope: EditScope::ThisAndFollowing { from, new_event },
        ..edit_of(event.id, EventPatch { title: Title::parse("Second half").ok(), ..EventPatch::default() })
    };
    assert_eq!(edit(&tenant, split).await.unwrap().now.id, new_event);
}

/// The numbers of moved, cancelled and promoted registrations.
fn counts<T>(changed: &Changed<T>) -> [u32; 3] {
    [changed.moved_registrations, changed.cancelled_registrations, changed.promoted_registrations]
}

pub(super) async fn a_dry_run_counts_the_registrations_that_move(environment: Environment) {
    let (tenant, [event, _]) = tenant(&environment).await;
    let (events, scope) = (&tenant.ports.events, &tenant.scope);
    let patch = EventPatch::default();
    let shorter = EventDuration::new(Duration::minutes(30)).ok();
    let new_york = Zone::parse("America/New_York").ok();
    for (name, patch, moved) in [
        ("a start", EventPatch { starts_at: Some(FIRST - Duration::HOUR), ..patch.clone() }, 8),
        ("an end", EventPatch { duration: shorter, ..patch.clone() }, 8),
        ("a zone", EventPatch { time_zone: new_york, ..patch.clone() }, 8),
        ("a title", EventPatch { title: Title::parse("Choir").ok(), ..patch.clone() }, 0),
    ] {
        let changed = edit(&tenant, edit_of(event.id, patch)).await.unwrap();
        assert_eq!(counts(&changed), [moved, 0, 0], "{name}");
    }

    // From 8:00 in New York, which is 12:00 in UTC.
    let key = occurrence_key(&event, day(1) + Duration::hours(3));
    let patch =
        OccurrencePatch { starts_at: Some(FIRST + Duration::hours(25)), ..OccurrencePatch::default() };
    let later = OccurrenceEdit { occurrence: key, patch, on_affected: OnAffected::Refuse };
    let changed =
        dry_then_real(&tenant, async |change| events.update_occurrence(scope, later.clone(), &change).await);
    assert_eq!(counts(&changed.await.unwrap()), [2, 0, 0], "one occurrence");
    // Ada gets a seat at the time of the series, so hers cannot move back, and Bob gets it.
    let beside = tenant.event(EventBuilder::once(FIRST + Duration::hours(27))).await;
    let ada = tenant.registrations(RegistrationFilter { occurrence: Some(key), ..Default::default() }).await;
    let ada = ada.iter().find(|one| one.status == RegistrationStatus::Confirmed).expect("her seat").member;
    tenant
        .try_register(register(occurrence_key(&beside, day(1) + Duration::hours(3)), ada), NOW)
        .await
        .unwrap();
    let back = OccurrenceRestoration {
        occurrence: key,
        fields: vec![OccurrenceField::StartsAt],
        expected_version: None,
        on_affected: OnAffected::CancelRegistrations,
    };
    let changed =
        dry_then_real(&tenant, async |change| events.restore_occurrence(scope, back.clone(), &change).await);
    assert_eq!(counts(&changed.await.unwrap()), [1, 1, 1], "back to the series");

    let new_event = EventId::from_uuid(fresh_uuid());
    let from = occurrence_key(&event, day(2) + Duration::hours(3));
    let split = EventEdit {
        scope: EditScope::ThisAndFollowing { from, new_event },
        ..edit_of(
            event.id,
            EventPatch { starts_at: Some(FIRST + Duration::hours(49)), ..EventPatch::default() },
        )
    };
    let keyed = || ChangeBuilder::by("root").key("split", 1).build();
    let changed = edit(&tenant, split).await.unwrap();
    assert_eq!(counts(&changed), [4, 0, 0], "this and the following ones");
    let earlier = edit_of(
        new_event,
        EventPatch { starts_at: Some(FIRST + Duration::hours(47)), ..EventPatch::default() },
    );
    let first = events.update(scope, earlier.clone(), &keyed()).await.unwrap();
    let repeat = events.update(scope, earlier, &keyed()).await.unwrap();
    assert_eq!([counts(&first), counts(&repeat)], [[4, 0, 0]; 2], "a repeat tells the same");
}

pub(super) async fn a_dry_run_of_a_cancellation_is_answered_like_it(environment: Environment) {
    let (tenant, [first, second]) = tenant(&environment).await;
    let (events, scope) = (&tenant.ports.events, &tenant.scope);
    let key: OccurrenceKey = occurrence_key(&first, day(0));
    let cancelled =
        dry_then_real(&tenant, async |change| events.cancel_occurrence(scope, key.into(), &change).await)
            .await;
    assert_eq!(cancelled.unwrap().cancelled_registrations, 2);
    let again =
        dry_then_real(&tenant, async |change| events.cancel_occurrence(scope, key.into(), &change).await)
            .await;
    assert_eq!(refusal(again), Refusal::AlreadyCancelled);

    assert!(matches!(
        refusal(delete(&tenant, second.id).await),
        Refusal::RegistrationsAffected { count: 8, .. }
    ));
    let cancelled =
        dry_then_real(&tenant, async |change| events.cancel(scope, second.id, &change).await).await;
    assert_eq!(cancelled.unwrap().cancelled_registrations, 8);
    assert_eq!(delete(&tenant, second.id).await.unwrap().id, second.id);
}

pub(super) async fn a_dry_run_of_a_removal_is_answered_like_it(environment: Environment) {
    let (tenant, _) = tenant(&environment).await;
    let (members, scope) = (&tenant.ports.members, &tenant.scope);
    let ada = tenant
        .ports
        .members
        .list(scope, Default::default(), crate::testing::builders::first(9))
        .await
        .unwrap();
    let ada = ada.items.iter().find(|member| member.user_id.as_str() == "ada").expect("she is there").id;
    let removed = dry_then_real(&tenant, async |change| members.remove(scope, ada, &change).await).await;
    let removed = removed.unwrap();
    assert_eq!((removed.cancelled_registrations, removed.promoted_registrations), (4, 4));
    let last =
        dry_then_real(&tenant, async |change| members.remove(scope, tenant.admin.id, &change).await).await;
    assert_eq!(refusal(last), Refusal::LastAdmin);
}

pub(super) async fn a_dry_run_with_a_used_key_is_answered_like_the_repeat(environment: Environment) {
    let (tenant, [event, _]) = tenant(&environment).await;
    let cancel = async |change: ChangeBuilder| {
        tenant.ports.events.cancel(&tenant.scope, event.id, &change.build()).await
    };
    let keyed = |input| ChangeBuilder::by("root").key("cancel", input);
    let cancelled = cancel(keyed(1)).await.unwrap();
    let before = stored(&tenant).await;
    assert_eq!(cancel(keyed(1).dry_run()).await.unwrap(), cancelled);
    assert_eq!(refusal(cancel(keyed(2).dry_run()).await), Refusal::IdempotencyKeyReused);
    assert_eq!(refusal(cancel(ChangeBuilder::by("root").dry_run()).await), Refusal::AlreadyCancelled);
    assert_eq!(stored(&tenant).await, before);
}
