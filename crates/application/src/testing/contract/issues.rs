//! The contract of [`Issues`](crate::ports::Issues).

use std::slice;

use convene_domain::{
    id::{EventId, IssueId, MemberId},
    issue::{Issue, IssuePriority, IssueStatus},
    text::{Description, SearchText, Title},
};

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, concurrently, logged_fields, refusal, refusals},
    tenant::Tenant,
};
use crate::{
    failure::{Field, Refusal},
    ports::{IssueFilter, IssuePatch, IssuePosition},
    testing::builders::{EventBuilder, IssueBuilder, first, first_after, fresh_uuid},
};

async fn create(tenant: &Tenant, issue: IssueBuilder) -> Issue {
    tenant.ports.issues.create(&tenant.scope, issue.build(), &by_root()).await.expect("an issue is created")
}

pub(super) async fn issues_are_numbered_from_one_and_numbers_are_not_reused(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let journal = tenant.journal().await;
    let by = tenant.admin.id;
    let one = create(&tenant, IssueBuilder::new("Broken projector", by)).await;
    let two = create(&tenant, IssueBuilder::new("No badges", by)).await;
    assert_eq!((one.number, two.number), (1, 2));
    assert_eq!((one.status, one.created_at, one.updated_at), (IssueStatus::Open, NOW, NOW));
    tenant.ports.issues.delete(&tenant.scope, two.id, None, &by_root()).await.unwrap();
    let three = create(&tenant, IssueBuilder::new("No chairs", by)).await;
    assert_eq!(three.number, 3);
    let elsewhere = environment.tenant("band").await;
    assert_eq!(create(&elsewhere, IssueBuilder::new("No drums", elsewhere.admin.id)).await.number, 1);

    let of_number = async |number| tenant.ports.issues.get_by_number(&tenant.scope, number).await.unwrap();
    assert_eq!(of_number(1).await, Some(one.clone()));
    assert_eq!(of_number(2).await, None);
    assert_eq!(of_number(3).await, Some(three.clone()));
    assert_eq!(of_number(0).await, None);
    let mut found = tenant.ports.issues.get_many(&tenant.scope, &[three.id, two.id, one.id]).await.unwrap();
    found.sort_by_key(|issue| issue.number);
    assert_eq!(found, [one.clone(), three.clone()]);
    journal
        .expect([
            ("issue.created", one.id.to_string()),
            ("issue.created", two.id.to_string()),
            ("issue.deleted", two.id.to_string()),
            ("issue.created", three.id.to_string()),
        ])
        .await;
}

pub(super) async fn concurrent_issues_are_numbered_without_gaps(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let calls = (0..64).map(|number| {
        let tenant = tenant.clone();
        let issue = IssueBuilder::new(&format!("Issue {number}"), tenant.admin.id).build();
        async move { tenant.ports.issues.create(&tenant.scope, issue, &by_root()).await }
    });
    let issues = concurrently(calls).await.into_iter().map(|outcome| outcome.expect("an issue is created"));
    let mut numbers: Vec<_> = issues.map(|issue| issue.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=64).collect::<Vec<_>>());
}

pub(super) async fn missing_references_of_an_issue_are_refused(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let issues = &tenant.ports.issues;
    let by = tenant.admin.id;
    let gone = tenant.member("ada").await;
    tenant.ports.members.remove(&tenant.scope, gone.id, &by_root()).await.unwrap();
    let issue = create(&tenant, IssueBuilder::new("Broken projector", by)).await;
    let journal = tenant.journal().await;
    let (nobody, nothing) = (MemberId::from_uuid(fresh_uuid()), EventId::from_uuid(fresh_uuid()));
    for assignee in [nobody, gone.id] {
        let new = IssueBuilder::new("No badges", by).assignee(assignee).build();
        let refused = issues.create(&tenant.scope, new, &by_root()).await;
        assert_eq!(refusal(refused), Refusal::not_found(Field::AssigneeId));
        let patch = IssuePatch { assignee: Some(Some(assignee)), ..IssuePatch::default() };
        let refused = issues.update(&tenant.scope, issue.id, patch, &by_root()).await;
        assert_eq!(refusal(refused), Refusal::not_found(Field::AssigneeId));
    }
    let new = IssueBuilder::new("No badges", by).event(nothing).build();
    assert_eq!(
        refusal(issues.create(&tenant.scope, new, &by_root()).await),
        Refusal::not_found(Field::EventId)
    );
    let patch = IssuePatch { event: Some(Some(nothing)), ..IssuePatch::default() };
    let refused = issues.update(&tenant.scope, issue.id, patch, &by_root()).await;
    assert_eq!(refusal(refused), Refusal::not_found(Field::EventId));
    let new = IssueBuilder::new("No badges", by).assignee(nobody).event(nothing).build();
    let mut all = refusals(issues.create(&tenant.scope, new, &by_root()).await);
    all.sort_by_key(ToString::to_string);
    assert_eq!(all, [Field::AssigneeId, Field::EventId].map(Refusal::not_found), "all problems at once");
    journal.expect_nothing().await;
    // A refused creation takes no number.
    assert_eq!(create(&tenant, IssueBuilder::new("No badges", by)).await.number, 2);
}

