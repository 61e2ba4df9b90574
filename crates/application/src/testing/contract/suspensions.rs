//! The contract of [`Organizations`](crate::ports::Organizations) for the operator: suspensions, and the list.

use convene_domain::{
    id::OrganizationId,
    organization::OrganizationStatus,
    text::{SearchText, UserId},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, day, logged_fields, read_all_pages, refusal},
    tenant::Tenant,
};
use crate::{
    caller::{Operator, TenantScope},
    change::Change,
    failure::{Field, Refusal},
    ports::{OrganizationFilter, OrganizationReference, RegistrationFilter},
    testing::{
        Adapters,
        builders::{
            ChangeBuilder, EventBuilder, MemberBuilder, OrganizationBuilder, first, first_after, fresh_uuid,
        },
    },
};

const SUSPENDED: OrganizationStatus = OrganizationStatus::Suspended;
const ACTIVE: OrganizationStatus = OrganizationStatus::Active;

fn by_operator() -> Change {
    ChangeBuilder::by("operator").build()
}

async fn status_in(ports: &Adapters, tenant: &Tenant, user: &str) -> Option<OrganizationStatus> {
    let user = UserId::parse(user).unwrap();
    let by_id = OrganizationReference::Id(tenant.organization.id);
    let by_slug = OrganizationReference::Slug(tenant.organization.slug.clone());
    let mut found = Vec::new();
    for reference in [by_id, by_slug] {
        let membership = ports.directory.find_membership(&reference, &user).await.unwrap();
        found.push(membership.map(|membership| membership.status));
    }
    assert_eq!(found[0], found[1]);
    found.remove(0)
}

pub(super) async fn a_suspension_is_seen_by_the_next_lookup_of_every_process(environment: Environment) {
    let (choir, band) = (environment.tenant("choir").await, environment.tenant("band").await);
    for status in [SUSPENDED, ACTIVE, SUSPENDED, ACTIVE] {
        choir.ports.organizations.set_status(&choir.scope, status, &by_operator()).await.unwrap();
        for ports in [&environment.ports, &environment.other] {
            assert_eq!(status_in(ports, &choir, "root").await, Some(status));
            assert_eq!(status_in(ports, &choir, "nobody").await, None);
            assert_eq!(status_in(ports, &band, "root").await, Some(ACTIVE));
        }
    }
}

pub(super) async fn a_resumed_organization_is_as_it_was(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 9).seats(1)).await;
    let crowd = tenant.crowd(2).await;
    tenant.seat(&event, day(0), &crowd[0]).await;
    tenant.seat_or_waitlist(&event, day(0), &crowd[1]).await;
    let registrations = tenant.registrations(RegistrationFilter::default()).await;

    let journal = tenant.journal().await;
    let later = NOW + Duration::MINUTE;
    let change = ChangeBuilder::by("operator").at(later).request("request-1").build();
    let organizations = &tenant.ports.organizations;
    let suspended = organizations.set_status(&tenant.scope, SUSPENDED, &change).await.unwrap();
    assert_eq!((suspended.status, suspended.version, suspended.updated_at), (SUSPENDED, 2, later));
    let entries = journal.new_entries().await;
    let status = |before: &str, after: &str| {
        vec![("status".to_owned(), Some(before.to_owned()), Some(after.to_owned()))]
    };
    assert_eq!(logged_fields(&entries), status("ACTIVE", "SUSPENDED"));
    assert_eq!(entries[0].action.as_str(), "organization.suspended");
    assert_eq!((&entries[0].actor, &entries[0].request_id), (&change.actor, &change.request_id));
    assert_eq!(organizations.get(&tenant.scope).await.unwrap(), suspended);
    // A repeat without a key changes nothing.
    assert_eq!(organizations.set_status(&tenant.scope, SUSPENDED, &by_operator()).await.unwrap(), suspended);

    let resumed = organizations.set_status(&tenant.scope, ACTIVE, &by_operator()).await.unwrap();
    let expected = convene_domain::organization::Organization {
        version: 3,
        // It was asked for before the suspension was recorded.
        updated_at: suspended.updated_at + Duration::MILLISECOND,
        ..tenant.organization.clone()
    };
    assert_eq!(resumed, expected);
    journal
        .expect(["organization.suspended", "organization.resumed"].map(|it| (it, resumed.id.to_string())))
        .await;
    assert_eq!(tenant.registrations(RegistrationFilter::default()).await, registrations);
    let waiting = tenant.cancel(&registrations[0]).await.promoted;
    assert!(waiting.is_some() || registrations[0].status.waitlist_sequence().is_some());
}

