//! The contract of all lists: one sequence, whatever the direction and the size of the pages.

use std::fmt::Debug;

use convene_domain::registration::Registration;

use super::{
    environment::Environment,
    support::{FIRST, by_root, day},
};
use crate::{
    page::{BoundedPage, Direction, PageRequest},
    ports::{ActivityFilter, EventFilter, IssueFilter, RegistrationFilter},
    testing::builders::{EventBuilder, IssueBuilder, first},
};

pub(super) async fn walking_forwards_and_backwards_gives_the_same_sequence(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (ports, scope) = (&tenant.ports, &tenant.scope);
    let crowd = tenant.crowd(4).await;
    for number in 0..5 {
        let event = tenant.event(EventBuilder::daily(FIRST, 3).title(&format!("Title {}", number % 2))).await;
        if number == 0 {
            for (start, member) in [(0, 0), (1, 2), (1, 0), (2, 1), (1, 1)] {
                tenant.seat(&event, day(start), &crowd[member]).await;
            }
        }
        let issue = IssueBuilder::new("Broken projector", tenant.admin.id).build();
        ports.issues.create(scope, issue, &by_root()).await.expect("an issue is created");
    }

    let members = |page| ports.members.list(scope, None, page);
    assert_eq!(both_ways(members, |member| member.id).await, 5);
    let events = |page| ports.events.list(scope, EventFilter::default(), page);
    assert_eq!(both_ways(events, |event| event.id).await, 5);
    let registrations = |page| ports.registrations.list(scope, RegistrationFilter::default(), page);
    let start = |registration: &Registration| (registration.interval.start(), registration.id);
    assert_eq!(both_ways(registrations, start).await, 5);
    let issues = |page| ports.issues.list(scope, IssueFilter::default(), page);
    assert_eq!(both_ways(issues, |issue| issue.number).await, 5);
    let entries = |page| ports.activity_log.list(scope, ActivityFilter::default(), page);
    assert!(both_ways(entries, |entry| (entry.at, entry.id)).await > 20);
}

/// Walks through a list in both directions and in pages of several sizes. Returns its length.
async fn both_ways<T, K, E, P, F>(list: impl Fn(PageRequest<K>) -> F, position: impl Fn(&T) -> K) -> usize
where
    F: Future<Output = Result<P, E>>,
    T: Debug + PartialEq,
    P: Into<BoundedPage<T, K>>,
    E: Debug,
{
    let all = walk(&list, &position, 100, Direction::Forward).await;
    for size in [1, 2, 3, 100] {
        assert_eq!(walk(&list, &position, size, Direction::Forward).await, all, "{size} at a time");
        let mut backwards = walk(&list, &position, size, Direction::Backward).await;
        backwards.reverse();
        assert_eq!(backwards, all, "backwards, {size} at a time");
    }
    all.len()
}

/// All items in a direction.
async fn walk<T, K, E, P, F>(
    list: &impl Fn(PageRequest<K>) -> F,
    position: &impl Fn(&T) -> K,
    size: u8,
    direction: Direction,
) -> Vec<T>
where
    F: Future<Output = Result<P, E>>,
    P: Into<BoundedPage<T, K>>,
    E: Debug,
{
    let mut all: Vec<T> = Vec::new();
    let mut from = None;
    loop {
        let page = list(PageRequest { direction, from, ..first(size) }).await.expect("a page is read").into();
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