pub(super) async fn an_issue_can_keep_references_that_are_gone(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (issues, by) = (&tenant.ports.issues, tenant.admin.id);
    let ada = tenant.member("ada").await;
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    let issue = IssueBuilder::new("Broken projector", by).assignee(ada.id).event(event.id);
    let issue = create(&tenant, issue).await;
    tenant.ports.members.remove(&tenant.scope, ada.id, &by_root()).await.unwrap();
    tenant.ports.events.delete(&tenant.scope, event.id, &by_root()).await.unwrap();
    let patch = IssuePatch {
        title: Title::parse("Broken beamer").ok(),
        assignee: Some(Some(ada.id)),
        event: Some(Some(event.id)),
        ..IssuePatch::default()
    };
    let updated = issues.update(&tenant.scope, issue.id, patch, &by_root()).await.unwrap();
    assert_eq!((updated.title.as_str(), updated.version), ("Broken beamer", 2));
    assert_eq!((updated.assignee, updated.event), (Some(ada.id), Some(event.id)));
}

pub(super) async fn updating_an_issue_stores_and_logs_the_changed_fields(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let issues = &tenant.ports.issues;
    let event = tenant.event(EventBuilder::once(FIRST)).await;
    let ada = tenant.member("ada").await;
    let issue = create(&tenant, IssueBuilder::new("Broken projector", ada.id)).await;
    let journal = tenant.journal().await;
    let later = NOW + time::Duration::MINUTE;
    let patch = IssuePatch {
        title: Some(Title::parse("Projector is broken").unwrap()),
        description: Some(Description::parse("It flickers").unwrap()),
        status: Some(IssueStatus::InProgress),
        priority: Some(IssuePriority::High),
        assignee: Some(Some(ada.id)),
        event: Some(Some(event.id)),
        ..IssuePatch::default()
    };
    let updated = issues.update(&tenant.scope, issue.id, patch, &by_root_at(later)).await.unwrap();
    let expected = Issue {
        title: Title::parse("Projector is broken").unwrap(),
        description: Description::parse("It flickers").unwrap(),
        status: IssueStatus::InProgress,
        priority: IssuePriority::High,
        assignee: Some(ada.id),
        event: Some(event.id),
        version: 2,
        updated_at: later,
        ..issue.clone()
    };
    assert_eq!(updated, expected);
    assert_eq!(issues.get_many(&tenant.scope, &[issue.id]).await.unwrap(), slice::from_ref(&expected));
    journal.expect([("issue.updated", issue.id.to_string())]).await;
    let (ada_id, event_id) = (ada.id.to_string(), event.id.to_string());
    assert_eq!(
        logged_fields(&journal.new_entries().await),
        [
            ("assigneeId", None, Some(ada_id.as_str())),
            ("description", Some(""), Some("It flickers")),
            ("eventId", None, Some(event_id.as_str())),
            ("priority", Some("MEDIUM"), Some("HIGH")),
            ("status", Some("OPEN"), Some("IN_PROGRESS")),
            ("title", Some("Broken projector"), Some("Projector is broken")),
        ]
        .map(|(field, before, after)| (
            field.to_owned(),
            before.map(Into::into),
            after.map(Into::into)
        ))
    );

    let patch = IssuePatch { assignee: Some(None), event: Some(None), ..IssuePatch::default() };
    let cleared = issues.update(&tenant.scope, issue.id, patch, &by_root_at(later)).await.unwrap();
    assert_eq!(cleared, Issue { assignee: None, event: None, version: 3, ..expected });
}

