//! The content of the database: series for Convene, and their occurrences as documents for the bare driver.

use anyhow::{Context, ensure};
use bson::{DateTime, Document, doc};
use convene_domain::id::EventId;
use convene_stress::{
    CREATE_EVENT, Connection, Credentials, Population, Server, Storage, call, cpu, created, new_id, text,
};
use futures::TryStreamExt;
use mongodb::IndexModel;
use serde_json::{Value, json};
use time::{
    Duration, PrimitiveDateTime,
    macros::{datetime, format_description},
};

use crate::{
    bare,
    request::{self, Operation},
    settings::Settings,
};

/// The window of all lists.
pub(crate) const FROM: &str = "2080-01-01T00:00:00Z";
pub(crate) const TO: &str = "2080-01-31T00:00:00Z";
const START: PrimitiveDateTime = datetime!(2080-01-01 0:00);
const DAYS: i64 = 30;

/// The series that are created with the API and copied. Every fifth one is daily, the others are weekly.
const TEMPLATES: usize = 20;
const MEMBERS: usize = 300;
/// The registrations of the member whose registrations are listed.
const OWN: usize = 20;
/// The number of documents per command.
const CHUNK: usize = 2_000;

/// The servers and the databases.
pub(crate) struct Fixture {
    pub(crate) server: Server,
    pub(crate) storage: Storage,
    pub(crate) population: Population,
    pub(crate) organization: String,
    pub(crate) mongod: u32,
    /// The cursor of the tenth page.
    pub(crate) tenth: String,
    /// The start of the first occurrence of the tenth page.
    pub(crate) tenth_start: DateTime,
    /// An event that the benchmark edits.
    pub(crate) edited: String,
    /// Occurrences for registrations.
    pub(crate) occurrences: Vec<String>,
    _logs: tempfile::TempDir,
}

impl Fixture {
    pub(crate) async fn set(settings: &Settings, size: usize) -> anyhow::Result<Self> {
        let storage =
            Storage::prepare(&settings.uri, &format!("convene_reads_{}", new_id().simple())).await?;
        let logs = tempfile::tempdir()?;
        let start = |name: &str| {
            Server::start(&settings.binary, &settings.uri, &storage.name, logs.path().join(name))
        };
        let mut server = start("first.log").await?;
        let mut connection = Connection::open(server.address()).await?;
        let population = Population::create(&mut connection, &storage, MEMBERS).await?;
        let templates = TEMPLATES.min(size);
        let mut created_events = Vec::new();
        for number in 0..templates {
            created_events.push(template(&mut connection, number).await?);
        }
        // No process has read the copies yet, so they need no revision of their own.
        ensure!(server.stop().await?.success(), "convene did not stop");
        let events = copies(&storage, &created_events, size).await?;
        bare::fill(&storage, &events).await?;
        let server = start("second.log").await?;

        let mut connection = Connection::open(server.address()).await?;
        let admin = Population::admin();
        let mut after: Option<String> = None;
        let mut occurrences = Vec::new();
        for _ in 0..9 {
            let cursor = after.take().unwrap_or_default();
            let operation = if cursor.is_empty() { Operation::Page } else { Operation::Tenth };
            let page = ask(&mut connection, &admin, &request::body(operation, &cursor)).await?;
            let page = &page["occurrences"];
            occurrences.extend(ids(page)?);
            after = Some(text(page, "/pageInfo/endCursor")?.to_owned());
        }
        let tenth = after.context("there is no tenth page")?;
        let page = ask(&mut connection, &admin, &request::body(Operation::Tenth, &tenth)).await?;
        let tenth_start = DateTime::parse_rfc3339_str(text(&page, "/occurrences/nodes/0/startsAt")?)?;
        occurrences.extend(ids(&page["occurrences"])?);

        // The first and the tenth page have stored occurrences, and a member has registrations.
        let seats = occurrences[..50].iter().chain(&occurrences[450..]);
        for (occurrence, member) in seats.zip(&population.members[1..]) {
            let request = request::register(&Population::credentials(member), occurrence);
            connection.send(&request).await?;
        }
        let own = Population::credentials(&population.members[0]);
        for day in 0..OWN {
            let start = START + Duration::days(i64::try_from(day)?);
            let id = occurrence_id(&created_events[0], start)?;
            connection.send(&request::register(&own, &id)).await?;
        }
        bare::copy_registrations(&storage).await?;

        let organization = storage.collection("organizations").find_one(doc! {}).await?;
        let organization = organization.context("there is no organization")?.get_str("_id")?.to_owned();
        let status = storage.client.database("admin").run_command(doc! { "serverStatus": 1 }).await?;
        let mongod = u32::try_from(status.get_i64("pid")?)?;
        let edited = created_events[templates - 1].clone();
        Ok(Self {
            server,
            storage,
            population,
            organization,
            mongod,
            tenth,
            tenth_start,
            edited,
            occurrences,
            _logs: logs,
        })
    }

