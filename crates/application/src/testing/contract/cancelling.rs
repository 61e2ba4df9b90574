//! The contract of [`RegistrationBook::cancel`](crate::ports::RegistrationBook::cancel).

use convene_domain::{
    id::RegistrationId,
    member::Role,
    registration::{CancellationReason, Registration, RegistrationStatus},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, day, refusal},
};
use crate::{
    failure::{Field, Refusal},
    limits::CANCELLED_REGISTRATIONS,
    ports::{CancelRequest, Cancelled, RegistrationFilter},
    testing::builders::{ChangeBuilder, EventBuilder, fresh_uuid, occurrence_key, register},
};

pub(super) async fn cancels_a_registration_and_frees_the_seat_and_the_time(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 2).seats(1)).await;
    let other = tenant.event(EventBuilder::once(FIRST)).await;
    let crowd = tenant.crowd(2).await;
    let seat = tenant.seat(&event, day(0), &crowd[0]).await;
    let journal = tenant.journal().await;
    let later = NOW + Duration::MINUTE;
    let cancelled = tenant.try_cancel(&seat, later).await.unwrap();
    let reason = CancellationReason::ByMember;
    let status = RegistrationStatus::Cancelled { at: later, reason, was_waitlisted: false };
    let expected = Registration { status, updated_at: later, ..seat.clone() };
    assert_eq!(cancelled, Cancelled { registration: expected.clone(), promoted: None });
    assert_eq!(tenant.registration_now(&seat).await, expected);
    assert_eq!(tenant.counts(seat.occurrence).await, (0, 0));
    journal.expect([("registration.cancelled", seat.id.to_string())]).await;
    tenant.seat(&event, day(0), &crowd[1]).await;
    tenant.seat(&other, day(0), &crowd[0]).await;
}

pub(super) async fn cancels_a_registration_once(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    let ada = tenant.member("ada").await;
    let seat = tenant.seat(&event, day(0), &ada).await;
    tenant.cancel(&seat).await;
    let journal = tenant.journal().await;
    assert_eq!(refusal(tenant.try_cancel(&seat, NOW).await), Refusal::AlreadyCancelled);
    journal.expect_nothing().await;
    assert_eq!(tenant.counts(seat.occurrence).await, (0, 0), "the seat is not freed twice");
}

pub(super) async fn refuses_cancellations_of_other_members_registrations(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    let crowd = tenant.crowd(2).await;
    let seat = tenant.seat(&event, day(0), &crowd[0]).await;
    let journal = tenant.journal().await;
    let other = crowd[1].id;
    for registration in [seat.id, RegistrationId::from_uuid(fresh_uuid())] {
        let request = CancelRequest { registration, caller: other, role: Role::Member };
        let refused = tenant.ports.registration_book.cancel(&tenant.scope, request, &by_root()).await;
        assert_eq!(refusal(refused), Refusal::not_found(Field::RegistrationId));
    }
    journal.expect_nothing().await;
    assert_eq!(tenant.registration_now(&seat).await, seat);
}

pub(super) async fn stores_the_reason_of_a_cancellation_by_an_admin(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    let ada = tenant.member("ada").await;
    let root = tenant.admin.clone();
    for (member, reason) in [(&ada, CancellationReason::ByAdmin), (&root, CancellationReason::ByMember)] {
        let seat = tenant.seat(&event, day(0), member).await;
        let request = CancelRequest { registration: seat.id, caller: root.id, role: Role::Admin };
        let cancelled =
            tenant.ports.registration_book.cancel(&tenant.scope, request, &by_root()).await.unwrap();
        let status = RegistrationStatus::Cancelled { at: NOW, reason, was_waitlisted: false };
        assert_eq!(cancelled.registration.status, status);
    }
}

pub(super) async fn keeps_the_latest_cancelled_registrations_of_a_member(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 2)).await;
    let crowd = tenant.crowd(2).await;
    let other = tenant.seat(&event, day(0), &crowd[1]).await;
    tenant.cancel(&other).await;
    let request = register(occurrence_key(&event, day(0)), crowd[0].id);
    let keyed = ChangeBuilder::by("user-0").key("first", 1).build();
    let book = &tenant.ports.registration_book;
    let mut seats = vec![book.register(&tenant.scope, request, &keyed).await.unwrap()];
    tenant.cancel(&seats[0]).await;
    for number in 0..CANCELLED_REGISTRATIONS {
        let seat = tenant.seat(&event, day(0), &crowd[0]).await;
        let later = NOW + Duration::minutes(i64::try_from(number).unwrap() + 1);
        tenant.try_cancel(&seat, later).await.unwrap();
        seats.push(seat);
    }
    let of_member = RegistrationFilter { member: Some(crowd[0].id), ..RegistrationFilter::default() };
    let mut kept: Vec<_> = tenant.registrations(of_member).await.iter().map(|seat| seat.id).collect();
    kept.sort_unstable();
    let mut latest: Vec<_> = seats[1..].iter().map(|seat| seat.id).collect();
    latest.sort_unstable();
    assert_eq!(kept, latest);
    assert_eq!(tenant.registration_now(&other).await.id, other.id);
    let repeated = book.register(&tenant.scope, request, &keyed).await;
    assert_eq!(refusal(repeated), Refusal::not_found(Field::OccurrenceId), "the key stays used");
}

pub(super) async fn frees_only_the_cancelled_seat(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST).seats(3)).await;
    let crowd = tenant.crowd(4).await;
    let mut seats = Vec::new();
    for member in &crowd[..3] {
        seats.push(tenant.seat(&event, day(0), member).await);
    }
    tenant.cancel(&seats[1]).await;
    assert_eq!(tenant.counts(seats[0].occurrence).await, (2, 0));
    assert_eq!(tenant.registration_now(&seats[0]).await, seats[0]);
    assert_eq!(tenant.registration_now(&seats[2]).await, seats[2]);
    tenant.seat(&event, day(0), &crowd[3]).await;
    let refused = tenant.try_register(register(occurrence_key(&event, day(0)), crowd[1].id), NOW).await;
    assert_eq!(refusal(refused), Refusal::OccurrenceFull);
}