pub(super) async fn an_update_without_effect_on_an_issue_is_not_logged(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let issue = create(&tenant, IssueBuilder::new("Broken projector", tenant.admin.id)).await;
    let journal = tenant.journal().await;
    let same = IssuePatch {
        title: Some(issue.title.clone()),
        status: Some(IssueStatus::Open),
        assignee: Some(None),
        ..IssuePatch::default()
    };
    let later = by_root_at(NOW + time::Duration::MINUTE);
    for patch in [IssuePatch::default(), same] {
        let updated = tenant.ports.issues.update(&tenant.scope, issue.id, patch, &later).await.unwrap();
        assert_eq!(updated, issue);
    }
    journal.expect_nothing().await;
}

pub(super) async fn a_deleted_issue_is_not_found(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let issues = &tenant.ports.issues;
    let issue = create(&tenant, IssueBuilder::new("Broken projector", tenant.admin.id)).await;
    assert_eq!(issues.delete(&tenant.scope, issue.id, None, &by_root()).await.unwrap(), issue.id);
    let journal = tenant.journal().await;
    let patch = IssuePatch { status: Some(IssueStatus::Done), ..IssuePatch::default() };
    for id in [issue.id, IssueId::from_uuid(fresh_uuid())] {
        let refused = issues.update(&tenant.scope, id, patch.clone(), &by_root()).await;
        assert_eq!(refusal(refused), Refusal::not_found(Field::IssueId));
        let refused = issues.delete(&tenant.scope, id, None, &by_root()).await;
        assert_eq!(refusal(refused), Refusal::not_found(Field::IssueId));
        assert_eq!(issues.get_many(&tenant.scope, &[id]).await.unwrap(), []);
    }
    journal.expect_nothing().await;
}

pub(super) async fn issues_are_listed_by_number_and_by_filter(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let ada = tenant.member("ada").await;
    let by = tenant.admin.id;
    let plain = |title: &str| IssueBuilder::new(title, by);
    let reports = [
        plain("Broken projector (again)").priority(IssuePriority::High).assignee(ada.id),
        plain("No badges").description("The PRINTER is out of order"),
        plain("No chairs").priority(IssuePriority::Low),
        plain("Printer jams").assignee(ada.id),
    ];
    let mut issues = Vec::new();
    for issue in reports {
        issues.push(create(&tenant, issue).await);
    }
    let patch = IssuePatch { status: Some(IssueStatus::Done), ..IssuePatch::default() };
    issues[2] = tenant.ports.issues.update(&tenant.scope, issues[2].id, patch, &by_root()).await.unwrap();

    let page = async |filter, page| tenant.ports.issues.list(&tenant.scope, filter, page).await.unwrap();
    let everything = IssueFilter::default;
    let found = page(everything(), first(2)).await;
    assert_eq!((found.items.as_slice(), found.has_more), (&issues[..2], true));
    let found = page(everything(), first_after(2, IssuePosition::Number(2))).await;
    assert_eq!((found.items.as_slice(), found.has_more), (&issues[2..], false));

    let numbers = async |filter| {
        let found = page(filter, first(10)).await;
        found.items.iter().map(|issue| issue.number).collect::<Vec<_>>()
    };
    let search = |text: &str| IssueFilter { search: Some(SearchText::parse(text).unwrap()), ..everything() };
    assert_eq!(numbers(search("printer")).await, [2, 4], "title and description, in any case");
    assert_eq!(numbers(search("(again)")).await, [1], "the text is no pattern");
    assert_eq!(numbers(search("N.")).await, [0_u32; 0]);
    let statuses = Some(vec![IssueStatus::Open, IssueStatus::InProgress]);
    assert_eq!(numbers(IssueFilter { statuses: statuses.clone(), ..everything() }).await, [1, 2, 4]);
    let priorities = Some(vec![IssuePriority::High, IssuePriority::Low]);
    assert_eq!(numbers(IssueFilter { priorities: priorities.clone(), ..everything() }).await, [1, 3]);
    let of_ada = IssueFilter { assignees: Some(vec![ada.id]), ..everything() };
    assert_eq!(numbers(of_ada.clone()).await, [1, 4]);
    assert_eq!(
        numbers(IssueFilter { statuses, priorities, ..of_ada }).await,
        [1],
        "all conditions must hold"
    );
    assert_eq!(numbers(IssueFilter { statuses: Some(Vec::new()), ..everything() }).await, [0_u32; 0]);
}
