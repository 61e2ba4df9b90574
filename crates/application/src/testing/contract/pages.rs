//! The contract of all lists: one sequence, whatever the direction and the size of the pages, in every order and with every
//! filter.

use std::{fmt::Debug, sync::Arc};

use convene_domain::{
    event::EventStatus,
    issue::{IssuePriority, IssueStatus},
    member::Role,
    registration::{Registration, RegistrationStatusKind},
    text::SearchText,
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, by_root, by_root_at, day},
    tenant::Tenant,
};
use crate::{
    page::{BoundedPage, Direction, Order, PageRequest, SortKey},
    ports::{
        ActivityFilter, EventFilter, EventOrderField, EventPosition, IssueFilter, IssueOrderField,
        IssuePatch, IssuePosition, MemberFilter, RegistrationFilter, RegistrationOrderField,
        RegistrationPosition,
    },
    testing::builders::{EventBuilder, IssueBuilder, MemberBuilder, first},
};

pub(super) async fn walking_forwards_and_backwards_gives_the_same_sequence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (ports, scope) = (&tenant.ports, &tenant.scope);
    fill(&tenant).await;

    for filter in [
        MemberFilter::default(),
        MemberFilter { role: Some(Role::Member), search: None },
        MemberFilter { role: None, search: text("USER-1") },
    ] {
        let list = |page| ports.members.list(scope, filter.clone(), page);
        let count = both_ways(list, |member, ()| member.id, ()).await;
        assert_eq!(ports.members.count(scope, filter.clone()).await.unwrap(), Some(count));
    }

    let everything = EventFilter::default;
    for (filter, expected) in [
        (everything(), 6),
        (EventFilter { status: Some(EventStatus::Cancelled), ..everything() }, 1),
        (EventFilter { recurring: Some(false), ..everything() }, 1),
        (EventFilter { search: text("title 1"), ..everything() }, 3),
        (EventFilter { from: Some(day(3)), ..everything() }, 5),
        // The weekly events do not take place between their dates.
        (EventFilter { from: Some(day(9)), to: Some(day(13)), ..everything() }, 0),
        (EventFilter { from: Some(day(6)), to: Some(day(8)), search: text("title 0"), ..everything() }, 3),
    ] {
        for field in [EventOrderField::CreatedAt, EventOrderField::StartsAt, EventOrderField::Title] {
            for order in both(field) {
                let position = |event: &Arc<_>, order: Order<_>| EventPosition::of(event, order.field);
                for held in [None, ports.catalogue.replica(scope).await.unwrap()] {
                    let list = |page| ports.events.list(scope, filter.clone(), page, held.clone());
                    assert_eq!(both_ways(list, position, order).await, expected, "{filter:?} {order:?}");
                }
            }
        }
        let count = ports.events.count(scope, filter.clone()).await.unwrap();
        assert!(count.is_none_or(|count| count == expected), "{filter:?}: {count:?}");
    }

    let everything = RegistrationFilter::default;
    let all = tenant.registrations(everything()).await;
    for (filter, expected) in [
        (everything(), 5),
        (RegistrationFilter { statuses: Some(vec![RegistrationStatusKind::Cancelled]), ..everything() }, 1),
        (RegistrationFilter { event: Some(all[0].occurrence.event), ..everything() }, 5),
        (RegistrationFilter { occurrence: Some(all[1].occurrence), ..everything() }, 3),
        (RegistrationFilter { member: Some(all[0].member), ..everything() }, 2),
        (RegistrationFilter { from: Some(day(6)), to: Some(day(8)), ..everything() }, 3),
    ] {
        for field in [RegistrationOrderField::StartsAt, RegistrationOrderField::CreatedAt] {
            for order in both(field) {
                let list = |page| ports.registrations.list(scope, filter.clone(), page);
                let position =
                    |one: &Registration, order: Order<_>| RegistrationPosition::of(one, order.field);
                assert_eq!(both_ways(list, position, order).await, expected, "{filter:?} {order:?}");
            }
        }
        assert_eq!(ports.registrations.count(scope, filter.clone()).await.unwrap(), Some(expected));
    }

    let everything = IssueFilter::default;
    for (filter, expected) in [
        (everything(), 6),
        (IssueFilter { statuses: Some(vec![IssueStatus::Done, IssueStatus::Open]), ..everything() }, 6),
        (IssueFilter { priorities: Some(vec![IssuePriority::High]), ..everything() }, 2),
        (IssueFilter { created_by: Some(tenant.admin.id), ..everything() }, 6),
        (IssueFilter { event: Some(all[0].occurrence.event), ..everything() }, 1),
        (IssueFilter { search: text("PROJECTOR"), ..everything() }, 6),
    ] {
        for field in [IssueOrderField::Number, IssueOrderField::UpdatedAt, IssueOrderField::Priority] {
            for order in both(field) {
                let list = |page| ports.issues.list(scope, filter.clone(), page);
                let position = |issue: &_, order: Order<_>| IssuePosition::of(issue, order.field);
                assert_eq!(both_ways(list, position, order).await, expected, "{filter:?} {order:?}");
            }
        }
        assert_eq!(ports.issues.count(scope, filter.clone()).await.unwrap(), Some(expected));
    }

    let list = |page| ports.activity_log.list(scope, ActivityFilter::default(), page);
    assert!(both_ways(list, |entry, ()| (entry.at, entry.id), ()).await > 20);
}

