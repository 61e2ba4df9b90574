//! Loading seeds.

use std::sync::Arc;

use convene_api_graphql::seed::{Count, LoadError, OrganizationSeed, Summary};
use convene_application::{
    change::RequestMetadata,
    failure::{Failure, Fault},
    issue::CreateIssueCommand,
    ports::MockRegistrationBook,
};
use convene_domain::{issue::IssueStatus, registration::Registration, time::Instant};
use time::{Duration, macros::utc_datetime};

use crate::support::{World, demo};

const NOW: Instant = utc_datetime!(2031-03-05 11:00);

fn orchestra() -> OrganizationSeed {
    demo().into_iter().find(|seed| seed.slug.as_str() == "org-123").unwrap()
}

fn created(created: usize) -> Count {
    Count { created, existing: 0 }
}

/// Returns true if anything was created.
fn has_changes(summary: &Summary) -> bool {
    let counts = [summary.members, summary.events, summary.registrations, summary.issues];
    summary.created || counts.iter().any(|count| count.created > 0)
}

#[tokio::test]
async fn a_load_creates_everything_in_the_files() {
    let world = World::new(NOW);
    let seeds = demo();
    let summaries = world.load(&seeds).await.unwrap();
    for (seed, summary) in seeds.iter().zip(summaries) {
        let contents = world.contents(seed).await;
        assert!(summary.created);
        assert_eq!(summary.members, created(contents.members.len()));
        assert_eq!(summary.events, created(contents.events.len()));
        assert_eq!(summary.registrations, created(contents.registrations.len()));
        assert_eq!(summary.issues, created(contents.issues.len()));
        let emails = |members: &[Option<String>]| members.iter().flatten().count();
        let given: Vec<_> =
            seed.members.iter().map(|member| member.email.as_ref().map(ToString::to_string)).collect();
        let kept: Vec<_> =
            contents.members.iter().map(|member| member.email.as_ref().map(ToString::to_string)).collect();
        assert_eq!(emails(&kept), emails(&given));
        for issue in &seed.issues {
            let loaded = contents.issues.iter().find(|loaded| loaded.title == issue.title).unwrap();
            assert_eq!((loaded.status, loaded.priority), (issue.status, issue.priority));
            assert_eq!(loaded.event.is_some(), issue.event.is_some());
        }
    }
}

#[tokio::test]
async fn loading_twice_changes_nothing() {
    let world = World::new(NOW);
    let seeds = demo();
    world.load(&seeds).await.unwrap();
    let mut before = Vec::new();
    for seed in &seeds {
        before.push(world.contents(seed).await);
    }
    // On the same day, later, and after all events.
    for later in [Duration::minutes(1), Duration::days(3), Duration::days(400)] {
        world.clock.advance(later);
        for summary in world.load(&seeds).await.unwrap() {
            assert!(!has_changes(&summary), "{summary}");
        }
        for (seed, before) in seeds.iter().zip(&before) {
            assert_eq!(world.contents(seed).await, *before, "{}", seed.slug);
        }
    }
}

#[tokio::test]
async fn the_demo_can_be_loaded_on_any_day() {
    let seeds = demo();
    // More than a year at different times of day, so that each weekday and clock change is covered.
    for step in 0..200 {
        let now = NOW + Duration::hours(49) * step;
        let loaded = World::new(now).load(&seeds).await;
        assert!(loaded.is_ok(), "at {now}: {:?}", loaded.err());
    }
}

#[tokio::test]
async fn the_next_load_completes_an_interrupted_one() {
    let whole = orchestra();
    let mut first_admin_only = OrganizationSeed { events: vec![], issues: vec![], ..whole.clone() };
    first_admin_only.members.truncate(1);
    first_admin_only.members[0].email = None;
    let mut half = OrganizationSeed { issues: whole.issues.clone(), ..whole.clone() };
    half.events.truncate(3);
    half.events.iter_mut().for_each(|event| event.registrations.truncate(1));
    half.issues.iter_mut().for_each(|issue| issue.status = IssueStatus::Open);

    let world = World::new(NOW);
    for part in [first_admin_only, half] {
        world.load(std::slice::from_ref(&part)).await.unwrap();
        world.clock.advance(Duration::hours(30));
    }
    world.load(std::slice::from_ref(&whole)).await.unwrap();
    let contents = world.contents(&whole).await;
    assert_eq!(contents.members.len(), whole.members.len());
    assert_eq!(contents.members[0].email, whole.members[0].email);
    assert_eq!(contents.events.len(), whole.events.len());
    let registrations = whole.events.iter().flat_map(|event| &event.registrations);
    assert_eq!(contents.registrations.len(), registrations.map(|one| one.members.len()).sum::<usize>());
    assert_eq!(contents.issues[1].status, IssueStatus::InProgress);
    assert!(!has_changes(&world.load(&[whole]).await.unwrap()[0]));
}

