//! The contract of [`ActivityLog`](crate::ports::ActivityLog).

use convene_domain::{
    activity::{Activity, Actor},
    id::ActivityId,
    text::{DisplayName, OrganizationName, Title, UserId},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root_at},
    tenant::Tenant,
};
use crate::{
    ports::{
        ActivityFilter, EditScope, EventEdit, EventPatch, IssuePatch, MemberFilter, MemberPatch, OnAffected,
        OrganizationPatch,
    },
    testing::builders::{
        ChangeBuilder, EventBuilder, IssueBuilder, MemberBuilder, first, first_after, fresh_uuid,
    },
};

/// An organization with four members, added a minute apart, the last two at the same time by other actors.
async fn choir(environment: &Environment) -> (Tenant, Vec<Activity>) {
    let tenant = environment.tenant("choir").await;
    let minutes = |number| NOW + Duration::minutes(number);
    let changes = [
        by_root_at(minutes(1)),
        by_root_at(minutes(2)),
        ChangeBuilder::by("ada").at(minutes(3)).request("request-3").build(),
        ChangeBuilder::by_system().at(minutes(3)).build(),
    ];
    for (number, change) in changes.iter().enumerate() {
        let member = MemberBuilder::new(&format!("user-{number}")).build();
        tenant.ports.members.add(&tenant.scope, member, change).await.unwrap();
    }
    let mut newest_first = tenant.log().await;
    newest_first.reverse();
    assert_eq!(newest_first.len(), 6);
    (tenant, newest_first)
}

pub(super) async fn entries_are_listed_newest_first(environment: Environment) {
    let (tenant, log) = choir(&environment).await;
    assert!(log.is_sorted_by(|newer, older| (newer.at, newer.id) > (older.at, older.id)));
    let page = async |page| {
        let filter = ActivityFilter::default();
        let page = tenant.ports.activity_log.list(&tenant.scope, filter, page).await.unwrap();
        (page.items, page.has_more)
    };
    let after = |entry: &Activity| first_after(2, (entry.at, entry.id));
    assert_eq!(page(first(2)).await, (log[..2].to_vec(), true));
    assert_eq!(
        page(after(&log[0])).await,
        (log[1..3].to_vec(), true),
        "entries of the same time are ordered by id"
    );
    assert_eq!(page(after(&log[3])).await, (log[4..].to_vec(), false));
    assert_eq!(page(first(6)).await, (log.clone(), false));
}

pub(super) async fn entries_name_actor_action_and_request(environment: Environment) {
    let (_, log) = choir(&environment).await;
    let of = |user: &str| {
        let actor = Actor::User(UserId::parse(user).unwrap());
        log.iter().filter(|entry| entry.actor == actor).collect::<Vec<_>>()
    };
    assert_eq!((of("root").len(), of("operator").len()), (2, 2));
    let [by_ada] = of("ada")[..] else { panic!("one entry") };
    assert_eq!((by_ada.at, by_ada.request_id.as_deref()), (NOW + Duration::minutes(3), Some("request-3")));
    assert_eq!(by_ada.action.as_str(), "member.added");
    let by_system: Vec<_> = log.iter().filter(|entry| entry.actor == Actor::System).collect();
    assert_eq!((by_system.len(), by_system[0].request_id.as_deref()), (1, None));
}

pub(super) async fn entries_are_listed_by_filter(environment: Environment) {
    let (tenant, log) = choir(&environment).await;
    let list =
        async |filter| tenant.ports.activity_log.list(&tenant.scope, filter, first(10)).await.unwrap().items;
    let all = ActivityFilter::default;
    let actor = |user: &str| Some(Actor::parse(user).unwrap());
    assert_eq!(list(all()).await, log);
    assert_eq!(list(ActivityFilter { actor: actor("root"), ..all() }).await, log[2..4]);
    let by_system = list(ActivityFilter { actor: actor("system"), ..all() }).await;
    assert_eq!(by_system.iter().map(|entry| &entry.actor).collect::<Vec<_>>(), [&Actor::System]);
    assert_eq!(list(ActivityFilter { actor: actor("nobody"), ..all() }).await, []);
    let action = |action: &str| ActivityFilter { action: Some(action.to_owned()), ..all() };
    assert_eq!(list(action("member.added")).await.len(), 5);
    assert_eq!(list(action("organization.created")).await.len(), 1);
    assert_eq!(list(action("member")).await, []);
    let subject = Some(log[2].subject.to_string());
    assert_eq!(list(ActivityFilter { subject: subject.clone(), ..all() }).await, log[2..3]);
    let elsewhere = ActivityFilter { subject, actor: actor("ada"), ..all() };
    assert_eq!(list(elsewhere).await, [], "all conditions must hold");
    let from = Some(NOW + Duration::minutes(2));
    let to = Some(NOW + Duration::minutes(3));
    assert_eq!(list(ActivityFilter { from, ..all() }).await, log[..3], "inclusive");
    assert_eq!(list(ActivityFilter { to, ..all() }).await, log[2..], "exclusive");
    assert_eq!(list(ActivityFilter { from, to, ..all() }).await, log[2..3]);
}