/// Stores objects with equal and with different values of each field by which lists are sorted.
async fn fill(tenant: &Tenant) {
    let crowd = tenant.crowd(4).await;
    tenant.add(MemberBuilder::new("dan").name("User-12").admin()).await;
    let priorities = [IssuePriority::High, IssuePriority::Low, IssuePriority::Medium];
    for number in 0..6_usize {
        let start = FIRST + Duration::days(i64::try_from(number % 2).unwrap_or_default());
        let event = if number == 5 { EventBuilder::once(start) } else { EventBuilder::weekly(start) };
        let event = tenant.event(event.title(&format!("tItle {}", number % 2))).await;
        let mut issue =
            IssueBuilder::new("Broken projector", tenant.admin.id).priority(priorities[number % 3]);
        if number == 0 {
            issue = issue.event(event.id);
            for (week, member) in [(0, 0), (1, 2), (1, 0), (2, 1), (1, 1)] {
                let seat = tenant.seat(&event, day(7 * week), &crowd[member]).await;
                if week == 2 {
                    tenant.cancel(&seat).await;
                }
            }
        }
        let issues = &tenant.ports.issues;
        let issue =
            issues.create(&tenant.scope, issue.build(), &by_root()).await.expect("an issue is created");
        if number % 2 == 0 {
            let patch = IssuePatch { status: Some(IssueStatus::Done), ..IssuePatch::default() };
            let later = by_root_at(issue.updated_at + Duration::MINUTE);
            issues.update(&tenant.scope, issue.id, patch, &later).await.expect("an issue is updated");
        }
        if number == 4 {
            tenant.ports.events.cancel(&tenant.scope, event.id, &by_root()).await.expect("it is cancelled");
        }
    }
}

fn text(text: &str) -> Option<SearchText> {
    SearchText::parse(text).ok()
}

fn both<F: Copy>(field: F) -> [Order<F>; 2] {
    [false, true].map(|is_descending| Order { field, is_descending })
}

/// Walks through a list in both directions and in pages of several sizes. Returns its length.
async fn both_ways<T, K, E, P, F>(
    list: impl Fn(PageRequest<K>) -> F,
    position: impl Fn(&T, K::Order) -> K,
    order: K::Order,
) -> u32
where
    F: Future<Output = Result<P, E>>,
    T: Debug + PartialEq,
    K: SortKey,
    P: Into<BoundedPage<T, K>>,
    E: Debug,
{
    let position = |item: &T| position(item, order);
    let all = walk(&list, &position, 100, order, Direction::Forward).await;
    let falls = K::is_descending(order);
    assert!(all.is_sorted_by(|one, next| if falls {
        position(one) > position(next)
    } else {
        position(one) < position(next)
    }));
    for size in [1, 2, 3, 100] {
        assert_eq!(walk(&list, &position, size, order, Direction::Forward).await, all, "{size} at a time");
        let mut backwards = walk(&list, &position, size, order, Direction::Backward).await;
        backwards.reverse();
        assert_eq!(backwards, all, "backwards, {size} at a time");
    }
    u32::try_from(all.len()).expect("a short list")
}

/// All items in a direction.
async fn walk<T, K, E, P, F>(
    list: &impl Fn(PageRequest<K>) -> F,
    position: &impl Fn(&T) -> K,
    size: u8,
    order: K::Order,
    direction: Direction,
) -> Vec<T>
where
    F: Future<Output = Result<P, E>>,
    K: SortKey,
    P: Into<BoundedPage<T, K>>,
    E: Debug,
{
    let mut all: Vec<T> = Vec::new();
    let mut from = None;
    loop {
        let request = PageRequest { order, direction, from, ..first(size) };
        let page = list(request).await.expect("a page is read").into();
        let mut items = page.items;
        assert!(items.len() <= usize::from(size));
        if direction == Direction::Backward {
            items.reverse();
        }
        all.extend(items);
        from = page.examined.or_else(|| all.last().map(position));
        if !page.has_more {
            return all;
        }
    }
}
