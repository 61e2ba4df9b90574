//! The contract of [`Organizations`](crate::ports::Organizations) and [`Directory`](crate::ports::Directory).

use std::slice;

use convene_domain::{
    id::OrganizationId,
    text::{OrganizationName, Slug, UserId},
    time::zone::Zone,
};

use super::{
    environment::Environment,
    support::{NOW, by_root, by_root_at, concurrently, logged_fields, refusal},
};
use crate::{
    caller::TenantScope,
    failure::{Field, Refusal},
    ports::{OrganizationPatch, OrganizationReference},
    testing::builders::{ChangeBuilder, MemberBuilder, OrganizationBuilder, fresh_uuid},
};

pub(super) async fn creating_an_organization_stores_and_logs_it_with_its_first_admin(
    environment: Environment,
) {
    let organization = OrganizationBuilder::new("choir").name("The choir").zone("Asia/Tokyo").build();
    let admin = MemberBuilder::new("ada").admin().email("ada@example.org").build();
    let scope = TenantScope::for_tests(organization.id);
    let change = ChangeBuilder::by("operator").request("request-1").build();
    let created = environment
        .ports
        .organizations
        .create(&scope, organization.clone(), admin.clone(), &change)
        .await
        .unwrap();
    assert_eq!(created, (organization.clone(), admin.clone()));
    assert_eq!(environment.ports.organizations.get(&scope).await.unwrap(), organization);
    assert_eq!(
        environment.ports.members.get_many(&scope, &[admin.id]).await.unwrap(),
        slice::from_ref(&admin)
    );

    let tenant = environment.track(scope, organization, admin);
    let log = tenant.log().await;
    let mut entries: Vec<_> =
        log.iter().map(|entry| (entry.action.as_str(), entry.subject.to_string())).collect();
    entries.sort();
    assert_eq!(
        entries,
        [
            ("member.added", tenant.admin.id.to_string()),
            ("organization.created", tenant.organization.id.to_string())
        ]
    );
    for entry in log {
        assert_eq!((entry.at, entry.actor), (NOW, change.actor.clone()));
        assert_eq!(entry.request_id.as_deref(), Some("request-1"));
    }
}

pub(super) async fn a_taken_slug_is_refused(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let organization = OrganizationBuilder::new("choir").build();
    let scope = TenantScope::for_tests(organization.id);
    let admin = MemberBuilder::new("eve").admin().build();
    let refused = environment.ports.organizations.create(&scope, organization, admin, &by_root()).await;
    assert_eq!(refusal(refused), Refusal::AlreadyExists { field: Field::Slug.into() });

    assert!(environment.ports.organizations.get(&scope).await.is_err(), "nothing was created");
    let slug = OrganizationReference::Slug(Slug::parse("choir").unwrap());
    let eve = UserId::parse("eve").unwrap();
    assert_eq!(environment.ports.directory.find_membership(&slug, &eve).await.unwrap(), None);
    assert_eq!(environment.ports.organizations.get(&tenant.scope).await.unwrap(), tenant.organization);
}

pub(super) async fn concurrent_creations_with_one_slug_create_one_organization(environment: Environment) {
    let calls = (0..8).map(|_| {
        let ports = environment.ports.clone();
        async move {
            let organization = OrganizationBuilder::new("choir").build();
            let scope = TenantScope::for_tests(organization.id);
            let admin = MemberBuilder::new("root").admin().build();
            ports.organizations.create(&scope, organization, admin, &by_root()).await
        }
    });
    let (won, lost): (Vec<_>, Vec<_>) = concurrently(calls).await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 7));
    for outcome in lost {
        assert_eq!(refusal(outcome), Refusal::AlreadyExists { field: Field::Slug.into() });
    }
}

pub(super) async fn updating_an_organization_stores_and_logs_the_changed_fields(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let journal = tenant.journal().await;
    let later = NOW + time::Duration::MINUTE;
    let patch = OrganizationPatch {
        name: Some(OrganizationName::parse("The choir").unwrap()),
        time_zone: Some(Zone::parse("Asia/Tokyo").unwrap()),
        ..OrganizationPatch::default()
    };
    let updated = tenant.ports.organizations.update(&tenant.scope, patch, &by_root_at(later)).await.unwrap();
    assert_eq!(updated.name.as_str(), "The choir");
    assert_eq!(updated.time_zone.name(), "Asia/Tokyo");
    assert_eq!((updated.created_at, updated.updated_at), (NOW, later));
    assert_eq!(updated.slug, tenant.organization.slug);
    assert_eq!(tenant.ports.organizations.get(&tenant.scope).await.unwrap(), updated);

    journal.expect([("organization.updated", updated.id.to_string())]).await;
    assert_eq!(
        logged_fields(&journal.new_entries().await),
        [("name", Some("choir"), Some("The choir")), ("timeZone", Some("Europe/Paris"), Some("Asia/Tokyo"))]
            .map(|(field, before, after)| (field.to_owned(), before.map(Into::into), after.map(Into::into)))
    );
}

pub(super) async fn an_update_without_effect_on_an_organization_is_not_logged(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let journal = tenant.journal().await;
    let same = OrganizationPatch {
        name: Some(tenant.organization.name.clone()),
        time_zone: Some(tenant.organization.time_zone),
        ..OrganizationPatch::default()
    };
    let later = by_root_at(NOW + time::Duration::MINUTE);
    for patch in [OrganizationPatch::default(), same] {
        let updated = tenant.ports.organizations.update(&tenant.scope, patch, &later).await.unwrap();
        assert_eq!(updated, tenant.organization);
    }
    journal.expect_nothing().await;
}

pub(super) async fn getting_an_unknown_organization_fails(environment: Environment) {
    environment.tenant("choir").await;
    let scope = TenantScope::for_tests(OrganizationId::from_uuid(fresh_uuid()));
    assert!(environment.ports.organizations.get(&scope).await.is_err());
}

pub(super) async fn memberships_are_found_by_organization_id_and_slug(environment: Environment) {
    let choir = environment.tenant("choir").await;
    let band = environment.tenant("band").await;
    let ada = choir.member("ada").await;
    let find = async |organization: &OrganizationReference, user: &str| {
        let user = UserId::parse(user).unwrap();
        let found = environment.ports.directory.find_membership(organization, &user).await.unwrap();
        found.map(|membership| (membership.organization, membership.member))
    };
    let by_id = OrganizationReference::Id(choir.organization.id);
    let by_slug = OrganizationReference::Slug(choir.organization.slug.clone());
    for reference in [&by_id, &by_slug] {
        assert_eq!(find(reference, "ada").await, Some((choir.organization.id, ada.clone())));
        assert_eq!(find(reference, "root").await, Some((choir.organization.id, choir.admin.clone())));
        assert_eq!(find(reference, "nobody").await, None);
    }
    let elsewhere = OrganizationReference::Id(band.organization.id);
    assert_eq!(find(&elsewhere, "root").await, Some((band.organization.id, band.admin)));
    assert_eq!(find(&elsewhere, "ada").await, None, "a member of another organization");
    let nowhere = OrganizationReference::Id(OrganizationId::from_uuid(fresh_uuid()));
    assert_eq!(find(&nowhere, "ada").await, None);
    assert_eq!(find(&OrganizationReference::parse("no-such-slug").unwrap(), "ada").await, None);

    choir.ports.members.remove(&choir.scope, ada.id, &by_root()).await.unwrap();
    for reference in [&by_id, &by_slug] {
        assert_eq!(find(reference, "ada").await, None, "removed");
    }
}
