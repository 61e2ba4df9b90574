//! The data of the organization that is searched: as much as a member can write, with an admin's usual events.

use rand::{Rng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::{ADD_MEMBER, CREATE_ORGANIZATION, Connection, Credentials, REGISTER, call, created, text};

const CREATE_EVENT: &str = "mutation C($input: CreateEventInput!) { \
    createEvent(input: $input) { event { id occurrences(from: \"2031-01-01T00:00:00Z\", to: \"2031-01-08T00:00:00Z\") \
    { nodes { id } } } userErrors { code message } } }";
const RENAME: &str = "mutation R($input: UpdateOccurrenceInput!) { \
    updateOccurrence(input: $input) { occurrence { id } userErrors { code message } } }";
const CREATE_ISSUE: &str = "mutation I($input: CreateIssueInput!) { createIssue(input: $input) { issue { id } userErrors { code } } }";

/// The members of an organization, without the admin.
pub const MEMBERS: usize = 32;
const CHARACTERS: usize = 10_000;

/// The numbers of objects.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub issues: usize,
    /// Events with 24 occurrences a day.
    pub hourly_events: usize,
    /// Events with the largest rules and lists of dates.
    pub other_events: usize,
    /// Occurrences with a title of their own, all of one event with 24 occurrences a day.
    pub renamed: usize,
}

/// The ids of the corpus.
#[derive(Debug, Default)]
pub struct Ids {
    events: Vec<String>,
    occurrences: Vec<String>,
    issues: Vec<String>,
    members: Vec<String>,
    registrations: Vec<String>,
}

impl Ids {
    /// An id for an argument or a field of this name.
    pub fn choose(&self, name: &str, random: &mut impl Rng) -> String {
        let of_name = [
            ("event", &self.events),
            ("occurrence", &self.occurrences),
            ("issue", &self.issues),
            ("registration", &self.registrations),
            ("member", &self.members),
            ("assignee", &self.members),
        ];
        let lists = of_name.map(|(_, list)| list);
        let named =
            of_name.iter().find(|(kind, _)| name.to_lowercase().starts_with(kind)).map(|(_, list)| *list);
        let list = named.or_else(|| lists.choose(random).copied());
        list.and_then(|list| list.choose(random)).cloned().unwrap_or_default()
    }
}

/// A member by number.
pub fn member(slug: &str, number: usize) -> Credentials {
    Credentials::member(slug, &format!("member-{number}"))
}

/// Creates an organization with an admin and members, and returns their ids.
pub async fn organization(connection: &mut Connection, slug: &str) -> anyhow::Result<Vec<String>> {
    let input = json!({
        "slug": slug, "name": slug, "timeZone": "UTC", "adminUserId": "admin", "adminDisplayName": "Admin",
    });
    created(connection, &Credentials::operator(), CREATE_ORGANIZATION, &input).await?;
    let mut members = Vec::new();
    for number in 0..MEMBERS {
        let input = json!({ "userId": format!("member-{number}"), "displayName": "\u{1f600}".repeat(200) });
        let added = created(connection, &Credentials::member(slug, "admin"), ADD_MEMBER, &input).await?;
        members.push(text(&added, "/member/id")?.to_owned());
    }
    Ok(members)
}

/// Creates a few events and issues of usual size.
pub async fn ordinary(connection: &mut Connection, slug: &str) -> anyhow::Result<()> {
    for number in 0..20 {
        let recurrence = json!({ "frequency": "WEEKLY" });
        event(connection, slug, &format!("Weekly {number}"), "Notes", recurrence).await?;
        issue(connection, slug, &format!("Issue {number}"), "It does not work.", None).await?;
    }
    Ok(())
}

/// Creates the largest events, issues and registrations.
pub async fn large(connection: &mut Connection, slug: &str, sizes: Sizes) -> anyhow::Result<Ids> {
    let mut ids = Ids { members: organization(connection, slug).await?, ..Ids::default() };
    let plain = "lorem ipsum dolor sit amet ".repeat(400);
    let plain: String = plain.chars().take(CHARACTERS).collect();
    let (wide, quoted) = ("\u{1f600}".repeat(CHARACTERS), "\"".repeat(CHARACTERS));
    let texts = [plain, wide, quoted];
    let days = |first: i64, count: i64| -> Vec<Value> {
        let start = time::macros::datetime!(2031-01-01 0:30);
        let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        let dates =
            (first..first + count).filter_map(|day| (start + time::Duration::days(day)).format(format).ok());
        dates.map(Value::from).collect()
    };
    for number in 0..sizes.hourly_events + sizes.other_events {
        let recurrence = if number < sizes.hourly_events {
            json!({ "rrule": format!("FREQ=DAILY;BYHOUR={}", numbers(0, 23)) })
        } else {
            json!({ "rrule": format!("FREQ=YEARLY;BYYEARDAY={}", numbers(1, 366)), "rdates": days(400, 366) })
        };
        let title = format!("Event {number}");
        let made = event(connection, slug, &title, &texts[number % texts.len()], recurrence).await?;
        ids.events.push(text(&made, "/event/id")?.to_owned());
        let occurrences = made["event"]["occurrences"]["nodes"].as_array();
        let occurrences = occurrences.into_iter().flatten().filter_map(|one| one["id"].as_str());
        ids.occurrences.extend(occurrences.map(str::to_owned));
    }
    let start = time::macros::datetime!(2031-01-01 0:00);
    let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    for hour in 0..sizes.renamed {
        let start = start + time::Duration::HOUR * u32::try_from(hour)?;
        let occurrence = format!("{}_{}", ids.events[1 % ids.events.len()], start.format(format)?);
        let input = json!({ "occurrenceId": occurrence, "title": "\u{1f600}".repeat(200) });
        created(connection, &Credentials::member(slug, "admin"), RENAME, &input).await?;
    }
    for number in 0..sizes.issues {
        let event = &ids.events[number % ids.events.len()];
        let title = "\u{1f600}".repeat(200);
        let made = issue(connection, slug, &title, &texts[number % texts.len()], Some(event)).await?;
        ids.issues.push(text(&made, "/issue/id")?.to_owned());
    }
    for number in 0..100 {
        let occurrence = &ids.occurrences[number % ids.occurrences.len()];
        let input = json!({ "occurrenceId": occurrence, "idempotencyKey": format!("corpus-{number}") });
        let body = call(REGISTER, &input);
        let body = connection.send(&member(slug, 0).post(&body)).await?;
        let body: Value = serde_json::from_slice(&body)?;
        // Others overlap.
        if let Ok(id) = text(&body, "/data/registerForOccurrence/registration/id") {
            ids.registrations.push(id.to_owned());
        }
    }
    Ok(ids)
}

fn numbers(first: u32, last: u32) -> String {
    (first..=last).map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

async fn event(
    connection: &mut Connection,
    slug: &str,
    title: &str,
    description: &str,
    recurrence: Value,
) -> anyhow::Result<Value> {
    let input = json!({
        "title": title, "description": description, "startsAt": "2031-01-01T00:00:00", "duration": "PT30M",
        "capacity": 1_000, "recurrence": recurrence,
    });
    created(connection, &Credentials::member(slug, "admin"), CREATE_EVENT, &input).await
}

async fn issue(
    connection: &mut Connection,
    slug: &str,
    title: &str,
    description: &str,
    event: Option<&str>,
) -> anyhow::Result<Value> {
    let input = json!({ "title": title, "description": description, "eventId": event });
    created(connection, &member(slug, 0), CREATE_ISSUE, &input).await
}
