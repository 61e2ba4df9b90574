//! The operator's changes of an organization beside the changes of its members.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use convene_application::{
    authentication::Deadline,
    failure::{Outcome, Refusal},
    ports::{Changed, EditScope, EventEdit, EventPatch, OnAffected},
    testing::builders::{ChangeBuilder, EventBuilder},
};
use convene_domain::{
    event::Event,
    organization::OrganizationStatus,
    text::{Slug, Title},
};
use time::macros::datetime;

use crate::support::{FailPoint, Tenant, TestDatabase, refusal};

/// Less than the limit of a call to the database, and much more than a short change takes.
const SLOW_MILLISECONDS: i32 = 2_500;

/// Does this while an edit holds the lock of the organization, and returns the outcome of the edit.
async fn beside_an_edit(
    database: &TestDatabase,
    tenant: &Tenant,
    event: &Event,
    title: &str,
    operator: impl Future<Output = ()>,
) -> Outcome<Changed<Event>> {
    let slow = FailPoint::on("find", 1)
        .in_collection(database, "events", 0)
        .slow(SLOW_MILLISECONDS)
        .set(database)
        .await;
    let (events, scope) = (Arc::clone(&database.ports.events), tenant.scope);
    let edit = EventEdit {
        event: event.id,
        expected_version: None,
        scope: EditScope::All,
        patch: EventPatch { title: Title::parse(title).ok(), ..EventPatch::default() },
        on_affected: OnAffected::Refuse,
    };
    let edit =
        tokio::spawn(
            async move { events.update(&scope, edit, &ChangeBuilder::by("first-admin").build()).await },
        );
    slow.entered().await;
    operator.await;
    assert!(!edit.is_finished(), "the operator waited for the edit");
    slow.times_entered().await;
    edit.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspension_and_a_deletion_wait_for_no_change_of_a_member() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("choir").await;
    let (ports, change) = (&database.ports, ChangeBuilder::by("operator").build());
    let event = EventBuilder::once(datetime!(2031-04-01 09:00)).build();
    let event = ports.events.create(&tenant.scope, event, &change).await.unwrap();
    let suspend = async {
        let suspended = OrganizationStatus::Suspended;
        ports.organizations.set_status(&tenant.scope, suspended, &change).await.unwrap();
    };
    let edited = beside_an_edit(&database, &tenant, &event, "Concert", suspend).await.unwrap();
    assert_eq!(edited.now.title.as_str(), "Concert", "what was let in is completed");

    let delete = async {
        let slug = Slug::parse("choir").unwrap();
        // Its steps read the events, which is slow.
        let begun = ports.without_steps_of(1);
        begun.organizations.delete(&tenant.scope, &slug, &change).await.unwrap();
    };
    let edited = beside_an_edit(&database, &tenant, &event, "Rehearsal", delete).await;
    assert_eq!(refusal(edited), Refusal::OrganizationSuspended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_lock_is_refused_after_a_suspension() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("choir").await;
    let (ports, change) = (&database.ports, ChangeBuilder::by("operator").build());
    let mut events = Vec::new();
    for _ in 0..2 {
        let event = EventBuilder::once(datetime!(2031-04-01 09:00)).build();
        events.push(ports.events.create(&tenant.scope, event, &change).await.unwrap());
    }
    let (waiting, mut outcome) = (events[1].id, None);
    let suspend = async {
        let now = Instant::now();
        let deadline = Deadline::at(now + Duration::from_secs(10)).begun_at(now);
        let scope = tenant.scope.called_by(tenant.admin(), deadline);
        let events = Arc::clone(&ports.events);
        outcome = Some(tokio::spawn(async move {
            events.cancel(&scope, waiting, &ChangeBuilder::by("first-admin").build()).await
        }));
        tokio::time::sleep(Duration::from_millis(100)).await;
        let suspended = OrganizationStatus::Suspended;
        ports.organizations.set_status(&tenant.scope, suspended, &change).await.unwrap();
    };
    beside_an_edit(&database, &tenant, &events[0], "Concert", suspend).await.unwrap();
    assert_eq!(refusal(outcome.unwrap().await.unwrap()), Refusal::OrganizationSuspended);
    let stored = ports.events.get_many(&tenant.scope, &[waiting]).await.unwrap();
    assert_eq!(stored[0].status, events[1].status);
}
