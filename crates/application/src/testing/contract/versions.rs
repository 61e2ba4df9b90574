//! The contract of all ports that change objects with a version.

use convene_domain::{
    event::Event,
    occurrence::{OccurrenceKey, OccurrenceStatus},
    recurrence::Rule,
    text::{DisplayName, OrganizationName, Title},
    time::LocalDateTime,
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, by_root_at, concurrently, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    failure::{Outcome, Refusal},
    ports::{
        EventEdit, EventPatch, IssuePatch, MemberPatch, NewRecurrence, OccurrenceCancellation,
        OccurrenceEdit, OccurrencePatch, OccurrenceRestoration, OnAffected, OrganizationPatch,
    },
    testing::builders::{EventBuilder, IssueBuilder, register},
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

pub(super) async fn a_cancellation_of_an_outdated_version_is_refused_and_changes_nothing(
    environment: Environment,
) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::weekly(FIRST)).await;
    let occurrence = OccurrenceKey { event: event.id, original_start: day(7) };
    let title = Title::parse("Concert").ok();
    let patch = OccurrencePatch { title, ..OccurrencePatch::default() };
    let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
    let cancel = async |expected_version: Option<u32>| {
        let cancellation = OccurrenceCancellation { occurrence, expected_version };
        tenant.ports.events.cancel_occurrence(&tenant.scope, cancellation, &by_root()).await
    };
    let journal = tenant.journal().await;
    for outdated in [1, 3] {
        assert_eq!(refusal(cancel(Some(outdated)).await), Refusal::VersionConflict { current: 2 });
    }
    journal.expect_nothing().await;
    assert_eq!(cancel(Some(2)).await.unwrap().now.version, 3);
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

/// The ways in which a date can leave a series and come back: the edits that drop it, and those that bring it back.
#[derive(Clone, Copy, Debug)]
enum Way {
    Exdate,
    Count,
    ShiftMeanwhile,
    Split,
}

pub(super) async fn the_version_of_a_date_that_comes_back_grows(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    for way in [Way::Exdate, Way::Count, Way::ShiftMeanwhile, Way::Split] {
        for is_held in [false, true] {
            let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
            let occurrence = OccurrenceKey { event: event.id, original_start: day(3) };
            let rename = async |title: &str, expected_version| {
                let title = Title::parse(title).ok();
                let patch = OccurrencePatch { title, expected_version, ..OccurrencePatch::default() };
                let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
                tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await
            };
            if is_held {
                let member = tenant.member(&format!("user-{way:?}")).await;
                tenant.seat(&event, day(3), &member).await;
            }
            let stale = rename("Special", None).await.unwrap().now.version;
            come_back(&tenant, &event, way).await;
            let found = tenant.listing(&[event.id], day(3), day(4)).await;
            let [back] = found.as_slice() else { panic!("{way:?}: {found:?}") };
            assert_eq!((back.key, back.is_exception), (occurrence, false), "{way:?}");
            assert!(back.version > stale, "{way:?}: {} after {stale}", back.version);
            for version in 1..=stale {
                let refused = rename("Stale", Some(version)).await;
                assert_eq!(refusal(refused), Refusal::VersionConflict { current: back.version }, "{way:?}");
            }
            let current = rename("Concert", Some(back.version)).await.unwrap().now.version;
            assert_eq!(current, back.version + 1);
            // Others have been as they are.
            let others = tenant.listing(&[event.id], day(1), day(3)).await;
            let others: Vec<u32> = others.iter().map(|one| one.version).collect();
            assert_eq!(others, [1, 1], "{way:?}");
        }
    }
}

async fn come_back(tenant: &Tenant, event: &Event, way: Way) {
    let rule = |count: u32, without: &[LocalDateTime]| {
        let rule = Rule::parse(&format!("FREQ=DAILY;COUNT={count}")).unwrap();
        let recurrence = NewRecurrence { rule, exdates: without.to_vec(), rdates: vec![] };
        EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() }
    };
    let starting =
        |hours| EventPatch { starts_at: Some(FIRST + Duration::hours(hours)), ..EventPatch::default() };
    let date = FIRST + Duration::days(3);
    let edits = match way {
        Way::Exdate => vec![rule(5, &[date]), rule(5, &[])],
        Way::Count => vec![rule(2, &[]), rule(5, &[])],
        Way::ShiftMeanwhile => {
            vec![starting(1), rule(5, &[date + Duration::HOUR]), starting(0), rule(5, &[])]
        }
        Way::Split => {
            tenant.split(event, day(2), EventPatch::default()).await;
            vec![rule(5, &[])]
        }
    };
    for patch in edits {
        let edit = EventEdit { on_affected: OnAffected::CancelRegistrations, ..edit_of(event.id, patch) };
        tenant.ports.events.update(&tenant.scope, edit, &by_root()).await.unwrap();
    }
}

/// Renames the occurrence with this id and restores it; returns its version.
async fn rename_and_restore(tenant: &Tenant, occurrence: OccurrenceKey) -> u32 {
    let patch = OccurrencePatch { title: Title::parse("Special").ok(), ..OccurrencePatch::default() };
    let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
    tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await.unwrap();
    let restoration = OccurrenceRestoration {
        occurrence,
        fields: vec![],
        expected_version: None,
        on_affected: OnAffected::Refuse,
    };
    let restored = tenant.ports.events.restore_occurrence(&tenant.scope, restoration, &by_root()).await;
    restored.unwrap().now.version
}

