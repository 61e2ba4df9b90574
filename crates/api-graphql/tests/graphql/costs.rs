//! The cost of documents: every list multiplies, and no field is much cheaper than its processor time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::http::header::HeaderMap;
use convene_api_graphql::{
    auth::{CallerResolver, Owner, Resolution},
    callers::Callers,
    change_state::ChangeState,
    execution::schema_executor,
    graphql::{
        context::Services,
        limits::{
            DocumentLimits,
            prices::{Length, length},
        },
        schema::schema,
    },
    http::graphql::{Execution, GraphqlRequest, RequestInfo, SharedExecutor},
    request_id::RequestId,
};
use convene_application::{
    authentication::{Credentials, Deadline},
    caller::Identity,
    ports::OrganizationReference,
    testing::memory::InMemory,
    use_cases::UseCases,
};
use convene_domain::text::UserId;
use serde_json::{Value, json};

use super::support::{ADA, Api, ports, text};

/// The number of times that a field may be cheaper than its processor time. A development build checks each byte of a long
/// text.
const TOLERANCE: u32 = if cfg!(debug_assertions) { 15 } else { 5 };

#[tokio::test]
async fn the_objects_of_a_page_take_memory_even_if_no_field_is_asked_for() {
    let api = Api::start_with_default_limits().await;
    let pages = |count: usize, fields: &str| {
        let fields = (0..count).map(|number| format!("a{number}: issues(first: 100) {{ {fields} }}"));
        format!("{{ {} }}", fields.collect::<Vec<_>>().join(" "))
    };
    for fields in ["nodes { id }", "edges { cursor }", "pageInfo { hasNextPage }"] {
        let few = api.ask(ADA, &pages(6, fields), json!({})).await;
        assert_eq!(few.get("errors"), None, "{fields}");
        let many = api.ask(ADA, &pages(10, fields), json!({})).await;
        assert_eq!(many["errors"][0]["extensions"]["limit"], "bytes", "{fields}");
    }
}

#[test]
fn every_list_of_the_schema_has_a_bound() {
    let schema = schema();
    let sdl = schema.as_sdl();
    for kind in schema.schema.concrete_type_list() {
        let Some(name) = kind.name() else { continue };
        let Some(start) =
            sdl.find(&format!("type {name} ")).or_else(|| sdl.find(&format!("interface {name} ")))
        else {
            continue;
        };
        let body = sdl[start..].split("\n}").next().unwrap();
        for line in body.lines().map(str::trim) {
            let Some((signature, result)) = line.rsplit_once(": ") else { continue };
            let is_field = !line.starts_with('"') && result.starts_with('[');
            let field = signature.split(['(', ':']).next().unwrap();
            if is_field && !signature.contains("ids: [") {
                assert_ne!(length(name, field), None, "{name}.{field} has no bound");
                assert_ne!(length(name, field), Some(Length::One), "{name}.{field}");
            }
        }
    }
}

/// A server's executor, with the largest data that matter.
struct Bench {
    runtime: tokio::runtime::Runtime,
    executor: SharedExecutor<Identity>,
    callers: Callers,
    ids: Value,
}

fn daily_with_all_dates() -> Value {
    let dates = |hour: &str| {
        let days = (0..366).map(|day| {
            format!("{}-{:02}-{:02}T{hour}:00:00", 2031 + day / 336, day % 336 / 28 + 1, day % 28 + 1)
        });
        days.collect::<Vec<_>>()
    };
    json!({"frequency": "DAILY", "exdates": dates("09"), "rdates": dates("15")})
}

impl Bench {
    fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let adapters = InMemory::new().adapters();
        let directory = adapters.directory.clone();
        let ports = ports(adapters);
        let ids = runtime.block_on(async {
            let api = Api::with_members(Api::on(Arc::clone(&directory), ports.clone())).await;
            let long = "\u{1d54f}".repeat(10_000);
            let series = json!({
                "title": "x".repeat(200), "description": long, "startsAt": "2031-01-01T09:00:00", "duration": "PT1H",
                "capacity": 5, "recurrence": daily_with_all_dates(),
            });
            let event = text(&api.change(ADA, "createEvent", series, "event { id }").await["event"]["id"]);
            for _ in 0..100 {
                let input = json!({"title": "\u{1d54f}".repeat(200), "description": long, "eventId": event});
                api.change(ADA, "createIssue", input, "issue { id }").await;
                let input = json!({
                    "title": "Weekly", "startsAt": "2031-01-01T09:00:00", "duration": "PT1H", "capacity": 5,
                    "recurrence": {"frequency": "WEEKLY"}, "description": long,
                });
                api.change(ADA, "createEvent", input, "event { id }").await;
            }
            let issues = api.read(ADA, "{ issues(first: 100) { nodes { id } } }").await;
            json!({"event": event, "issues": issues["issues"]["nodes"]})
        });
        let clock = Arc::clone(&ports.clock);
        let services = Services { use_cases: Arc::new(UseCases::new(ports)), clock };
        let limits = DocumentLimits { cost: 1_000_000, ..DocumentLimits::default() };
        Self {
            runtime,
            executor: schema_executor(services, limits, true),
            callers: Callers::new(directory),
            ids,
        }
    }

    /// The cost of a document, and its shortest time. The time includes reading the variables and
    /// serializing.
    fn measure(&self, document: &str, variables: &Value) -> (u64, Duration) {
        let credentials = || Credentials {
            organization: OrganizationReference::parse("acme"),
            user: UserId::parse("ada").unwrap(),
            operator: false,
            role: None,
        };
        let id = RequestId::of(&HeaderMap::new(), &(Arc::new(|| "id".to_owned()) as _));
        let info = RequestInfo { request_id: id, change: ChangeState::default() };
        let text: Arc<str> = document.into();
        let owner = Owner { organization: Some("acme".to_owned()), user: credentials().user };
        let body = json!({"query": document, "variables": variables}).to_string();
        let mut cost = 0;
        let times = (0..7).map(|_| {
            let resolved = self.runtime.block_on(self.callers.resolve(credentials(), Deadline::NONE));
            let Resolution::Caller(identity) = resolved.unwrap() else { panic!("a member is known") };
            let started = Instant::now();
            let request = GraphqlRequest::from_json(body.as_bytes()).unwrap();
            let operation = request.operation;
            let inspected = self.runtime.block_on(self.executor.inspect(&text, &operation, &owner));
            let inspected = inspected.unwrap_or_else(|refused| panic!("{refused:?}"));
            cost = inspected.price.cost;
            let execution =
                self.runtime.block_on(inspected.run.execute(&operation.variables, identity, &info));
            let Execution::Done(data, errors) = execution else { panic!("{execution:?}") };
            assert!(errors.is_empty(), "{document}: {errors:?}");
            assert!(serde_json::to_vec(&data).unwrap().len() > 2);
            started.elapsed()
        });
        let time = times.min().unwrap();
        (cost, time)
    }
}