    pub(crate) fn usage(&self) -> anyhow::Result<cpu::Usage> {
        Ok(cpu::Usage {
            convene: cpu::process_usage(self.server.id())?,
            mongod: cpu::process_usage(self.mongod)?,
            client: cpu::process_usage(std::process::id())?,
        })
    }

    pub(crate) async fn clear(mut self) -> anyhow::Result<()> {
        let status = self.server.stop().await?;
        ensure!(status.success(), "convene ended with {status}");
        self.storage.drop().await
    }
}

async fn ask(connection: &mut Connection, caller: &Credentials, body: &Value) -> anyhow::Result<Value> {
    let answer = connection.send(&caller.post(&body.to_string())).await?;
    let mut answer: Value = serde_json::from_slice(&answer)?;
    ensure!(answer.get("errors").is_none(), "{answer}");
    Ok(answer["data"].take())
}

fn ids(page: &Value) -> anyhow::Result<Vec<String>> {
    let nodes = page["nodes"].as_array().context("there are no nodes")?;
    nodes.iter().map(|node| Ok(text(node, "/id")?.to_owned())).collect()
}

fn occurrence_id(event: &str, start: PrimitiveDateTime) -> anyhow::Result<String> {
    let start = start.format(format_description!("[year][month][day]T[hour][minute][second]Z"))?;
    Ok(format!("{event}_{start}"))
}

/// Tests whether a template is daily.
pub(crate) const fn is_daily(number: usize) -> bool {
    number.is_multiple_of(5)
}

/// The first start of a template within the window.
pub(crate) fn first_start(number: usize) -> PrimitiveDateTime {
    let number = i64::try_from(number).unwrap_or_default();
    let days = if number % 5 == 0 { 0 } else { number % 7 };
    START + Duration::days(days) + Duration::hours(number % 23)
}

/// Creates a series with the API. Every second one has begun ten years before the window.
async fn template(connection: &mut Connection, number: usize) -> anyhow::Result<String> {
    let weeks = if number.is_multiple_of(2) { 522 } else { 2 };
    let starts_at = first_start(number) - Duration::weeks(weeks);
    let input = json!({
        "title": format!("Course number {number}"),
        "location": "Great Hall",
        "startsAt": starts_at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]"))?,
        "duration": "PT1H",
        "capacity": 100,
        "recurrence": { "frequency": if is_daily(number) { "DAILY" } else { "WEEKLY" } },
    });
    let payload = created(connection, &Population::admin(), CREATE_EVENT, &input).await?;
    Ok(text(&payload, "/event/id")?.to_owned())
}

/// Copies the templates, and returns all events with the numbers of their templates.
async fn copies(
    storage: &Storage,
    templates: &[String],
    size: usize,
) -> anyhow::Result<Vec<(Document, usize)>> {
    let collection = storage.collection("events");
    let found = doc! { "_id": { "$in": templates } };
    let stored: Vec<Document> = collection.find(found).await?.try_collect().await?;
    let mut all = Vec::with_capacity(size);
    for (number, template) in templates.iter().enumerate() {
        let event = stored.iter().find(|event| event.get_str("_id").is_ok_and(|id| id == template));
        all.push((event.context("a template is not stored")?.clone(), number));
    }
    for number in templates.len()..size {
        let (mut event, template) = all[number % templates.len()].clone();
        event.insert("_id", EventId::from_uuid(new_id()).to_string());
        all.push((event, template));
    }
    let new: Vec<&Document> = all[templates.len()..].iter().map(|(event, _)| event).collect();
    for chunk in new.chunks(CHUNK) {
        collection.insert_many(chunk.iter().copied()).ordered(false).await?;
    }
    Ok(all)
}

/// The starts of a template in the window.
pub(crate) fn starts(number: usize) -> impl Iterator<Item = PrimitiveDateTime> {
    let step = if is_daily(number) { 1 } else { 7 };
    let first = first_start(number);
    let end = START + Duration::days(DAYS);
    (0..).map(move |index| first + Duration::days(index * step)).take_while(move |start| *start < end)
}

/// Creates an index of a collection of the bare driver.
pub(crate) async fn index(storage: &Storage, collection: &str, keys: Document) -> anyhow::Result<()> {
    storage.collection(collection).create_index(IndexModel::builder().keys(keys).build()).await?;
    Ok(())
}

/// An edit of an event, as a request.
pub(crate) fn edit(fixture: &Fixture, number: usize) -> Vec<u8> {
    const UPDATE: &str = "mutation U($input: UpdateEventInput!) { updateEvent(input: $input) { event { id } userErrors { code message } } }";
    let input = json!({ "eventId": fixture.edited, "location": format!("Room {number}") });
    Population::admin().post(&call(UPDATE, &input))
}
