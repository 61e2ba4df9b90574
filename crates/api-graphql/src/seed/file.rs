//! The format of the files, unchecked.

use serde::{Deserialize, de::DeserializeOwned};
use serde_yaml_ng::Value;

use super::problem::{ItemReporter, Reporter};

/// A file. Its items are deserialized one by one, so that the problems of all items are reported.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a file of demo data")]
pub(super) struct File {
    pub(super) organization: Value,
    pub(super) members: Vec<Value>,
    #[serde(default)]
    pub(super) events: Vec<Value>,
    #[serde(default)]
    pub(super) issues: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an organization")]
pub(super) struct Organization {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) time_zone: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a member")]
pub(super) struct Member {
    pub(super) user_id: String,
    pub(super) display_name: String,
    pub(super) email: Option<String>,
    pub(super) role: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an event")]
pub(super) struct Event {
    pub(super) title: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) location: String,
    pub(super) time_zone: Option<String>,
    pub(super) starts: Starts,
    pub(super) duration: String,
    pub(super) capacity: i64,
    pub(super) recurrence: Option<String>,
    #[serde(default)]
    pub(super) skip: Vec<usize>,
    #[serde(default)]
    pub(super) extra_in_days: Vec<i32>,
    pub(super) registration_opens: Option<String>,
    pub(super) registration_closes: Option<String>,
    pub(super) cancellation_closes: Option<String>,
    #[serde(default)]
    pub(super) registrations: Vec<Registrations>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a start")]
pub(super) struct Starts {
    pub(super) in_days: i32,
    pub(super) at: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "registrations")]
pub(super) struct Registrations {
    pub(super) occurrence: usize,
    pub(super) members: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an issue")]
pub(super) struct Issue {
    pub(super) title: String,
    #[serde(default)]
    pub(super) description: String,
    pub(super) priority: Option<String>,
    pub(super) status: Option<String>,
    pub(super) reported_by: String,
    pub(super) assignee: Option<String>,
    pub(super) event: Option<String>,
}

/// The well-formed parts of a file.
pub(super) struct Parts {
    pub(super) organization: Option<Organization>,
    pub(super) members: Vec<Item<Member>>,
    pub(super) events: Vec<Item<Event>>,
    pub(super) issues: Vec<Item<Issue>>,
    /// True if every item is well-formed, so that references between items can be checked.
    pub(super) complete: bool,
}

/// An item and its name in problems.
pub(super) struct Item<T> {
    pub(super) name: String,
    pub(super) content: T,
}

impl Parts {
    /// Reads the text of a file; `None` if it is not a file of demo data.
    pub(super) fn parse(text: &str, reporter: &mut Reporter) -> Option<Self> {
        let file: File = serde_yaml_ng::from_str(text).map_err(|problem| reporter.report(problem)).ok()?;
        let counts = [file.members.len(), file.events.len(), file.issues.len()];
        let organization = item(file.organization, &mut reporter.item("organization"));
        let members: Vec<Item<Member>> = items(file.members, "members", "userId", reporter);
        let events: Vec<Item<Event>> = items(file.events, "events", "title", reporter);
        let issues: Vec<Item<Issue>> = items(file.issues, "issues", "title", reporter);
        let complete = organization.is_some() && counts == [members.len(), events.len(), issues.len()];
        Some(Self { organization, members, events, issues, complete })
    }
}

/// The well-formed items of a list.
fn items<T: DeserializeOwned>(
    values: Vec<Value>,
    list: &str,
    named_by: &str,
    reporter: &mut Reporter,
) -> Vec<Item<T>> {
    let read = |(index, value): (usize, Value)| {
        let name = match value.get(named_by).and_then(Value::as_str) {
            Some(given) => format!("{list}[{index}] {given:?}"),
            None => format!("{list}[{index}]"),
        };
        item(value, &mut reporter.item(name.clone())).map(|content| Item { name, content })
    };
    values.into_iter().enumerate().filter_map(read).collect()
}

fn item<T: DeserializeOwned>(value: Value, reporter: &mut ItemReporter<'_>) -> Option<T> {
    match serde_path_to_error::deserialize(value) {
        Ok(item) => Some(item),
        Err(problem) => {
            let path = problem.path().to_string();
            // The path "." is the item itself: a field is missing or unknown.
            match path.as_str() {
                "." => reporter.report_whole(problem.inner()),
                _ => reporter.report(path, format_args!("cannot be read: {}", problem.inner())),
            }
            None
        }
    }
}