pub(super) async fn an_unknown_organization_is_not_suspended(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let scope = TenantScope::for_tests(OrganizationId::from_uuid(fresh_uuid()));
    let journal = tenant.journal().await;
    for status in [SUSPENDED, ACTIVE] {
        let refused = tenant.ports.organizations.set_status(&scope, status, &by_operator()).await;
        assert_eq!(refusal(refused), Refusal::not_found(Field::OrganizationId));
    }
    journal.expect_nothing().await;
}

pub(super) async fn the_keys_of_the_operator_are_known_in_all_organizations(environment: Environment) {
    let (choir, band) = (environment.tenant("choir").await, environment.tenant("band").await);
    let organizations = &environment.ports.organizations;
    let keyed = |key: &str, input| ChangeBuilder::by("operator").key(key, input).build();
    let suspended = organizations.set_status(&choir.scope, SUSPENDED, &keyed("one", 1)).await.unwrap();
    for ports in [&environment.ports, &environment.other] {
        let again = ports.organizations.set_status(&choir.scope, SUSPENDED, &keyed("one", 1)).await.unwrap();
        assert_eq!(again, suspended);
    }
    let reused = organizations.set_status(&band.scope, SUSPENDED, &keyed("one", 2)).await;
    assert_eq!(refusal(reused), Refusal::IdempotencyKeyReused);
    assert_eq!(organizations.get(&band.scope).await.unwrap().status, ACTIVE);
    let third = OrganizationBuilder::new("third").build();
    let scope = TenantScope::for_tests(third.id);
    let admin = MemberBuilder::new("root").admin().build();
    let reused = organizations.create(&scope, third, admin, &keyed("one", 3)).await;
    assert_eq!(refusal(reused), Refusal::IdempotencyKeyReused);
    // Another actor may use the same key, and the same actor may use another one.
    let other = ChangeBuilder::by("other-operator").key("one", 1).build();
    assert_eq!(organizations.set_status(&band.scope, SUSPENDED, &other).await.unwrap().status, SUSPENDED);
    assert_eq!(organizations.set_status(&band.scope, ACTIVE, &keyed("two", 1)).await.unwrap().status, ACTIVE);
    // A repeat answers with the organization as it is now.
    let resumed = organizations.set_status(&choir.scope, ACTIVE, &keyed("three", 1)).await.unwrap();
    let again = organizations.set_status(&choir.scope, SUSPENDED, &keyed("one", 1)).await.unwrap();
    assert_eq!(again, resumed);
}

pub(super) async fn organizations_are_listed_in_order_and_by_text(environment: Environment) {
    let mut all = Vec::new();
    for slug in ["choir", "band", "orchestra", "choir-two"] {
        all.push(environment.tenant(slug).await.organization);
    }
    let change = by_operator();
    let scope = TenantScope::for_tests(all[1].id);
    all[1] = environment.ports.organizations.set_status(&scope, SUSPENDED, &change).await.unwrap();
    all.sort_by_key(|organization| organization.id);
    let operator = Operator::for_tests(UserId::parse("operator").unwrap());
    let list = async |search: Option<&str>, page| {
        let filter = OrganizationFilter { search: search.map(|text| SearchText::parse(text).unwrap()) };
        environment.ports.organizations.list(&operator, filter, page).await.unwrap()
    };
    let everything = read_all_pages(
        |page| {
            let filter = OrganizationFilter::default();
            environment.ports.organizations.list(&operator, filter, page)
        },
        |organization| organization.id,
    );
    assert_eq!(everything.await, all);
    let page = list(None, first(2)).await;
    assert_eq!((page.items.as_slice(), page.has_more), (&all[..2], true));
    let page = list(None, first_after(2, all[1].id)).await;
    assert_eq!((page.items.as_slice(), page.has_more), (&all[2..], false));
    let slugs = async |search| {
        let found = list(Some(search), first(100)).await.items;
        let mut slugs: Vec<String> = found.iter().map(|it| it.slug.to_string()).collect();
        slugs.sort();
        slugs
    };
    assert_eq!(slugs("CHOÏR").await, ["choir", "choir-two"]);
    assert_eq!(slugs("two").await, ["choir-two"]);
    assert_eq!(slugs(".*").await, [""; 0]);
}
