//! Idempotency keys: scope, expiry and reuse.

use convene_domain::{
    id::RegistrationId, issue::Issue, member::Role, organization::OrganizationStatus,
    registration::Registration,
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, concurrently, day, refusal},
    tenant::Tenant,
};
use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Field, Outcome, Refusal},
    idempotency::IDEMPOTENCY_WINDOW,
    ports::{CancelRequest, RegisterRequest, RegistrationFilter},
    testing::builders::{
        ChangeBuilder, EventBuilder, IssueBuilder, MemberBuilder, OrganizationBuilder, fresh_uuid,
        occurrence_key, register,
    },
};

fn keyed(user: &str, input: u8) -> Change {
    ChangeBuilder::by(user).key("the key", input).build()
}

async fn report(tenant: &Tenant, change: &Change) -> Outcome<Issue> {
    let issue = IssueBuilder::new("Broken projector", tenant.admin.id).build();
    tenant.ports.issues.create(&tenant.scope, issue, change).await
}

pub(super) async fn keys_are_separate_for_each_actor(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    let crowd = tenant.crowd(3).await;
    let one = report(&tenant, &keyed("root", 1)).await.unwrap();
    let two = report(&tenant, &keyed("ada", 2)).await.unwrap();
    let three = report(&tenant, &ChangeBuilder::by_system().key("the key", 3).build()).await.unwrap();
    assert_eq!([one.number, two.number, three.number], [1, 2, 3]);
    let mut seats = Vec::new();
    for (user, member) in ["bea", "cem", "dan"].into_iter().zip(&crowd) {
        let request = register(occurrence_key(&event, day(0)), member.id);
        let change = keyed(user, 4);
        seats.push(tenant.ports.registration_book.register(&tenant.scope, request, &change).await.unwrap());
    }
    let all = tenant.registrations(RegistrationFilter::default()).await;
    assert_eq!(all.len(), seats.len());
}

pub(super) async fn keys_are_separate_for_each_organization(environment: Environment) {
    let choir = environment.tenant("choir").await;
    let band = environment.tenant("band").await;
    let ours = report(&choir, &keyed("root", 1)).await.unwrap();
    let theirs = report(&band, &keyed("root", 2)).await.unwrap();
    assert_ne!(ours.id, theirs.id);
    let mut seats = Vec::new();
    for (tenant, input) in [(&choir, 3), (&band, 4)] {
        let event = tenant.event(EventBuilder::once(FIRST)).await;
        let request = register(occurrence_key(&event, day(0)), tenant.admin.id);
        let change = ChangeBuilder::by("root").key("seat", input).build();
        seats.push(tenant.ports.registration_book.register(&tenant.scope, request, &change).await.unwrap());
    }
    assert_ne!(seats[0].id, seats[1].id);
}

pub(super) async fn a_key_is_valid_for_one_mutation_only(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    let request = || register(occurrence_key(&event, day(0)), tenant.admin.id);
    let book = &tenant.ports.registration_book;
    report(&tenant, &keyed("root", 1)).await.unwrap();
    let refused = book.register(&tenant.scope, request(), &keyed("root", 2)).await;
    assert_eq!(refusal(refused), Refusal::IdempotencyKeyReused, "used for an issue, tried for a seat");
    let change = |input| ChangeBuilder::by("root").key("another key", input).build();
    book.register(&tenant.scope, request(), &change(3)).await.unwrap();
    let refused = report(&tenant, &change(4)).await;
    assert_eq!(refusal(refused), Refusal::IdempotencyKeyReused, "used for a seat, tried for an issue");

    // A reused key is refused before a missing object.
    let nothing = RegisterRequest { occurrence: occurrence_key(&event, day(9)), ..request() };
    let refused = book.register(&tenant.scope, nothing, &change(5)).await;
    assert_eq!(
        refusal(refused),
        Refusal::IdempotencyKeyReused,
        "tried for an occurrence that does not exist"
    );
    let nothing = CancelRequest {
        registration: RegistrationId::from_uuid(fresh_uuid()),
        caller: tenant.admin.id,
        role: Role::Admin,
    };
    let refused = book.cancel(&tenant.scope, nothing, &change(6)).await;
    assert_eq!(
        refusal(refused),
        Refusal::IdempotencyKeyReused,
        "tried for a registration that does not exist"
    );
}

