use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Failure, Refusal},
    idempotency::IDEMPOTENCY_WINDOW,
    limits::FOLLOWED_RESULTS,
    ports::{
        EditScope, EventEdit, EventPatch, IssuePatch, Issues, MemberPatch, OccurrenceEdit, OccurrencePatch,
        OnAffected,
    },
    testing::{
        FixedClock,
        builders::{
            ChangeBuilder, EventBuilder, IssueBuilder, MemberBuilder, OrganizationBuilder, occurrence_key,
        },
    },
};
use convene_domain::{
    issue::{Issue, IssueStatus},
    time::Instant,
};
use convene_infrastructure_mongo::ports::MongoPorts;
use time::{Duration, macros::datetime};

use crate::{
    plans::{plan, sum, values},
    support::{Scenario, Tenant, TestDatabase, by, request_for},
};

fn keyed(key: &str, input: u8) -> Change {
    ChangeBuilder::by("first-admin").key(key, input).build()
}

async fn report(issues: &dyn Issues, tenant: &Tenant, change: &Change) -> Result<Issue, Failure> {
    let issue = IssueBuilder::new("Broken projector", tenant.admin()).build();
    issues.create(&tenant.scope, issue, change).await
}

fn assert_reused<T: std::fmt::Debug>(outcome: &Result<T, Failure>) {
    assert!(
        matches!(outcome, Err(Failure::Refused(why)) if why[..] == [Refusal::IdempotencyKeyReused]),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_repeat_changes_nothing_and_has_the_same_result() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("repeats").await;
    let issues = &*database.ports.issues;
    let first = report(issues, &tenant, &keyed("key", 1)).await.unwrap();
    let again = report(issues, &tenant, &keyed("key", 1)).await.unwrap();
    assert_eq!(first, again);
    assert_reused(&report(issues, &tenant, &keyed("key", 2)).await);
    assert_eq!(database.logged("issue.created").await, 1);

    let other = ChangeBuilder::by("another-admin").key("key", 2).build();
    assert_eq!(
        report(issues, &tenant, &other).await.unwrap().number,
        2,
        "another actor may use the same key"
    );
    let neighbour = database.organization("neighbour").await;
    assert_eq!(report(issues, &neighbour, &keyed("key", 2)).await.unwrap().number, 1);
}

#[tokio::test]
async fn one_of_concurrent_repeats_is_executed() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("twice").await;
    let another = database.another_process().await;
    for round in 0..10 {
        let change = keyed(&format!("key-{round}"), 1);
        let (one, two, three) = futures::join!(
            report(&*database.ports.issues, &tenant, &change),
            report(&*another.issues, &tenant, &change),
            report(&*database.ports.issues, &tenant, &change)
        );
        let one = one.unwrap();
        assert_eq!((&one, &one), (&two.unwrap(), &three.unwrap()));
    }
    assert_eq!(database.logged("issue.created").await, 10);
}

#[tokio::test]
async fn a_refused_change_stores_no_key() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("refused").await;
    let change = keyed("key", 1);
    let demotion = MemberPatch { role: Some(convene_domain::member::Role::Member), ..MemberPatch::default() };
    let refused = database.ports.members.update(&tenant.scope, tenant.admin(), demotion, &change).await;
    assert!(matches!(refused, Err(Failure::Refused(why)) if why[..] == [Refusal::LastAdmin]));
    assert!(report(&*database.ports.issues, &tenant, &keyed("key", 2)).await.is_ok());
}

#[tokio::test]
async fn a_key_expires_after_its_window() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("window").await;
    let issues = &*database.ports.issues;
    let at = |time| ChangeBuilder::by("first-admin").key("key", 1).at(time).build();
    report(issues, &tenant, &at(FixedClock::START)).await.unwrap();
    let just_within = FixedClock::START + IDEMPOTENCY_WINDOW - Duration::SECOND;
    assert_eq!(report(issues, &tenant, &at(just_within)).await.unwrap().number, 1);
    let later = FixedClock::START + IDEMPOTENCY_WINDOW;
    assert_eq!(report(issues, &tenant, &at(later)).await.unwrap().number, 2);
}

#[tokio::test]
async fn every_kind_of_result_is_loaded_for_a_repeat() {
    let database = TestDatabase::prepared().await;
    let (organizations, members, issues) =
        (&database.ports.organizations, &database.ports.members, &database.ports.issues);

    let organization = OrganizationBuilder::new("created-twice").build();
    let scope = TenantScope::for_tests(organization.id);
    let admin = MemberBuilder::new("first-admin").admin().build();
    let creation = keyed("create", 1);
    let first = organizations.create(&scope, organization.clone(), admin.clone(), &creation).await.unwrap();
    // The use case gives a repeat a new id.
    let again = organizations.create(&scope, organization, admin, &creation).await.unwrap();
    assert_eq!(first, again);

    let leaver = MemberBuilder::new("leaver").build();
    members.add(&scope, leaver.clone(), &keyed("add", 1)).await.unwrap();
    let removed = members.remove(&scope, leaver.id, &keyed("remove", 1)).await.unwrap();
    assert_eq!(members.remove(&scope, leaver.id, &keyed("remove", 1)).await.unwrap(), removed);
    assert_eq!(members.add(&scope, leaver.clone(), &keyed("add", 1)).await.unwrap().user_id, leaver.user_id);

    let issue = IssueBuilder::new("Broken projector", first.1.id).build();
    let issue = issues.create(&scope, issue, &keyed("report", 1)).await.unwrap();
    let done = IssuePatch { status: Some(IssueStatus::Done), ..IssuePatch::default() };
    let updated = issues.update(&scope, issue.id, done.clone(), &keyed("settle", 1)).await.unwrap();
    assert_eq!(issues.update(&scope, issue.id, done, &keyed("settle", 1)).await.unwrap(), updated);
    for _ in 0..2 {
        assert_eq!(issues.delete(&scope, issue.id, None, &keyed("delete", 1)).await.unwrap(), issue.id);
    }
}

