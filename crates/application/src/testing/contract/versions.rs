//! The contract of all ports that change objects with a version.

use convene_domain::{
    occurrence::OccurrenceKey,
    text::{DisplayName, OrganizationName, Title},
};

use super::{
    environment::Environment,
    support::{FIRST, by_root, concurrently, day, refusal},
    tenant::Tenant,
};
use crate::{
    failure::{Outcome, Refusal},
    ports::{IssuePatch, MemberPatch, OccurrenceEdit, OccurrencePatch, OnAffected, OrganizationPatch},
    testing::builders::{EventBuilder, IssueBuilder},
};

const OBJECTS: [Object; 4] = [Object::Organization, Object::Member, Object::Issue, Object::Occurrence];

/// A kind of object with a version.
#[derive(Clone, Copy, Debug)]
enum Object {
    Organization,
    Member,
    Issue,
    Occurrence,
}

/// Renames the object, and returns its version.
async fn rename(tenant: &Tenant, object: Object, to: &str, expected_version: Option<u32>) -> Outcome<u32> {
    let (ports, scope, change) = (&tenant.ports, &tenant.scope, &by_root());
    match object {
        Object::Organization => {
            let name = OrganizationName::parse(to).ok();
            let patch = OrganizationPatch { expected_version, name, ..OrganizationPatch::default() };
            ports.organizations.update(scope, patch, change).await.map(|it| it.version)
        }
        Object::Member => {
            let display_name = DisplayName::parse(to).ok();
            let patch = MemberPatch { expected_version, display_name, ..MemberPatch::default() };
            ports.members.update(scope, tenant.admin.id, patch, change).await.map(|it| it.version)
        }
        Object::Issue => {
            let issue = ports.issues.get_by_number(scope, 1).await?.expect("there is an issue");
            let title = Title::parse(to).ok();
            let patch = IssuePatch { expected_version, title, ..IssuePatch::default() };
            ports.issues.update(scope, issue.id, patch, change).await.map(|it| it.version)
        }
        Object::Occurrence => {
            let events = ports
                .events
                .list(scope, Default::default(), crate::testing::builders::first(1), None)
                .await?;
            let event = events.items.first().expect("there is an event").id;
            let patch = OccurrencePatch {
                expected_version,
                title: Title::parse(to).ok(),
                ..OccurrencePatch::default()
            };
            let occurrence = OccurrenceKey { event, original_start: day(1) };
            let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
            ports.events.update_occurrence(scope, edit, change).await.map(|changed| changed.now.version)
        }
    }
}

/// A tenant with one object of each kind.
async fn tenant(environment: &Environment) -> Tenant {
    let tenant = environment.tenant("choir").await;
    tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let issue = IssueBuilder::new("Projector", tenant.admin.id).build();
    tenant.ports.issues.create(&tenant.scope, issue, &by_root()).await.expect("an issue is created");
    tenant
}

pub(super) async fn a_change_of_an_outdated_version_is_refused_and_changes_nothing(environment: Environment) {
    let tenant = tenant(&environment).await;
    for object in OBJECTS {
        assert_eq!(rename(&tenant, object, "One", Some(1)).await.unwrap(), 2, "{object:?}");
        let journal = tenant.journal().await;
        for outdated in [1, 3] {
            let refused = refusal(rename(&tenant, object, "Two", Some(outdated)).await);
            assert_eq!(refused, Refusal::VersionConflict { current: 2 }, "{object:?}");
        }
        assert_eq!(rename(&tenant, object, "One", Some(2)).await.unwrap(), 2, "nothing changed");
        journal.expect_nothing().await;
        assert_eq!(rename(&tenant, object, "Two", None).await.unwrap(), 3, "{object:?}");
    }
    let issue = tenant.ports.issues.get_by_number(&tenant.scope, 1).await.unwrap().expect("it exists");
    let delete =
        async |version| tenant.ports.issues.delete(&tenant.scope, issue.id, version, &by_root()).await;
    assert_eq!(refusal(delete(Some(2)).await), Refusal::VersionConflict { current: 3 });
    assert_eq!(delete(Some(3)).await.unwrap(), issue.id);
}

pub(super) async fn of_concurrent_changes_of_one_version_one_succeeds(environment: Environment) {
    let tenant = tenant(&environment).await;
    for object in OBJECTS {
        let calls = (0..8).map(|number| {
            let tenant = tenant.clone();
            async move { rename(&tenant, object, &format!("Name {number}"), Some(1)).await }
        });
        let (won, lost): (Vec<_>, Vec<_>) = concurrently(calls).await.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 7), "{object:?}");
        for outcome in lost {
            assert_eq!(refusal(outcome), Refusal::VersionConflict { current: 2 }, "{object:?}");
        }
    }
}
