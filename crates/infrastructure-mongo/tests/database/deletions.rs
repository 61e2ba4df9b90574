//! Deletions of organizations, and the documents that remain.

use std::{collections::BTreeSet, sync::Arc};

use bson::{Bson, Document, doc};
use convene_application::{
    caller::TenantScope,
    organization::ForgetDeleted,
    ports::EventFilter,
    testing::{
        FixedClock,
        builders::{ChangeBuilder, EventBuilder, MemberBuilder, first, fresh_uuid},
    },
};
use convene_domain::{id::OrganizationId, organization::OrganizationStatus, text::Slug};
use convene_infrastructure_mongo::ports::MongoPorts;
use futures::TryStreamExt;
use time::macros::datetime;

use crate::{
    everything::use_everything,
    plans::{plan, sum, values},
    support::{Held, Scenario, Tenant, TestDatabase, days},
};

/// An organization with documents in every collection, which is suspended.
async fn suspended(database: &TestDatabase, slug: &str) -> Tenant {
    let tenant = database.organization(slug).await;
    use_everything(database, &tenant).await;
    let change = ChangeBuilder::by("operator").key(&format!("suspend {slug}"), 1).build();
    let suspended = OrganizationStatus::Suspended;
    database.ports.organizations.set_status(&tenant.scope, suspended, &change).await.unwrap();
    tenant
}

async fn delete(ports: &MongoPorts, tenant: &Tenant, slug: &str) {
    let change = ChangeBuilder::by("operator").key("delete", 1).build();
    let slug = Slug::parse(slug).unwrap();
    ports.organizations.delete(&tenant.scope, &slug, &change).await.unwrap();
}

/// The documents of all collections that contain the text, each with the name of its collection.
async fn mentioning(database: &TestDatabase, text: &str) -> Vec<(String, Document)> {
    let mut names = database.raw().list_collection_names().await.unwrap();
    names.sort();
    assert!(names.len() >= 11, "{names:?}");
    let mut found = Vec::new();
    for name in names {
        let all = database.collection(&name).find(doc! {}).await.unwrap();
        let all: Vec<Document> = all.try_collect().await.unwrap();
        found.extend(all.into_iter().filter(|it| it.to_string().contains(text)).map(|it| (name.clone(), it)));
    }
    found
}

/// Checks that nothing mentions the organization but the reservation of its slug and the key of the deletion.
async fn assert_gone(database: &TestDatabase, tenant: &Tenant, slug: &str) {
    let id = tenant.scope.organization().to_string();
    let left = mentioning(database, &id).await;
    let names: Vec<&str> = left.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["idempotency", "organizations"], "{left:#?}");
    let (key, reservation) = (&left[0].1, &left[1].1);
    let fields: Vec<&String> = reservation.keys().collect();
    assert_eq!(fields, ["_id", "slug", "deletedAt"]);
    assert_eq!(reservation.get_str("slug").unwrap(), slug);
    assert_eq!(key.get_str("operation").unwrap(), "deleteOrganization");
    assert_eq!(key.get_document("result").unwrap(), &doc! { "subject": &id, "job": &job_of(key) });
}

fn job_of(key: &Document) -> String {
    key.get_document("result").unwrap().get_str("job").unwrap().to_owned()
}

#[tokio::test]
async fn no_collection_has_anything_of_a_deleted_organization() {
    let database = TestDatabase::prepared().await;
    let other = database.organization("other").await;
    use_everything(&database, &other).await;
    let others = mentioning(&database, &other.scope.organization().to_string()).await;
    let tenant = suspended(&database, "deleted").await;
    assert!(mentioning(&database, &tenant.scope.organization().to_string()).await.len() > 30);
    delete(&database.ports.in_steps_of(7), &tenant, "deleted").await;
    assert_gone(&database, &tenant, "deleted").await;
    assert_eq!(mentioning(&database, &other.scope.organization().to_string()).await, others);
    let report = database.ports.check(FixedClock::START).await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert!(report.findings.iter().any(|finding| finding.examined > 0), "{report}");
}

/// The value with another text in place of this one.
fn replaced(value: Bson, text: &str, other: &str) -> Bson {
    let inner = |value| replaced(value, text, other);
    match value {
        Bson::String(found) if found == text => other.into(),
        Bson::Document(fields) => {
            fields.into_iter().map(|(name, value)| (name, inner(value))).collect::<Document>().into()
        }
        Bson::Array(values) => values.into_iter().map(inner).collect::<Vec<_>>().into(),
        value => value,
    }
}

