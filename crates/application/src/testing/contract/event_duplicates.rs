//! The contract of copies of events.

use convene_domain::{
    event::{Event, EventStatus},
    id::EventId,
    text::Title,
    time::LocalDateTime,
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, day, refusal},
    tenant::Tenant,
};
use crate::{
    failure::{Field, Outcome, Refusal},
    ports::{Duplication, NewStart, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{ChangeBuilder, EventBuilder, fresh_uuid, occurrence_key},
};

async fn duplicate(
    tenant: &Tenant,
    event: EventId,
    starts_at: Option<LocalDateTime>,
    change: ChangeBuilder,
) -> Outcome<Event> {
    let copy = EventId::from_uuid(fresh_uuid());
    let title = Title::parse("Copy").ok();
    let duplication = Duplication { event, copy, title, start: starts_at.map(NewStart::At) };
    tenant.ports.events.duplicate(&tenant.scope, duplication, &change.build()).await
}

pub(super) async fn a_copy_has_neither_registrations_nor_exceptions(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5).seats(2)).await;
    let ada = tenant.member("ada").await;
    tenant.seat(&event, day(0), &ada).await;
    let patch = OccurrencePatch { title: Title::parse("Solo").ok(), ..OccurrencePatch::default() };
    let occurrence = occurrence_key(&event, day(1));
    let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
    tenant.ports.events.cancel(&tenant.scope, event.id, &by_root()).await.unwrap();

    let journal = tenant.journal().await;
    let start = FIRST + Duration::days(30);
    let copy = duplicate(&tenant, event.id, Some(start), ChangeBuilder::by("root")).await.unwrap();
    assert_eq!((copy.title.as_str(), copy.status, copy.version), ("Copy", EventStatus::Scheduled, 1));
    assert_eq!((copy.series.start(), copy.capacity, copy.policy), (start, event.capacity, event.policy));
    assert_eq!((copy.created_at, copy.updated_at), (NOW, NOW));
    journal.expect([("event.created", copy.id.to_string())]).await;
    assert_eq!(tenant.event_now(&copy).await, copy);
    let listed = tenant.listing(&[copy.id], day(0), day(60)).await;
    let starts: Vec<_> = listed.iter().map(|one| one.interval.start()).collect();
    assert_eq!(starts, (30..35).map(day).collect::<Vec<_>>());
    assert!(listed.iter().all(|one| one.taken == 0 && !one.is_exception));
    tenant.seat(&copy, day(30), &ada).await;
}

pub(super) async fn a_one_off_event_is_copied_with_its_occurrence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    let copy = duplicate(&tenant, event.id, None, ChangeBuilder::by("root")).await.unwrap();
    assert_eq!(tenant.listed(&[&event, &copy], day(0), day(1)).await, [day(0), day(0)]);
    let ada = tenant.member("ada").await;
    tenant.seat(&copy, day(0), &ada).await;
    assert_eq!(tenant.counts(occurrence_key(&event, day(0))).await, (0, 0));
}

pub(super) async fn a_repeat_returns_the_copy_even_if_the_original_is_deleted(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let keyed = || ChangeBuilder::by("root").key("copy", 1);
    let copy = duplicate(&tenant, event.id, None, keyed()).await.unwrap();
    let copy_of_copy = duplicate(&tenant, copy.id, None, ChangeBuilder::by("root")).await.unwrap();
    assert_ne!(copy_of_copy.id, copy.id);
    tenant.ports.events.delete(&tenant.scope, event.id, &by_root()).await.unwrap();
    assert_eq!(duplicate(&tenant, event.id, None, keyed()).await.unwrap(), copy);
    let gone = duplicate(&tenant, event.id, None, ChangeBuilder::by("root")).await;
    assert_eq!(refusal(gone), Refusal::not_found(Field::EventId));
}
