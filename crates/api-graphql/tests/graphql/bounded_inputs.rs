//! Inputs that are large in one respect, and the time and size of their refusal.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};

use super::support::{ADA, Api, BOB};

/// Sends a document that has to be answered at once and briefly.
async fn refused(api: &Api, document: &str, variables: &Value) -> Value {
    let started = Instant::now();
    let (_, body) = api.send(Some(ADA), document, variables).await;
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert!(body.len() < 64 * 1_024, "{} bytes", body.len());
    serde_json::from_str(&body).unwrap()
}

fn ten(field: &str) -> String {
    (0..10).map(|number| format!("a{number}: {field} ")).collect()
}

#[rstest]
#[case::exdates("exdates", json!(""))]
#[case::rdates("rdates", json!(""))]
#[case::weekdays("byWeekday", json!({"day": "MONDAY", "nth": 9}))]
#[case::days("byMonthDay", json!(99))]
#[case::months("byMonth", json!(99))]
#[case::positions("bySetPosition", json!(999))]
#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_bounded_before_its_items_are_read(#[case] field: &str, #[case] item: Value) {
    let api = Api::start().await;
    let document = format!(
        "query($i: PreviewRecurrenceInput!) {{ {} }}",
        ten("previewRecurrence(input: $i) { userErrors { message field } }")
    );
    for items in [80_000, 5_000, 733] {
        let variables = json!({"i": {
            "timeZone": "Europe/Paris", "startsAt": "2031-04-07T09:00:00", "duration": "PT1H",
            "recurrence": {"frequency": "DAILY", field: vec![&item; items]},
        }});
        let answer = refused(&api, &document, &variables).await;
        if let Some(errors) = answer["data"]["a0"]["userErrors"].as_array() {
            assert_eq!(errors[0]["field"], json!(["recurrence", field]), "{errors:?}");
            assert_eq!(errors.len(), 1, "one problem for the list, none for its items");
        } else {
            assert!(answer["errors"][0]["extensions"]["code"].is_string(), "{answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_twenty_further_problems_are_listed_in_a_response() {
    let api = Api::start().await;
    let input = json!({
        "title": "", "startsAt": "never", "duration": "long", "capacity": 0,
        "recurrence": {"frequency": "DAILY", "exdates": vec!["x"; 300]},
    });
    let document = format!(
        "mutation($i: CreateEventInput!) {{ {} }}",
        ten("createEvent(input: $i) { event { id } userErrors { code message field } }")
    );
    let answer = refused(&api, &document, &json!({"i": input})).await;
    let of = |number: usize| answer["data"][format!("a{number}")]["userErrors"].as_array().unwrap();
    assert_eq!(of(0).len(), 22, "the first problem, twenty further ones, and the number of the others");
    assert_eq!(of(0)[21]["message"], "another 283 problems are not listed");
    let fields: Vec<_> = of(9).iter().map(|error| &error["field"]).collect();
    let exdate = json!(["recurrence", "exdates", "0"]);
    let first =
        [&json!(["title"]), &json!(["startsAt"]), &json!(["duration"]), &exdate, &json!(["capacity"])];
    assert_eq!(fields[..5], first);
    assert_eq!(of(9)[5]["message"], "another 299 problems are not listed");
    assert_eq!(of(9).len(), 6);
}

/// Many problems of one field do not hide those of other fields.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_problem_of_each_field_is_listed() {
    let api = Api::start().await;
    let parts = json!({
        "frequency": "DAILY", "interval": 0, "byWeekday": [], "byMonthDay": [99], "byMonth": [99], "bySetPosition": [0],
        "count": 0, "until": "x", "rrule": "FREQ=NEVER", "exdates": vec!["e"; 30], "rdates": vec!["r"; 30],
    });
    let times = ["registrationOpens", "registrationCloses", "cancellationCloses"];
    for (mutation, kind) in [("createEvent", "CreateEventInput"), ("updateEvent", "UpdateEventInput")] {
        let mut input = json!({
            "title": "", "location": "l".repeat(501), "timeZone": "Nowhere", "startsAt": "x", "duration": "x", "capacity": 0,
            "recurrence": parts, "idempotencyKey": "k".repeat(256),
        });
        for time in times {
            input[time] = "x".into();
        }
        if mutation == "updateEvent" {
            input["eventId"] = "x".into();
            input["expectedVersion"] = 0.into();
            input["fromOccurrenceId"] = "x".into();
        }
        let document =
            format!("mutation($i: {kind}!) {{ {mutation}(input: $i) {{ userErrors {{ message field }} }} }}");
        let answer = refused(&api, &document, &json!({"i": input})).await;
        let errors = answer["data"][mutation]["userErrors"].as_array().unwrap();
        let has = |field: &str| {
            errors.iter().any(|error| error["field"].as_array().unwrap().last().unwrap() == field)
        };
        let given = input.as_object().unwrap().keys().filter(|field| *field != "recurrence");
        assert_eq!(given.filter(|field| !has(field)).collect::<Vec<_>>(), [""; 0], "{errors:?}");
        for list in ["exdates", "rdates"] {
            assert!(
                errors.iter().any(|error| error["field"] == json!(["recurrence", list, "0"])),
                "{errors:?}"
            );
        }
        let remark = errors.last().unwrap()["message"].as_str().unwrap();
        assert!(remark.ends_with("problems are not listed"), "{remark}");
    }
}

#[rstest]
#[case::event_ids(
    "query($i: [ID!]) { occurrences(from: \"2031-01-01T00:00:00Z\", to: \"2031-02-01T00:00:00Z\", filter: {eventIds: $i}) { nodes { id } } }"
)]
#[case::ids("query($i: [ID!]!) { nodes(ids: $i) { id } }")]
#[tokio::test(flavor = "multi_thread")]
async fn ids_are_counted_before_they_are_read(#[case] document: &str) {
    let api = Api::start().await;
    let answer = refused(&api, document, &json!({"i": vec!["x"; 101]})).await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "INVALID_INPUT", "{error}");
    assert!(error["message"].as_str().unwrap().contains("at most 100 items"), "{error}");
    assert_eq!(error["extensions"]["problems"], Value::Null, "one problem: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_at_most_ten_thousand_values() {
    let api = Api::start().await;
    let nested = (0..30).fold(json!(1), |inner, _| json!([inner]));
    for (variables, reason) in [
        (json!({"unused": vec![0; 20_000]}), "more than 10000 values"),
        (json!({"unused": nested}), "more than 20 nested lists and objects"),
    ] {
        let answer = refused(&api, "{ __typename }", &variables).await;
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(reason), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_that_are_left_out_are_counted() {
    let api = Api::start().await;
    let document = format!("{{ {} }}", (0..12).map(|number| format!("field{number} ")).collect::<String>());
    let answer = refused(&api, &format!("{{ viewer {document} }}"), &Value::Null).await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 10);
    assert_eq!(answer["extensions"]["errorsLeftOut"], 2, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_mistake_is_one_error_with_its_positions() {
    let api = Api::start().await;
    let document = format!("{{ viewer {{ {} }} __typename @aa @aa }}", "rol ".repeat(12));
    let answer = refused(&api, &document, &Value::Null).await;
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2, "{answer}");
    let mut positions: Vec<_> = errors.iter().map(|it| it["locations"].as_array().unwrap().len()).collect();
    positions.sort_unstable();
    assert_eq!(positions, [2, 10], "{answer}");
    assert_eq!(answer["extensions"].get("errorsLeftOut"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_arguments_cost_at_each_use() {
    let api = Api::start().await;
    let long = "x".repeat(200_000);
    let document =
        format!("query($t: String) {{ {} }}", ten("events(first: 1, filter: {search: $t}) { nodes { id } }"));
    let (_, body) = api.send(Some(BOB), &document, &json!({"t": long})).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert!(answer["extensions"]["cost"]["requested"].as_u64().unwrap() > 10 * 195 + 10 * 1_000, "{body}");
}

/// The database compares many objects with the filter of a whole list, and few with that of a list inside others.
#[rstest]
#[case::whole_list("{ issues(first: 3FILTER) { nodes { id } } }", "OPEN", 400 + 3)]
#[case::list_inside_others(
    "{ events(first: 5) { nodes { registrations(first: 3FILTER) { nodes { id } } } } }",
    "CONFIRMED",
    5 * (20 + 3)
)]
#[tokio::test(flavor = "multi_thread")]
async fn the_filter_of_a_whole_list_costs(
    #[case] document: &str,
    #[case] status: &str,
    #[case] expected: u64,
) {
    let api = Api::start().await;
    let mut costs = Vec::new();
    for filter in [String::new(), format!(", filter: {{status: [{status}]}}")] {
        let (_, body) = api.send(Some(ADA), &document.replace("FILTER", &filter), &Value::Null).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        costs.push(answer["extensions"]["cost"]["requested"].as_u64().unwrap());
    }
    assert_eq!(costs[1] - costs[0], expected);
}

/// At most one of the errors of a mutation lists registrations, so the two lists do not multiply.
#[tokio::test(flavor = "multi_thread")]
async fn the_affected_registrations_of_a_refusal_can_be_selected() {
    let api = Api::start_with_default_limits().await;
    let errors = "userErrors { __typename code message field ... on RegistrationsAffected { registrations { id status member { id \
                  displayName } occurrence { id startsAt event { id title } } } } }";
    for mutation in ["updateEvent(input: {eventId: \"x\"})", "updateOccurrence(input: {occurrenceId: \"x\"})"]
    {
        let (_, body) =
            api.send(Some(ADA), &format!("mutation {{ {mutation} {{ {errors} }} }}"), &Value::Null).await;
        assert!(!body.contains("QUERY_LIMIT_EXCEEDED") && body.contains("\"userErrors\":[{"), "{body}");
    }
}
