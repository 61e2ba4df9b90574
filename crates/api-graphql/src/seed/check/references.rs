//! Names of items and references between items.

use std::collections::HashSet;

use convene_domain::text::{Title, UserId};

use super::{EventSeed, IssueSeed, MemberSeed};
use crate::seed::problem::Reporter;

/// The items that other items of a file may refer to.
pub(super) struct Known {
    pub(super) users: HashSet<UserId>,
    pub(super) titles: HashSet<Title>,
    /// False if an item could not be read, because a reference may mean that item.
    pub(super) complete: bool,
}

/// Checks that the identifying field of an item is unique in the file.
pub(super) fn check_names(
    members: &[MemberSeed],
    events: &[EventSeed],
    issues: &[IssueSeed],
    reporter: &mut Reporter,
) {
    let mut users = HashSet::new();
    for member in members.iter().filter(|member| !users.insert(&member.user_id)) {
        reporter.report(format_args!("members has the userId {:?} twice", member.user_id.as_str()));
    }
    let mut titles = HashSet::new();
    for event in events.iter().filter(|event| !titles.insert(&event.title)) {
        reporter.item(&event.item).report("title", "is also the title of another event");
    }
    titles.clear();
    for issue in issues.iter().filter(|issue| !titles.insert(&issue.title)) {
        reporter.item(&issue.item).report("title", "is also the title of another issue");
    }
}

/// Checks that references lead to items of the file.
pub(super) fn check_references(
    known: &Known,
    events: &[EventSeed],
    issues: &[IssueSeed],
    reporter: &mut Reporter,
) {
    if !known.complete {
        return;
    }
    for event in events {
        for (index, registration) in event.registrations.iter().enumerate() {
            for user in registration.members.iter().filter(|user| !known.users.contains(user)) {
                let field = format!("registrations[{index}].members");
                reporter.item(&event.item).report(field, unknown_member(user));
            }
        }
    }
    for issue in issues {
        let mut reporter = reporter.item(&issue.item);
        if !known.users.contains(&issue.reported_by) {
            reporter.report("reportedBy", unknown_member(&issue.reported_by));
        }
        if let Some(user) = issue.assignee.as_ref().filter(|user| !known.users.contains(user)) {
            reporter.report("assignee", unknown_member(user));
        }
        if issue.event.as_ref().is_some_and(|title| !known.titles.contains(title)) {
            reporter.report("event", "is not the title of an event in this file");
        }
    }
}

fn unknown_member(user: &UserId) -> String {
    format!("names {:?}, who is not a member in this file", user.as_str())
}