#[tokio::test]
async fn one_of_concurrent_creations_of_an_organization_is_executed() {
    let database = TestDatabase::prepared().await;
    let another = database.another_process().await;
    for round in 0..5 {
        let change = ChangeBuilder::by("operator").key(&format!("key-{round}"), 1).build();
        // The use case gives each repeat new ids.
        let create = |ports: &MongoPorts| {
            let organization = OrganizationBuilder::new(&format!("round-{round}")).build();
            let scope = TenantScope::for_tests(organization.id);
            let admin = MemberBuilder::new("first-admin").admin().build();
            let (organizations, change) = (ports.organizations.clone(), change.clone());
            async move { organizations.create(&scope, organization, admin, &change).await.unwrap() }
        };
        let (one, two, three) =
            futures::join!(create(&database.ports), create(&another), create(&database.ports));
        assert_eq!((&one, &one), (&two, &three));
    }
    assert_eq!(database.logged("organization.created").await, 5);
    assert_eq!(database.logged("member.added").await, 5);
}

/// The race of finding a key unused: each process reads before the other one commits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_used_by_one_of_two_operations_of_two_processes() {
    let scenario = Scenario::with_two_processes().await;
    let another = scenario.database.another_process().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(100).build()).await;
    let mut lost = 0;
    for round in 0..30 {
        let member = scenario.member().await;
        let cancelled = scenario.member().await;
        let seat = scenario.register(request_for(&event, cancelled), &by(cancelled).build()).await.unwrap();
        let key = format!("key-{round}");
        let change = |input| ChangeBuilder::by("first-admin").key(&key, input).build();
        let (registering, reporting, cancelling) = (change(1), change(2), change(3));
        let (registered, reported, cancelled) = futures::join!(
            scenario.register_by(0, request_for(&event, member), &registering),
            report(&*another.issues, &scenario.tenant, &reporting),
            scenario.cancel_by(1, &seat, &cancelling),
        );
        let outcomes = [registered.map(drop), reported.map(drop), cancelled.map(drop)];
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        outcomes.iter().filter(|outcome| outcome.is_err()).for_each(assert_reused);
        lost += usize::from(outcomes[0].is_err());
    }
    assert_ne!(lost, 0, "each operation wins sometimes");
    scenario.assert_sound().await;
}

#[tokio::test]
async fn an_edit_follows_the_newest_results() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("results").await;
    let events = &database.ports.events;
    let event = EventBuilder::daily(datetime!(2031-04-01 09:00), 9).build();
    let event = events.create(&tenant.scope, event, &by(tenant.admin()).build()).await.unwrap();
    let start = |days: i64| event.series.first_start() + Duration::days(days);
    // A change without effect on an occurrence that only the rule gives.
    let rename = async |days: i64, key: &str, at: Instant| {
        let patch = OccurrencePatch { title: Some(event.title.clone()), ..OccurrencePatch::default() };
        let occurrence = occurrence_key(&event, start(days));
        let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
        let change = ChangeBuilder::by("first-admin").key(key, 1).at(at).build();
        events.update_occurrence(&tenant.scope, edit, &change).await.unwrap().now.key.original_start
    };
    let now = FixedClock::START;
    rename(1, "oldest", now).await;
    rename(2, "newest", now + Duration::MINUTE).await;
    let results = database.collection("idempotency");
    let newest = doc! { "_id.key": "newest" };
    let newest = results.find_one(newest).await.unwrap().unwrap();
    let copies = (1..FOLLOWED_RESULTS).map(|number| {
        let mut copy = newest.clone();
        copy.get_document_mut("_id").unwrap().insert("key", format!("copy {number}"));
        copy
    });
    results.insert_many(copies).await.unwrap();

    let first = Some(datetime!(2031-04-02 09:00));
    let edit = EventEdit {
        event: event.id,
        scope: EditScope::All,
        expected_version: None,
        patch: EventPatch { starts_at: first, ..EventPatch::default() },
        on_affected: OnAffected::Refuse,
    };
    commands.take();
    events.update(&tenant.scope, edit, &by(tenant.admin()).build()).await.unwrap();
    let is_of_results = |name: &str| name == "idempotency";
    let reads = commands.take().into_iter();
    let reads = reads.filter(|it| it.command.get_str("find").is_ok_and(is_of_results));
    let reads: Vec<_> = reads.filter(|it| it.command.contains_key("sort")).collect();
    assert!(!reads.is_empty(), "the results are read");
    for read in reads {
        let plan = plan(&database, &read).await;
        let mut stages = Vec::new();
        values(&plan, "stage", &mut stages);
        assert!(!stages.iter().any(|stage| stage.as_str() == Some("SORT")), "the index sorts: {stages:?}");
        assert!(usize::try_from(sum(&plan, "totalDocsExamined")).unwrap() <= FOLLOWED_RESULTS, "{plan}");
    }
    let moved = doc! { "result.subject": occurrence_key(&event, start(3)).to_string() };
    assert_eq!(results.count_documents(moved).await.unwrap(), FOLLOWED_RESULTS as u64);
    assert_eq!(rename(2, "newest", now).await, start(3));
    assert_eq!(rename(1, "oldest", now).await, start(1));
}