pub(super) async fn keys_expire_after_a_day(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 2)).await;
    let at = |key: &str, input, at| ChangeBuilder::by("root").key(key, input).at(at).build();
    let almost = NOW + IDEMPOTENCY_WINDOW - Duration::MILLISECOND;
    let over = NOW + IDEMPOTENCY_WINDOW;
    let issue = report(&tenant, &at("issue", 1, NOW)).await.unwrap();
    assert_eq!(report(&tenant, &at("issue", 1, almost)).await.unwrap(), issue);
    assert_eq!(refusal(report(&tenant, &at("issue", 2, almost)).await), Refusal::IdempotencyKeyReused);
    let another = report(&tenant, &at("issue", 2, over)).await.unwrap();
    assert_eq!(another.number, 2, "an expired key is fresh");
    assert_eq!(report(&tenant, &at("issue", 2, over)).await.unwrap(), another, "and used again");

    let set_status = |status, change: Change| {
        let tenant = tenant.clone();
        async move { tenant.ports.organizations.set_status(&tenant.scope, status, &change).await }
    };
    let suspended_at = |at| ChangeBuilder::by("operator").key("status", 5).at(at).build();
    let resumed = || ChangeBuilder::by("operator").build();
    set_status(OrganizationStatus::Suspended, suspended_at(NOW)).await.unwrap();
    set_status(OrganizationStatus::Active, resumed()).await.unwrap();
    let suspended = set_status(OrganizationStatus::Suspended, suspended_at(over)).await.unwrap();
    assert_eq!(suspended.status, OrganizationStatus::Suspended, "an expired key of the operator is fresh");
    set_status(OrganizationStatus::Active, resumed()).await.unwrap();

    let seat = |number, change: Change| {
        let request = register(occurrence_key(&event, day(number)), tenant.admin.id);
        let tenant = tenant.clone();
        async move { tenant.ports.registration_book.register(&tenant.scope, request, &change).await }
    };
    let first = seat(0, at("seat", 3, NOW)).await.unwrap();
    assert_eq!(seat(0, at("seat", 3, almost)).await.unwrap(), first);
    let reused = seat(1, at("seat", 4, almost)).await;
    assert_eq!(refusal(reused), Refusal::IdempotencyKeyReused);
    let second = seat(1, at("seat", 4, over)).await.unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(seat(1, at("seat", 4, over)).await.unwrap(), second);

    let cancel = |change: Change| {
        let tenant = tenant.clone();
        async move {
            let request =
                CancelRequest { registration: second.id, caller: tenant.admin.id, role: Role::Admin };
            tenant.ports.registration_book.cancel(&tenant.scope, request, &change).await
        }
    };
    let cancelled = cancel(at("cancellation", 5, NOW)).await.unwrap();
    assert_eq!(cancel(at("cancellation", 5, almost)).await.unwrap(), cancelled);
    assert_eq!(refusal(cancel(at("cancellation", 6, almost)).await), Refusal::IdempotencyKeyReused);
    assert_eq!(refusal(cancel(at("cancellation", 6, over)).await), Refusal::AlreadyCancelled);

    let create = |slug: &str, change: Change| {
        let organization = OrganizationBuilder::new(slug).build();
        let scope = TenantScope::for_tests(organization.id);
        let (ports, admin) = (environment.ports.clone(), MemberBuilder::new("root").admin().build());
        async move { ports.organizations.create(&scope, organization, admin, &change).await }
    };
    let band = create("band", at("organization", 7, NOW)).await.unwrap();
    assert_eq!(create("band", at("organization", 7, almost)).await.unwrap(), band);
    let reused = create("orchestra", at("organization", 8, almost)).await;
    assert_eq!(refusal(reused), Refusal::IdempotencyKeyReused);
    let orchestra = create("orchestra", at("organization", 8, over)).await;
    orchestra.expect("the key is free again");
}