#[tokio::test]
async fn a_fault_names_the_item_and_keeps_loaded_data() {
    let whole = orchestra();
    let world = World::new(NOW);
    let mut broken = MockRegistrationBook::new();
    broken.expect_register().returning(|_, _, _| Err(Fault::Overloaded.into()));
    let mut ports = world.ports.clone();
    ports.registration_book = Arc::new(broken);
    let faulty = World { clock: world.clock.clone(), directory: world.directory.clone(), ports };

    let error = faulty.load(std::slice::from_ref(&whole)).await.unwrap_err();
    assert!(error.to_string().contains(r#"events[0] "Full rehearsal": registration of user-456"#), "{error}");
    assert!(matches!(error, LoadError::Failed { source: Failure::Fault(Fault::Overloaded), .. }));

    let summary = &world.load(std::slice::from_ref(&whole)).await.unwrap()[0];
    assert!(!summary.created);
    assert_eq!(summary.events, Count { created: 0, existing: whole.events.len() });
    assert_eq!(summary.registrations.existing, 0);
}

#[tokio::test]
async fn changed_items_stay_unchanged() {
    let seed = orchestra();
    let world = World::new(NOW);
    world.load(std::slice::from_ref(&seed)).await.unwrap();
    let use_cases = world.use_cases();
    let registrations = world.contents(&seed).await.registrations;
    let admin = world.admin(&seed).await;
    for registration in registrations.iter().take(2) {
        let cancel = &use_cases.cancel_registration;
        cancel.execute(&admin, registration.id, RequestMetadata::default()).await.unwrap();
    }
    world.clock.advance(Duration::minutes(1));
    let before = world.contents(&seed).await;
    assert!(!has_changes(&world.load(std::slice::from_ref(&seed)).await.unwrap()[0]));
    let after = world.contents(&seed).await;
    assert_eq!(after, before);
    let cancelled = |one: &&Registration| !one.status.is_active();
    assert_eq!(after.registrations.iter().filter(cancelled).count(), 2);
}

#[tokio::test]
async fn an_issue_with_the_title_of_an_older_one_stays_unchanged() {
    let seed = orchestra();
    let world = World::new(NOW);
    world.load(std::slice::from_ref(&seed)).await.unwrap();
    let taken = seed.issues.iter().find(|issue| issue.status != IssueStatus::Open).unwrap();
    let command = CreateIssueCommand {
        title: taken.title.clone(),
        description: taken.description.clone(),
        priority: taken.priority,
        assignee: None,
        event: None,
    };
    let admin = world.admin(&seed).await;
    world.use_cases().create_issue.execute(&admin, command, RequestMetadata::default()).await.unwrap();
    let before = world.contents(&seed).await;
    world.load(std::slice::from_ref(&seed)).await.unwrap();
    assert_eq!(world.contents(&seed).await, before);
}

#[tokio::test]
async fn an_organization_with_other_admins_stays_unchanged() {
    let ours = orchestra();
    let mut theirs = ours.clone();
    theirs.members.retain(|member| member.user_id.as_str() == "user-456");
    theirs.members[0].user_id = convene_domain::text::UserId::parse("somebody-else").unwrap();
    theirs.events.clear();
    theirs.issues.clear();
    let world = World::new(NOW);
    world.load(std::slice::from_ref(&theirs)).await.unwrap();
    let before = world.contents(&theirs).await;
    let error = world.load(&[ours]).await.unwrap_err();
    assert!(matches!(error, LoadError::SlugTaken { .. }), "{error}");
    assert_eq!(world.contents(&theirs).await, before);
}