pub(super) async fn entries_are_found_by_id(environment: Environment) {
    let (tenant, log) = choir(&environment).await;
    let ids = [log[4].id, ActivityId::from_uuid(fresh_uuid()), log[1].id];
    let mut found = tenant.ports.activity_log.get_many(&tenant.scope, &ids).await.unwrap();
    found.sort_by_key(|entry| entry.at);
    let mut expected = [log[4].clone(), log[1].clone()];
    expected.sort_by_key(|entry| entry.at);
    assert_eq!(found, expected);
}

pub(super) async fn entries_stay_unchanged(environment: Environment) {
    let (tenant, log) = choir(&environment).await;
    let members =
        tenant.ports.members.list(&tenant.scope, MemberFilter::default(), first(10)).await.unwrap().items;
    let last = members.last().expect("a member");
    let patch = MemberPatch { role: Some(convene_domain::member::Role::Admin), ..MemberPatch::default() };
    let later = by_root_at(NOW + Duration::hours(1));
    tenant.ports.members.update(&tenant.scope, last.id, patch, &later).await.unwrap();
    tenant.ports.members.remove(&tenant.scope, last.id, &later).await.unwrap();
    let mut now = tenant.log().await;
    now.reverse();
    assert_eq!(now[2..], log, "earlier entries are unchanged");
}

pub(super) async fn entries_and_times_of_an_object_are_in_the_order_of_its_changes(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (ports, scope) = (&tenant.ports, &tenant.scope);
    let member = tenant.member("ada").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    let issue = IssueBuilder::new("Broken chair", tenant.admin.id).build();
    let issue = ports.issues.create(scope, issue, &by_root_at(NOW)).await.unwrap();
    // Changes that were asked for in another order, because some of them waited.
    for (number, minutes) in [(1, 1), (2, 3), (3, 2)] {
        let change = by_root_at(NOW + Duration::minutes(minutes));
        let text = format!("Number {number}");
        let patch =
            OrganizationPatch { name: OrganizationName::parse(&text).ok(), ..OrganizationPatch::default() };
        let organization = ports.organizations.update(scope, patch, &change).await.unwrap();
        let patch = MemberPatch { display_name: DisplayName::parse(&text).ok(), ..MemberPatch::default() };
        let member = ports.members.update(scope, member.id, patch, &change).await.unwrap();
        let patch = IssuePatch { title: Title::parse(&text).ok(), ..IssuePatch::default() };
        let issue = ports.issues.update(scope, issue.id, patch, &change).await.unwrap();
        let edit = EventEdit {
            event: event.id,
            expected_version: None,
            scope: EditScope::All,
            patch: EventPatch { title: Title::parse(&text).ok(), ..EventPatch::default() },
            on_affected: OnAffected::Refuse,
        };
        let event = ports.events.update(scope, edit, &change).await.unwrap().now;
        // The last one was asked for before the second one was recorded.
        let recorded = NOW
            + if number == 3 {
                Duration::minutes(3) + Duration::MILLISECOND
            } else {
                Duration::minutes(minutes)
            };
        let times = [organization.updated_at, member.updated_at, issue.updated_at, event.updated_at];
        assert_eq!(times, [recorded; 4], "change {number}");
    }
    let log = tenant.log().await;
    for action in ["organization.updated", "member.updated", "issue.updated", "event.updated"] {
        let entries: Vec<&Activity> = log.iter().filter(|entry| entry.action.as_str() == action).collect();
        let texts: Vec<_> = entries.iter().map(|entry| entry.changes[0].after.clone().unwrap()).collect();
        assert_eq!(texts, ["Number 1", "Number 2", "Number 3"], "{action}");
    }
}