async fn version_of(tenant: &Tenant, occurrence: OccurrenceKey) -> u32 {
    let start = occurrence.original_start;
    let found = tenant.listing(&[occurrence.event], start, start + Duration::HOUR).await;
    found.iter().find(|one| one.key == occurrence).expect("it is listed").version
}

pub(super) async fn the_version_of_an_id_does_not_go_back_in_a_shift(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    for is_restored in [true, false] {
        let event = tenant.event(EventBuilder::daily(FIRST, 8)).await;
        let occurrence = OccurrenceKey { event: event.id, original_start: day(4) };
        let mut version = rename_and_restore(&tenant, occurrence).await;
        if !is_restored {
            let patch = OccurrencePatch { title: Title::parse("Concert").ok(), ..OccurrencePatch::default() };
            let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
            let changed = tenant.ports.events.update_occurrence(&tenant.scope, edit, &by_root()).await;
            version = changed.unwrap().now.version;
        }
        // The date of the occurrence passes, and its id is that of others.
        for days in [-3, 0, -1, -2, 0] {
            let starts_at = Some(FIRST + Duration::days(days));
            let edit = edit_of(event.id, EventPatch { starts_at, ..EventPatch::default() });
            let at = by_root_at(day(2) + Duration::HOUR);
            tenant.ports.events.update(&tenant.scope, edit, &at).await.unwrap();
            let now = version_of(&tenant, occurrence).await;
            assert!(now > version, "by {days} days: {now} after {version}");
            version = now;
        }
    }
}

pub(super) async fn the_version_of_an_id_does_not_go_back_after_a_deletion(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
    let occurrence = OccurrenceKey { event: event.id, original_start: day(3) };
    let version = rename_and_restore(&tenant, occurrence).await;
    let second = tenant.split(&event, day(2), EventPatch::default()).await;
    tenant.ports.events.delete(&tenant.scope, second.id, &by_root()).await.unwrap();
    assert_eq!(tenant.listed(&[&event], day(0), day(9)).await, [day(0), day(1)]);
    // The date is read as cancelled, and takes no registration; it is in no list.
    let gone = tenant.stored(occurrence).await.unwrap();
    assert_eq!(
        (gone.status(), gone.is_dropped(), gone.is_held()),
        (OccurrenceStatus::Cancelled, true, false)
    );
    let refused = tenant.try_register(register(occurrence, tenant.admin.id), NOW).await;
    assert_eq!(refusal(refused), Refusal::OccurrenceCancelled);
    assert_eq!(tenant.listed_with_cancelled(&[&event], day(0), day(9)).await.len(), 2);
    let rule = Rule::parse("FREQ=DAILY;COUNT=5").unwrap();
    let recurrence = NewRecurrence { rule, exdates: vec![], rdates: vec![] };
    let patch = EventPatch { recurrence: Some(Some(recurrence)), ..EventPatch::default() };
    tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &by_root()).await.unwrap();
    assert!(version_of(&tenant, occurrence).await > version);
    assert_eq!(version_of(&tenant, OccurrenceKey { event: event.id, original_start: day(2) }).await, 1);
    // Both events can be deleted.
    tenant.ports.events.delete(&tenant.scope, event.id, &by_root()).await.unwrap();
}

pub(super) async fn the_version_of_an_id_does_not_go_back_after_edits_of_the_second_part(
    environment: Environment,
) {
    let tenant = environment.tenant("choir").await;
    let daily = |count: u32, without: &[i64]| {
        let rule = Rule::parse(&format!("FREQ=DAILY;COUNT={count}")).unwrap();
        let exdates = without.iter().map(|number| FIRST + Duration::days(*number)).collect();
        EventPatch {
            recurrence: Some(Some(NewRecurrence { rule, exdates, rdates: vec![] })),
            ..EventPatch::default()
        }
    };
    let edit = async |event: &Event, patch: EventPatch| {
        tenant.ports.events.update(&tenant.scope, edit_of(event.id, patch), &by_root()).await.unwrap();
    };
    let by_a_day = EventPatch { starts_at: Some(FIRST + Duration::days(3)), ..EventPatch::default() };
    // The date of the second part is dropped, and comes back; or another occurrence gets its id.
    for (name, edits) in [
        ("exdate", vec![daily(3, &[3]), daily(3, &[])]),
        ("count", vec![daily(1, &[]), daily(3, &[])]),
        ("shift", vec![daily(3, &[3]), by_a_day]),
    ] {
        let event = tenant.event(EventBuilder::daily(FIRST, 5)).await;
        let occurrence = OccurrenceKey { event: event.id, original_start: day(3) };
        let version = rename_and_restore(&tenant, occurrence).await;
        let second = tenant.split(&event, day(2), EventPatch::default()).await;
        rename_and_restore(&tenant, OccurrenceKey { event: second.id, original_start: day(2) }).await;
        for patch in edits {
            edit(&second, patch).await;
        }
        // Until the first part has the date again, its id denotes that of the second part.
        let found = tenant.stored(occurrence).await.map(|found| found.key);
        let back = OccurrenceKey { event: second.id, original_start: day(3) };
        assert_eq!(found, Some(back), "{name}");
        edit(&event, daily(5, &[])).await;
        let now = version_of(&tenant, occurrence).await;
        assert!(now > version, "{name}: {now} after {version}");
    }
}