#[test]
fn no_field_is_much_cheaper_than_its_processor_time() {
    let bench = Bench::new();
    let plain = "number status priority createdAt updatedAt ";
    let issues = |fields: &str| format!("{{ issues(first: 100) {{ nodes {{ {fields} }} }} }}");
    let (few, short) = bench.measure(&issues("id"), &Value::Null);
    let (many, long) = bench.measure(&issues(&format!("id {}", plain.repeat(4))), &Value::Null);
    let unit = (long - short).div_f64((many - few) as f64);

    let window = "from: \"2031-01-01T00:00:00Z\", to: \"2032-01-01T00:00:00Z\"";
    let page = |fields: &str| format!("{{ occurrences({window}, first: 100) {{ nodes {{ {fields} }} }} }}");
    let preview = json!({"i": {
        "timeZone": "Europe/Paris", "startsAt": "2031-01-01T09:00:00", "duration": "PT1H", "first": 100,
        "recurrence": daily_with_all_dates(),
    }});
    let ids: Vec<_> = bench.ids["issues"].as_array().unwrap().iter().map(|issue| &issue["id"]).collect();
    let event = format!("event(id: {})", bench.ids["event"]);
    let rows = [
        ("plain fields", issues(plain), Value::Null),
        ("Issue.description", issues("description"), Value::Null),
        ("Issue.title", issues("title"), Value::Null),
        ("Issue.createdBy", issues("createdBy { id }"), Value::Null),
        ("Issue.event", issues("event { id }"), Value::Null),
        ("Issue.event.description", issues("event { description }"), Value::Null),
        ("Query.nodes", "query($i: [ID!]!) { nodes(ids: $i) { id } }".into(), json!({"i": ids})),
        ("Query.issues with search", "{ issues(first: 1, filter: {search: \"zz\"}) { nodes { id } } }".into(), Value::Null),
        ("Query.events", "{ events(first: 100) { nodes { id } } }".into(), Value::Null),
        ("Event.recurrence.exdates", format!("{{ {event} {{ recurrence {{ exdates rdates }} }} }}"), Value::Null),
        ("Event.recurrence.summary", "{ events(first: 100) { nodes { recurrence { summary rrule } } } }".into(), Value::Null),
        ("Event.occurrences", format!("{{ events(first: 100) {{ nodes {{ occurrences({window}, first: 1) {{ nodes {{ id }} }} }} }} }}"), Value::Null),
        ("Query.occurrences", page("id"), Value::Null),
        ("Query.occurrences with onlyOpen", format!("{{ occurrences({window}, first: 1, filter: {{onlyOpen: true}}) {{ nodes {{ id }} }} }}"), Value::Null),
        ("Event.registrations", "{ events(first: 100) { nodes { registrations(first: 1) { nodes { id } } } } }".into(), Value::Null),
        ("Occurrence.event", page("event { id }"), Value::Null),
        ("Occurrence.viewerRegistration", page("viewerRegistration { id }"), Value::Null),
        ("Occurrence.registrations", page("registrations(first: 1) { nodes { id } }"), Value::Null),
        ("Query.activity", "{ activity(first: 100) { nodes { changes { field before after } } } }".into(), Value::Null),
        ("Query.previewRecurrence", "query($i: PreviewRecurrenceInput!) { previewRecurrence(input: $i) { occurrences { startsAt } summary userErrors { message } } }".into(), preview),
        ("Query.__schema", "{ __schema { types { name fields { name args { name type { name } } type { name ofType { name } } } } } }".into(), Value::Null),
    ];
    let mut problems = Vec::new();
    for (name, document, variables) in rows {
        let ratio = |(cost, time): (u64, Duration)| time.as_secs_f64() / (unit.as_secs_f64() * cost as f64);
        let mut measured = bench.measure(&document, &variables);
        if ratio(measured) > f64::from(TOLERANCE) {
            // Other programs may have interrupted all executions.
            measured = measured.min(bench.measure(&document, &variables));
        }
        let ((cost, time), ratio) = (measured, ratio(measured));
        let row = format!("| {name} | {cost} | {:.2} | {ratio:.2} |", time.as_secs_f64() * 1e3);
        println!("{row}");
        if ratio > f64::from(TOLERANCE) {
            problems.push(row);
        }
    }
    assert_eq!(problems, [""; 0], "a field takes more than {TOLERANCE} times the time of its cost");
}