/// Copies of each document of the collections whose ids are free, for an organization that has nothing else.
async fn copy_for_another_organization(database: &TestDatabase, tenant: &Tenant) {
    let (this, other) =
        (tenant.scope.organization().to_string(), OrganizationId::from_uuid(fresh_uuid()).to_string());
    for name in ["agendas", "idempotency", "jobs", "issues", "members", "activity"] {
        let collection = database.collection(name);
        let of_tenant = doc! { "organization": &this };
        let Some(original) = collection.find_one(of_tenant).await.unwrap() else { continue };
        let original = replaced(original.into(), &this, &other).as_document().unwrap().clone();
        let copy = |number: i32| {
            let mut copy = original.clone();
            let id = match original.get("_id").unwrap() {
                Bson::String(id) => format!("{}{number:04x}{}", &id[..4], &id[8..]).into(),
                id => {
                    let mut id = id.as_document().unwrap().clone();
                    id.insert("key", format!("key {number}"));
                    Bson::from(id)
                }
            };
            copy.insert("_id", id);
            if name == "issues" {
                copy.insert("number", 10_000 + number);
            }
            if name == "members" {
                copy.insert("userId", format!("copy {number}"));
            }
            copy
        };
        collection.insert_many((0..300).map(copy)).await.unwrap();
    }
}

#[tokio::test]
async fn a_deletion_examines_nothing_of_other_organizations() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = suspended(&database, "deleted").await;
    copy_for_another_organization(&database, &tenant).await;
    commands.take();
    delete(&database.ports.in_steps_of(20), &tenant, "deleted").await;
    let (mut collections, mut explained) = (BTreeSet::new(), 0);
    for event in commands.take() {
        let name = event.command_name.as_str();
        if !["find", "aggregate", "delete"].contains(&name) {
            continue;
        }
        let plan = plan(&database, &event).await;
        let mut stages = Vec::new();
        values(&plan, "stage", &mut stages);
        assert!(!stages.iter().any(|stage| stage.as_str() == Some("COLLSCAN")), "{:?}", event.command);
        for examined in ["totalKeysExamined", "totalDocsExamined"] {
            let number = sum(&plan, examined);
            assert!(number <= 50, "{number} {examined}: {:?} {plan}", event.command);
        }
        if name == "delete" {
            collections.insert(event.command.get_str(name).unwrap().to_owned());
        }
        explained += 1;
    }
    assert!(explained > 30 && collections.len() >= 8, "{explained} {collections:?}");
    assert_gone(&database, &tenant, "deleted").await;
}

#[tokio::test]
async fn a_step_of_a_deletion_continues_where_the_last_one_ended() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = suspended(&database, "deleted").await;
    commands.take();
    delete(&database.ports.in_steps_of(7), &tenant, "deleted").await;
    let finds = commands.take().into_iter().filter(|event| event.command_name == "find");
    let of_events = finds.filter(|event| event.command.get_str("find").is_ok_and(|name| name == "events"));
    // The last step looks for documents of changes that were let in before the suspension.
    let number = of_events.count();
    assert!(number <= 4, "{number}");
}

#[tokio::test]
async fn any_process_completes_a_deletion() {
    let database = TestDatabase::prepared().await;
    let tenant = suspended(&database, "deleted").await;
    let id = tenant.scope.organization().to_string();
    delete(&database.ports.without_steps_of(5), &tenant, "deleted").await;
    let begun = mentioning(&database, &id).await.len();
    assert!(begun > 30, "{begun}");
    let other = database.another_process().await.in_steps_of(5);
    let unattended = other.jobs.unattended().await.unwrap();
    assert_eq!(unattended.len(), 1);
    let scope = TenantScope::for_tests(unattended[0].organization);
    // Two processes at once, and one that is late.
    let late = database.ports.in_steps_of(5);
    let job = unattended[0].job;
    let (one, two) = tokio::join!(
        other.jobs.step(&scope, job, FixedClock::START),
        late.jobs.step(&scope, job, FixedClock::START)
    );
    assert!(one.unwrap() && two.unwrap());
    while other.jobs.step(&scope, job, FixedClock::START).await.unwrap() {}
    assert!(!late.jobs.step(&scope, job, FixedClock::START).await.unwrap(), "nothing remains");
    assert_gone(&database, &tenant, "deleted").await;
    // The repeat does not begin again.
    delete(&database.ports, &tenant, "deleted").await;
    assert_gone(&database, &tenant, "deleted").await;
}

#[tokio::test]
async fn a_check_during_a_deletion_finds_no_violation() {
    let database = TestDatabase::prepared().await;
    let tenant = suspended(&database, "deleted").await;
    let of_tenant = doc! { "organization": tenant.scope.organization().to_string() };
    let agenda = database.collection("agendas").find_one(of_tenant).await.unwrap().unwrap();
    delete(&database.ports.without_steps_of(2), &tenant, "deleted").await;
    let ports = database.ports.in_steps_of(2);
    let job = ports.jobs.unattended().await.unwrap()[0].job;
    let mut more = true;
    while more {
        let report = ports.check(FixedClock::START).await.unwrap();
        let violated: Vec<_> = report.findings.iter().filter(|finding| finding.violations > 0).collect();
        assert!(violated.is_empty(), "{violated:?}");
        more = ports.jobs.step(&tenant.scope, job, FixedClock::START).await.unwrap();
    }
    assert_gone(&database, &tenant, "deleted").await;
    // What no job is about to delete is a violation.
    database.collection("agendas").insert_one(agenda).await.unwrap();
    let report = ports.check(FixedClock::START).await.unwrap();
    assert!(report.findings.iter().any(|finding| finding.violations > 0), "{report:?}");
}

