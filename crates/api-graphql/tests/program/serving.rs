use std::{
    io::{Read, Write},
    net::TcpStream,
};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Installation, Served};

/// The orchestra of the demo data, an admin and a member of it.
const ORCHESTRA: &str = "org-123";
const ADMIN: &str = "user-456";
const MEMBER: &str = "user-789";

/// Creates a one-off event and returns its id.
async fn event(served: &Served, title: &str, starts_at: &str, capacity: u32) -> String {
    let created = served
        .ask(
            ORCHESTRA,
            ADMIN,
            &format!(
                r#"mutation {{ createEvent(input: {{title: "{title}", startsAt: "{starts_at}", duration: "PT1H",
                   capacity: {capacity}}}) {{ event {{ id }} userErrors {{ code }} }} }}"#
            ),
        )
        .await;
    created["createEvent"]["event"]["id"].as_str().unwrap_or_else(|| panic!("{created}")).to_owned()
}

/// Registers for a one-off event.
async fn register(served: &Served, user: &str, event: &str) -> Value {
    let query = format!(
        r#"mutation {{ registerForEvent(input: {{eventId: "{event}"}}) {{ registration {{ id status }}
           userErrors {{ code ... on ScheduleConflict {{ conflictsWith {{ id }} }} }} }} }}"#
    );
    served.ask(ORCHESTRA, user, &query).await["registerForEvent"].take()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_registers_conflicts_cancels_and_registers_again() {
    let installation = Installation::seeded().await;
    let mut served = installation.serve().await;
    let one = event(&served, "Yoga", "2031-03-25T09:00:00", 1).await;
    let two = event(&served, "Pilates", "2031-03-25T09:30:00", 1).await;

    let seat = register(&served, MEMBER, &one).await;
    assert_eq!(seat["registration"]["status"], "CONFIRMED", "{seat}");
    let full = register(&served, ADMIN, &one).await;
    assert_eq!(full["userErrors"], json!([{ "code": "OCCURRENCE_FULL" }]));
    let conflict = register(&served, MEMBER, &two).await;
    let with = json!({ "id": seat["registration"]["id"] });
    assert_eq!(conflict["userErrors"], json!([{ "code": "SCHEDULE_CONFLICT", "conflictsWith": with }]));

    let cancel = format!(
        r#"mutation {{ cancelRegistration(input: {{registrationId: {}}}) {{ registration {{ status }}
           userErrors {{ code }} }} }}"#,
        seat["registration"]["id"]
    );
    let cancelled = served.ask(ORCHESTRA, MEMBER, &cancel).await;
    assert_eq!(cancelled["cancelRegistration"]["registration"]["status"], "CANCELLED", "{cancelled}");
    assert_eq!(register(&served, MEMBER, &two).await["registration"]["status"], "CONFIRMED");

    let window = r#"{ occurrences(from: "2031-03-25T00:00:00Z", to: "2031-03-26T00:00:00Z") { nodes { title
        availableSeats } } activity(first: 1) { nodes { action actor } } }"#;
    let listed = served.ask(ORCHESTRA, ADMIN, window).await;
    let both = json!([{ "title": "Yoga", "availableSeats": 1 }, { "title": "Pilates", "availableSeats": 0 }]);
    let nodes: Vec<&Value> = listed["occurrences"]["nodes"].as_array().unwrap().iter().collect();
    for one in both.as_array().unwrap() {
        assert!(nodes.contains(&one), "{listed}");
    }
    assert_eq!(listed["activity"]["nodes"][0]["action"], "registration.created", "{listed}");

    // Nothing of it exists for another organization.
    let elsewhere = served.answer("reef-watch", MEMBER, window).await;
    assert!(!elsewhere.to_string().contains("Yoga"), "{elsewhere}");
    assert!(served.server.stop().await.unwrap().success());
    assert!(installation.run(&["check"]).status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_database_sell_no_seat_twice() {
    let installation = Installation::seeded().await;
    let served = [installation.serve().await, installation.serve().await];
    let users: Vec<String> = (0..24).map(|number| format!("crowd-{number}")).collect();
    for user in &users {
        let add = format!(
            r#"mutation {{ addMember(input: {{userId: "{user}", displayName: "{user}"}}) {{ member {{ id }} }} }}"#
        );
        served[0].ask(ORCHESTRA, ADMIN, &add).await;
    }
    let event = event(&served[0], "Yoga", "2031-03-25T09:00:00", 5).await;
    let answers = join_all(
        users.iter().zip(served.iter().cycle()).map(|(user, server)| register(server, user, &event)),
    )
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer["registration"].is_object());
    assert_eq!(won.len(), 5, "{answers:?}");
    for answer in lost {
        assert_eq!(answer["userErrors"], json!([{ "code": "OCCURRENCE_FULL" }]));
    }
    assert!(installation.run(&["check"]).status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn issue_numbers_have_no_gaps_across_two_servers_and_both_apis() {
    let installation = Installation::seeded().await;
    let served = [installation.serve().await, installation.serve().await];
    let client = reqwest::Client::new();
    let before = issues(&served[0]).await;
    let created = join_all((0..20).map(|number| {
        let (served, client) = (&served[number % 2], &client);
        async move {
            if number % 3 == 0 {
                let body = json!({ "title": "Broken projector", "description": "It stays dark." });
                let request = client.post(served.url("/api/issues")).json(&body);
                let request = request.header("x-organization-id", ORCHESTRA).header("x-user-id", MEMBER);
                assert_eq!(request.send().await.unwrap().status(), 201);
            } else {
                let create = r#"mutation { createIssue(input: {title: "No badges", description: "The printer is gone."}) { issue { number }
                    userErrors { code } } }"#;
                let created = served.ask(ORCHESTRA, MEMBER, create).await;
                assert!(created["createIssue"]["issue"]["number"].is_u64(), "{created}");
            }
        }
    }));
    created.await;
    let numbers = issues(&served[1]).await;
    assert_eq!(numbers.len(), before.len() + 20);
    assert_eq!(numbers, (1..=u64::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
}

/// The numbers of all issues, in order.
async fn issues(served: &Served) -> Vec<u64> {
    let listed = served.ask(ORCHESTRA, MEMBER, "{ issues(first: 100) { nodes { number } } }").await;
    let nodes = listed["issues"]["nodes"].as_array().unwrap();
    let mut numbers: Vec<u64> = nodes.iter().map(|issue| issue["number"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_filter_makes_the_server_log_stored_values() {
    let installation = Installation::seeded().await;
    for filter in
        ["trace", "mongodb=trace,convene_infrastructure_mongo=trace,info", "mongodb::command=debug,info"]
    {
        let served = installation.serve_with(&[("CONVENE_LOG", filter)]).await;
        let add = r#"mutation { addMember(input: {userId: "canary-user", displayName: "Canary Name",
            email: "canary@example.org"}) { userErrors { code } } }"#;
        for _ in 0..2 {
            served.ask(ORCHESTRA, ADMIN, add).await;
        }
        event(&served, "Canary title", "2031-03-25T09:00:00", 1).await;
        served.ask(ORCHESTRA, ADMIN, r#"{ members(first: 100) { nodes { email displayName } } }"#).await;
        served.ask(ORCHESTRA, ADMIN, r#"{ events(filter: {search: "canary"}) { nodes { title } } }"#).await;
        let log = served.server.log().unwrap();
        assert!(log.contains("serving"), "{log}");
        for value in ["canary", "Canary", "@lumieres.example", "mongodb::command"] {
            assert!(!log.contains(value), "{filter}: {value}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_and_metrics_answer_on_their_own_address_only() {
    let installation = Installation::seeded().await;
    let served = installation.serve().await;
    for path in ["/livez", "/readyz", "/metrics"] {
        let probe = format!("http://{}{path}", served.server.probe_address());
        let response = reqwest::get(&probe).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(reqwest::get(served.url(path)).await.unwrap().status(), 404, "{path}");
    }
}

/// The caller is looked up in the database while the body is received.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_chunked_body_is_refused_wherever_the_break_arrives() {
    let installation = Installation::seeded().await;
    let served = installation.serve().await;
    let address = served.url("").replace("http://", "");
    for path in ["/graphql", "/api/issues"] {
        for body in ["zz\r\n", "-5\r\n", "ffffffffffffffffff\r\n", "2\r\n{}zz\r\n", "2\r\n{}\r\nzz\r\n"] {
            let request = format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nx-organization-id: {ORCHESTRA}\r\nx-user-id: {ADMIN}\r\n\
                 Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
            );
            let address = address.clone();
            let answer = tokio::task::spawn_blocking(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(request.as_bytes()).unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).map(|_| answer).unwrap_or_default()
            })
            .await
            .unwrap();
            assert!(answer.starts_with("HTTP/1.1 400"), "{path} {body:?}: {answer}");
        }
    }
}

/// Prometheus computes no increase from the first value of a counter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_whose_increase_is_an_alert_begin_with_zero() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docker/monitoring/alerts.yaml");
    let rules = std::fs::read_to_string(rules).unwrap();
    let counters: Vec<&str> =
        rules.split("increase(").skip(1).map(|rest| rest.split(['[', '{', '}']).next().unwrap()).collect();
    assert!(counters.len() > 2, "{counters:?}");
    let installation = Installation::empty().await;
    let served = installation.serve().await;
    let metrics = reqwest::get(format!("http://{}/metrics", served.server.probe_address())).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for counter in counters {
        let mut series = metrics.lines().filter(|line| line.starts_with(counter)).peekable();
        assert!(series.peek().is_some(), "{counter}\n{metrics}");
        assert!(series.all(|line| line.ends_with(" 0")), "{counter}\n{metrics}");
    }
    assert!(metrics.contains("convene_security_events_total{kind=\"forbidden\"} 0"), "{metrics}");
}
