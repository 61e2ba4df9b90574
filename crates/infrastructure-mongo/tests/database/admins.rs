use bson::doc;
use convene_application::{
    failure::{Failure, Refusal},
    ports::MemberPatch,
    testing::builders::{ChangeBuilder, MemberBuilder},
};
use convene_domain::member::Role;

use crate::support::TestDatabase;

fn demotion() -> MemberPatch {
    MemberPatch { role: Some(Role::Member), ..MemberPatch::default() }
}

#[tokio::test]
async fn one_of_two_admins_who_demote_each_other_concurrently_remains() {
    let database = TestDatabase::prepared().await;
    let members = &database.ports.members;
    for round in 0..10 {
        let tenant = database.organization(&format!("round-{round}")).await;
        let change = ChangeBuilder::by("somebody").build();
        let other = MemberBuilder::new("other-admin").admin().build();
        let other = members.add(&tenant.scope, other, &change).await.unwrap();
        let outcomes = futures::join!(
            members.update(&tenant.scope, tenant.admin(), demotion(), &change),
            members.update(&tenant.scope, other.id, demotion(), &change)
        );
        let refusals: Vec<_> = [outcomes.0, outcomes.1].into_iter().filter_map(Result::err).collect();
        assert!(
            matches!(&refusals[..], [Failure::Refused(why)] if why[..] == [Refusal::LastAdmin]),
            "{refusals:?}"
        );
    }
}

#[tokio::test]
async fn demoting_or_removing_the_last_admin_is_refused() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("alone").await;
    let change = ChangeBuilder::by("first-admin").build();
    let members = &database.ports.members;
    let demoted = members.update(&tenant.scope, tenant.admin(), demotion(), &change).await;
    assert!(matches!(demoted, Err(Failure::Refused(why)) if why[..] == [Refusal::LastAdmin]));
    let removed = members.remove(&tenant.scope, tenant.admin(), &change).await;
    assert!(matches!(removed, Err(Failure::Refused(why)) if why[..] == [Refusal::LastAdmin]));
    assert_eq!(database.logged("member.updated").await + database.logged("member.removed").await, 0);
}

/// Members remain for some steps after the organization itself was deleted.
#[tokio::test]
async fn admins_of_a_deleted_organization_are_not_counted() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("gone").await;
    let change = ChangeBuilder::by("first-admin").build();
    let members = &database.ports.members;
    let member = members.add(&tenant.scope, MemberBuilder::new("member").build(), &change).await.unwrap();
    let this = doc! { "_id": tenant.scope.organization().to_string() };
    database.collection("organizations").delete_one(this).await.unwrap();
    let promotion = MemberPatch { role: Some(Role::Admin), ..MemberPatch::default() };
    for (id, patch) in [(tenant.admin(), demotion()), (member.id, promotion)] {
        let outcome = members.update(&tenant.scope, id, patch, &change).await;
        assert!(matches!(outcome, Err(Failure::Refused(why)) if why[..] == [Refusal::OrganizationSuspended]));
    }
}
