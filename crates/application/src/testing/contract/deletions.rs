//! The contract of [`Organizations::delete`](crate::ports::Organizations::delete).

use convene_domain::{
    organization::OrganizationStatus,
    text::{OrganizationName, Slug, UserId},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, day, refusal, refusals},
    tenant::Tenant,
};
use crate::{
    caller::{Operator, TenantScope},
    change::Change,
    failure::{Field, Outcome, Refusal},
    ports::{
        OrganizationDeleted, OrganizationFilter, OrganizationPatch, OrganizationReference, RegistrationFilter,
    },
    testing::builders::{
        ChangeBuilder, EventBuilder, IssueBuilder, MemberBuilder, OrganizationBuilder, first,
    },
};

fn by_operator() -> Change {
    ChangeBuilder::by("operator").build()
}

/// An organization with a member, an event and a registration. The invariants are not checked at the end: it is to be deleted.
async fn organization(environment: &Environment, slug: &str) -> Tenant {
    let organization = OrganizationBuilder::new(slug).build();
    let admin = MemberBuilder::new("root").admin().build();
    let scope = TenantScope::for_tests(organization.id);
    let ports = environment.ports.clone();
    let created = ports.organizations.create(&scope, organization, admin, &by_operator()).await;
    let (organization, admin) = created.unwrap();
    let tenant = Tenant { ports, scope, organization, admin };
    let event = tenant.event(EventBuilder::daily(FIRST, 9).seats(1)).await;
    let ada = tenant.member("ada").await;
    tenant.seat(&event, day(0), &ada).await;
    tenant
}

async fn suspend(tenant: &Tenant) {
    let suspended = OrganizationStatus::Suspended;
    tenant.ports.organizations.set_status(&tenant.scope, suspended, &by_operator()).await.unwrap();
}

async fn delete(tenant: &Tenant, slug: &str, change: &Change) -> Outcome<OrganizationDeleted> {
    let slug = Slug::parse(slug).unwrap();
    tenant.ports.organizations.delete(&tenant.scope, &slug, change).await
}

pub(super) async fn only_a_suspended_organization_is_deleted_and_only_by_its_slug(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let journal = tenant.journal().await;
    let fields = async |slug: &str| {
        let refused = refusals(delete(&tenant, slug, &by_operator()).await);
        refused.iter().map(|it| it.code_and_field().1.unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(fields("choir").await, ["organizationId"]);
    assert_eq!(fields("band").await, ["organizationId", "slug"]);
    journal.expect_nothing().await;
    suspend(&tenant).await;
    assert_eq!(fields("band").await, ["slug"]);
    let active = OrganizationStatus::Active;
    tenant.ports.organizations.set_status(&tenant.scope, active, &by_operator()).await.unwrap();
    assert_eq!(fields("choir").await, ["organizationId"]);
}

pub(super) async fn a_deleted_organization_does_not_exist_and_keeps_its_slug(environment: Environment) {
    let other = environment.tenant("band").await;
    let event = other.event(EventBuilder::daily(FIRST, 9)).await;
    other.seat(&event, day(0), &other.admin).await;
    let before = (other.log().await, other.registrations(RegistrationFilter::default()).await);
    let tenant = organization(&environment, "choir").await;
    suspend(&tenant).await;
    let later = NOW + Duration::MINUTE;
    let deleted = delete(&tenant, "choir", &ChangeBuilder::by("operator").at(later).build()).await.unwrap();
    assert_eq!(deleted.id, tenant.organization.id);

    let operator = Operator::for_tests(UserId::parse("operator").unwrap());
    let root = UserId::parse("root").unwrap();
    for ports in [&environment.ports, &environment.other] {
        for reference in [
            OrganizationReference::Id(deleted.id),
            OrganizationReference::Slug(Slug::parse("choir").unwrap()),
        ] {
            assert_eq!(ports.directory.find_membership(&reference, &root).await.unwrap(), None);
            assert_eq!(ports.directory.find_organization(&reference).await.unwrap(), None);
        }
        let listed =
            ports.organizations.list(&operator, OrganizationFilter::default(), first(9)).await.unwrap();
        assert_eq!(listed.items, std::slice::from_ref(&other.organization));
        assert!(ports.organizations.get(&tenant.scope).await.is_err());
        assert_eq!(ports.organizations.deleted_since(later).await.unwrap(), [deleted.id]);
        let after = later + Duration::MILLISECOND;
        assert_eq!(ports.organizations.deleted_since(after).await.unwrap(), []);
    }
    let not_found = Refusal::not_found(Field::OrganizationId);
    assert_eq!(refusal(delete(&tenant, "choir", &by_operator()).await), not_found);
    for status in [OrganizationStatus::Active, OrganizationStatus::Suspended] {
        let refused = tenant.ports.organizations.set_status(&tenant.scope, status, &by_operator()).await;
        assert_eq!(refusal(refused), not_found);
    }
    let again = OrganizationBuilder::new("choir").build();
    let scope = TenantScope::for_tests(again.id);
    let admin = MemberBuilder::new("root").admin().build();
    let refused = environment.ports.organizations.create(&scope, again, admin, &by_operator()).await;
    assert_eq!(refusal(refused), Refusal::AlreadyExists { field: Field::Slug.into() });
    assert_eq!((other.log().await, other.registrations(RegistrationFilter::default()).await), before);
}

pub(super) async fn a_deletion_is_repeatable(environment: Environment) {
    let (choir, band) = (organization(&environment, "choir").await, organization(&environment, "band").await);
    suspend(&choir).await;
    suspend(&band).await;
    let keyed = |input| ChangeBuilder::by("operator").key("one", input).build();
    let deleted = delete(&choir, "choir", &keyed(1)).await.unwrap();
    for ports in [&environment.ports, &environment.other] {
        let choir = Tenant { ports: ports.clone(), ..choir.clone() };
        assert_eq!(delete(&choir, "choir", &keyed(1)).await.unwrap(), deleted);
        assert_eq!(refusal(delete(&choir, "choir", &keyed(2)).await), Refusal::IdempotencyKeyReused);
        let band = Tenant { ports: ports.clone(), ..band.clone() };
        assert_eq!(refusal(delete(&band, "band", &keyed(3)).await), Refusal::IdempotencyKeyReused);
    }
    let keyed = ChangeBuilder::by("operator").key("two", 1).build();
    assert_eq!(delete(&band, "band", &keyed).await.unwrap().id, band.organization.id);
}

pub(super) async fn what_was_let_in_before_a_deletion_is_refused(environment: Environment) {
    let tenant = organization(&environment, "choir").await;
    suspend(&tenant).await;
    delete(&tenant, "choir", &by_operator()).await.unwrap();
    let (scope, by_root) = (&tenant.scope, ChangeBuilder::by("root").build());
    for ports in [&environment.ports, &environment.other] {
        let member = MemberBuilder::new("late").build();
        let name = OrganizationName::parse("The choir").ok();
        let event = EventBuilder::daily(FIRST, 9).build();
        let issue = IssueBuilder::new("Broken chair", tenant.admin.id).build();
        let refused = [
            refusal(ports.organizations.get(scope).await),
            refusal(
                ports
                    .organizations
                    .update(scope, OrganizationPatch { name, ..OrganizationPatch::default() }, &by_root)
                    .await,
            ),
            refusal(ports.members.add(scope, member, &by_root).await),
            refusal(ports.events.create(scope, event, &by_root).await),
            refusal(ports.issues.create(scope, issue, &by_root).await),
        ];
        assert_eq!(refused, [const { Refusal::OrganizationSuspended }; 5]);
    }
}
