//! Changes of an object that processes with different clocks record: none of them before the last one.
//!
//! Each case asks for a first change by a clock that is ahead, and for the next ones by another clock.

use convene_domain::{activity::Activity, occurrence::OccurrenceKey, time::Instant};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root_at, day, edit_of},
    tenant::Tenant,
};
use crate::{
    ports::{EventPatch, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{EventBuilder, occurrence_key, register},
};

/// The time of the clock that is ahead.
const AHEAD: Instant = NOW.saturating_add(Duration::seconds(2));

/// The actions of the entries about an object, oldest first.
async fn actions(tenant: &Tenant, id: impl ToString) -> Vec<&'static str> {
    entries(tenant, id).await.iter().map(|entry| entry.action.as_str()).collect()
}

/// The entries about an object, oldest first.
async fn entries(tenant: &Tenant, id: impl ToString) -> Vec<Activity> {
    let (id, mut log) = (id.to_string(), tenant.log().await);
    log.retain(|entry| entry.subject.to_string() == id);
    log
}

fn moved_by(hours: i64) -> EventPatch {
    EventPatch { starts_at: Some(FIRST + Duration::hours(hours)), ..EventPatch::default() }
}

pub(super) async fn a_registration_that_follows_an_edit_keeps_its_order(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    let ada = tenant.member("ada").await;
    let held = tenant.try_register(register(occurrence_key(&event, day(0)), ada.id), AHEAD).await.unwrap();
    let edit = edit_of(event.id, moved_by(1));
    let edited = tenant.ports.events.update(&tenant.scope, edit, &by_root_at(NOW)).await.unwrap().now;
    let followed = tenant.registration_now(&held).await;
    assert_ne!(followed.interval, held.interval);
    assert!(followed.updated_at > held.updated_at, "{} after {}", followed.updated_at, held.updated_at);
    let cancelled = tenant.try_cancel(&held, NOW + Duration::SECOND).await.unwrap().registration;
    assert!(cancelled.updated_at >= followed.updated_at);
    assert_eq!(actions(&tenant, held.id).await, ["registration.created", "registration.cancelled"]);

    // The event is not recorded with the time of its registrations, which its next change would precede.
    let edit = edit_of(event.id, moved_by(2));
    let again = tenant.ports.events.update(&tenant.scope, edit, &by_root_at(NOW + Duration::SECOND)).await;
    let again = again.unwrap().now;
    assert!(again.updated_at > edited.updated_at);
    let times: Vec<Instant> = entries(&tenant, event.id).await.iter().map(|entry| entry.at).collect();
    assert_eq!(times[1..], [edited.updated_at, again.updated_at]);
}

pub(super) async fn an_event_is_restored_after_its_cancellation(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    let ada = tenant.member("ada").await;
    let held = tenant.try_register(register(occurrence_key(&event, day(0)), ada.id), AHEAD).await.unwrap();
    let events = &tenant.ports.events;
    events.cancel(&tenant.scope, event.id, &by_root_at(NOW)).await.unwrap();
    events.restore(&tenant.scope, event.id, &by_root_at(NOW + Duration::SECOND)).await.unwrap();
    assert_eq!(actions(&tenant, held.id).await, ["registration.created", "registration.cancelled"]);
    assert_eq!(actions(&tenant, event.id).await, ["event.created", "event.cancelled", "event.restored"]);
}

pub(super) async fn a_changed_occurrence_keeps_its_order(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    let occurrence = occurrence_key(&event, day(1));
    let change = async |hours, at| {
        let starts_at = Some(FIRST + Duration::days(1) + Duration::hours(hours));
        let patch = OccurrencePatch { starts_at, ..OccurrencePatch::default() };
        let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
        tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root_at(at)).await.unwrap();
    };
    change(1, AHEAD).await;
    change(2, NOW + Duration::SECOND).await;
    let logged = entries(&tenant, occurrence).await;
    assert_eq!(logged[0].changes[0].after, logged[1].changes[0].before, "the second one follows the first");
    assert_last_change(&tenant, occurrence, AHEAD + Duration::MILLISECOND).await;

    let edit = edit_of(event.id, moved_by(3));
    tenant.ports.events.update(&tenant.scope, edit, &by_root_at(NOW + Duration::SECOND)).await.unwrap();
    assert_last_change(&tenant, occurrence, AHEAD + Duration::MILLISECOND).await;
}

async fn assert_last_change(tenant: &Tenant, occurrence: OccurrenceKey, expected: Instant) {
    let stored = tenant.stored(occurrence).await.expect("an exception is stored");
    assert_eq!(stored.updated_at, Some(expected));
}

pub(super) async fn a_member_is_erased_after_the_removal(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    tenant.ports.members.remove(&tenant.scope, ada.id, &by_root_at(AHEAD)).await.unwrap();
    let personal_data = &tenant.ports.personal_data;
    personal_data.erase(&tenant.scope, &ada.user_id, &by_root_at(NOW)).await.unwrap();
    assert_eq!(actions(&tenant, ada.id).await, ["member.added", "member.removed", "member.erased"]);
    let now = tenant.ports.members.get_many_with_removed(&tenant.scope, &[ada.id]).await.unwrap();
    assert!(now[0].updated_at > AHEAD);
}
