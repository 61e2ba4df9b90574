//! What items of a file call themselves and each other.

use std::collections::HashSet;

use convene_domain::text::{Title, UserId};

use super::{EventSeed, IssueSeed, MemberSeed};
use crate::seed::problem::Reporter;

/// What the other items of a file may refer to.
pub(super) struct Known {
    pub(super) users: HashSet<UserId>,
    pub(super) titles: HashSet<Title>,
    /// Nothing is known to be missing while an item that may be meant could not be read.
    pub(super) complete: bool,
}

/// What an item is found again by must be its own.
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
        reporter.item(&event.item).report("title", "is also that of another event");
    }
    titles.clear();
    for issue in issues.iter().filter(|issue| !titles.insert(&issue.title)) {
        reporter.item(&issue.item).report("title", "is also that of another issue");
    }
}

/// What an item refers to must be in the file.
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
                reporter.item(&event.item).report(field, no_member(user));
            }
        }
    }
    for issue in issues {
        let mut reporter = reporter.item(&issue.item);
        if !known.users.contains(&issue.reported_by) {
            reporter.report("reportedBy", no_member(&issue.reported_by));
        }
        if let Some(user) = issue.assignee.as_ref().filter(|user| !known.users.contains(user)) {
            reporter.report("assignee", no_member(user));
        }
        if issue.event.as_ref().is_some_and(|title| !known.titles.contains(title)) {
            reporter.report("event", "is the title of no event in this file");
        }
    }
}

fn no_member(user: &UserId) -> String {
    format!("names {:?}, who is no member in this file", user.as_str())
}