pub(super) async fn a_refusal_does_not_use_the_key(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    let taken = tenant.seat(&event, day(0), &crowd[0]).await;
    let request = || register(occurrence_key(&event, day(0)), crowd[1].id);
    let book = &tenant.ports.registration_book;
    for _ in 0..2 {
        let refused = book.register(&tenant.scope, request(), &keyed("root", 1)).await;
        assert_eq!(refusal(refused), Refusal::OccurrenceFull);
    }
    tenant.cancel(&taken).await;
    book.register(&tenant.scope, request(), &keyed("root", 2)).await.expect("with another input, too");

    let add = |user: &str, change: Change| {
        let (tenant, member) = (tenant.clone(), MemberBuilder::new(user).build());
        async move { tenant.ports.members.add(&tenant.scope, member, &change).await }
    };
    let change = |input| ChangeBuilder::by("root").key("member", input).build();
    let refused = add("user-0", change(3)).await;
    assert_eq!(refusal(refused), Refusal::AlreadyExists { field: Field::UserId.into() });
    add("user-2", change(4)).await.expect("with another input, too");
}

pub(super) async fn a_repeat_succeeds_even_if_it_would_be_refused_now(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let ada = tenant.member("ada").await;
    let register = |at| {
        let request = register(occurrence_key(&event, day(0)), ada.id);
        let tenant = tenant.clone();
        let change = ChangeBuilder::by("ada").key("seat", 1).at(at).build();
        async move { tenant.ports.registration_book.register(&tenant.scope, request, &change).await }
    };
    let before = day(0) - Duration::MINUTE;
    let registration = register(before).await.unwrap();
    let journal = tenant.journal().await;
    for at in [before, day(0), day(0) + Duration::HOUR] {
        assert_eq!(register(at).await.unwrap(), registration, "full, registered already, and begun");
    }
    journal.expect_nothing().await;
    assert_eq!(tenant.counts(registration.occurrence).await, (1, 0));
}

pub(super) async fn concurrent_repeats_change_one_thing(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST).seats(5)).await;
    let ada = tenant.member("ada").await;
    let journal = tenant.journal().await;
    let calls = (0..8).map(|_| {
        let (tenant, request) = (tenant.clone(), register(occurrence_key(&event, day(0)), ada.id));
        async move { tenant.ports.registration_book.register(&tenant.scope, request, &keyed("ada", 1)).await }
    });
    let seats: Vec<Registration> =
        concurrently(calls).await.into_iter().map(|outcome| outcome.expect("the same answer")).collect();
    assert!(seats.iter().all(|seat| *seat == seats[0]), "{seats:?}");
    journal.expect([("registration.created", seats[0].id.to_string())]).await;

    let journal = tenant.journal().await;
    let calls = (0..8).map(|_| {
        let tenant = tenant.clone();
        async move { report(&tenant, &keyed("root", 2)).await }
    });
    let issues: Vec<Issue> =
        concurrently(calls).await.into_iter().map(|outcome| outcome.expect("the same answer")).collect();
    assert!(issues.iter().all(|issue| *issue == issues[0]), "{issues:?}");
    journal.expect([("issue.created", issues[0].id.to_string())]).await;
}

pub(super) async fn creating_an_organization_is_repeatable_with_new_ids(environment: Environment) {
    let create = |slug: &str, user: &str, input| {
        let organization = OrganizationBuilder::new(slug).build();
        let scope = TenantScope::for_tests(organization.id);
        let ports = environment.ports.clone();
        let admin = MemberBuilder::new("root").admin().build();
        let change = ChangeBuilder::by(user).key("create organization", input).build();
        async move { ports.organizations.create(&scope, organization, admin, &change).await }
    };
    let (organization, admin) = create("choir", "operator", 1).await.unwrap();
    let scope = TenantScope::for_tests(organization.id);
    let tenant = environment.track(scope, organization.clone(), admin.clone());
    let journal = tenant.journal().await;
    assert_eq!(create("choir", "operator", 1).await.unwrap(), (organization, admin));
    journal.expect_nothing().await;
    assert_eq!(refusal(create("band", "operator", 2).await), Refusal::IdempotencyKeyReused);
    create("band", "another", 2).await.expect("keys belong to their actors");
    let taken = Refusal::AlreadyExists { field: Field::Slug.into() };
    assert_eq!(refusal(create("choir", "third", 3).await), taken);
}