#[tokio::test]
async fn a_deletion_begins_with_the_end_of_the_other_jobs() {
    let scenario = Scenario::new().await;
    let scope = &scenario.tenant.scope;
    let event = scenario.event(EventBuilder::daily(datetime!(2031-04-01 10:00), 4).seats(9).build()).await;
    let crowd = scenario.crowd(3).await;
    scenario.hold(Held { event: &event, starts: &days(&event, 4), seated: &crowd, waiting: &[] }).await;
    let by = ChangeBuilder::by("first-admin").build();
    let begins = scenario.database.ports.without_steps_of(2);
    begins.events.cancel(scope, event.id, &by).await.unwrap();
    let interrupted = begins.jobs.unattended().await.unwrap()[0].job;
    begins.organizations.set_status(scope, OrganizationStatus::Suspended, &by).await.unwrap();
    let this = doc! { "_id": scope.organization().to_string() };
    let organization = scenario.database.collection("organizations").find_one(this).await.unwrap().unwrap();
    let slug = Slug::parse(organization.get_str("slug").unwrap()).unwrap();
    begins.organizations.delete(scope, &slug, &by).await.unwrap();
    let jobs = begins.jobs.unattended().await.unwrap();
    assert!(jobs.len() == 1 && jobs[0].job != interrupted, "{jobs:?}");
    assert!(!begins.jobs.step(scope, interrupted, FixedClock::START).await.unwrap());
}

#[tokio::test]
async fn a_member_is_added_before_a_deletion_or_not_at_all() {
    let database = TestDatabase::prepared().await;
    for round in 0..10 {
        let slug = format!("deleted-{round}");
        let tenant = database.organization(&slug).await;
        let change = ChangeBuilder::by("operator").build();
        let suspended = OrganizationStatus::Suspended;
        database.ports.organizations.set_status(&tenant.scope, suspended, &change).await.unwrap();
        // Requests that were let in before the suspension, in another process.
        let other = database.another_process().await;
        let additions = (0..4).map(|number| {
            let (members, scope) = (Arc::clone(&other.members), tenant.scope);
            tokio::spawn(async move {
                let member = MemberBuilder::new(&format!("late-{number}")).build();
                members.add(&scope, member, &ChangeBuilder::by("first-admin").build()).await.is_ok()
            })
        });
        let additions: Vec<_> = additions.collect();
        let slug = Slug::parse(&slug).unwrap();
        database.ports.organizations.delete(&tenant.scope, &slug, &change).await.unwrap();
        for addition in additions {
            addition.await.unwrap();
        }
        let left = mentioning(&database, &tenant.scope.organization().to_string()).await;
        assert_eq!(left.len(), 1, "{left:#?}");
    }
}

#[tokio::test]
async fn every_process_forgets_the_catalogue_of_a_deleted_organization() {
    let database = TestDatabase::prepared().await;
    let other = database.another_process().await;
    let tenant = suspended(&database, "deleted").await;
    let scope = &tenant.scope;
    // A request waits for a load for a second only.
    while other.catalogue.replica(scope).await.unwrap().is_none() {}
    let held = || other.catalogue.held(&scope.at_revision(0));
    assert!(held().is_some());
    let (organizations, catalogue) = (Arc::clone(&other.organizations), Arc::clone(&other.catalogue));
    let mut forget = ForgetDeleted::new(Arc::new(FixedClock::default()), organizations, catalogue);
    forget.execute().await.unwrap();
    assert!(held().is_some(), "it is not deleted yet");
    delete(&database.ports, &tenant, "deleted").await;
    forget.execute().await.unwrap();
    assert!(held().is_none());
}

#[tokio::test]
async fn a_reservation_of_a_slug_has_no_other_fields() {
    let database = TestDatabase::prepared().await;
    let tenant = suspended(&database, "deleted").await;
    delete(&database.ports, &tenant, "deleted").await;
    let id = doc! { "_id": tenant.scope.organization().to_string() };
    for (field, value) in [("name", Bson::from("Choir")), ("status", Bson::from("ACTIVE"))] {
        let set = doc! { "$set": { field: value } };
        assert!(database.collection("organizations").update_one(id.clone(), set).await.is_err(), "{field}");
    }
    let events = &database.ports.events;
    let found = events.list(&tenant.scope, EventFilter::default(), first(9), None).await.unwrap();
    assert!(found.items.is_empty());
}
