//! Arguments of fields below the payload of a mutation are checked before the change is made.

use rstest::rstest;
use serde_json::{Value, json};

use super::{
    log,
    payload_faults::{CREATE, events, logged},
    support::{ADA, Api},
};

/// Arguments below the payload of a mutation, and the field of the problem.
#[rstest]
#[case::order(
    r#"occurrences(from: "2031-05-01T00:00:00Z", to: "2031-04-01T00:00:00Z") { nodes { id } }"#,
    "to"
)]
#[case::window(
    r#"occurrences(from: "2031-05-01T00:00:00Z", to: "2033-04-01T00:00:00Z") { nodes { id } }"#,
    "to"
)]
#[case::format(r#"occurrences(from: "tomorrow", to: "2031-04-01T00:00:00Z") { nodes { id } }"#, "from")]
#[case::first("registrations(first: 0) { nodes { id } }", "first")]
#[case::variable("registrations(first: $zero) { nodes { id } }", "first")]
#[case::default("registrations(first: $none) { nodes { id } }", "first")]
#[case::both("registrations(first: 1, last: 1) { nodes { id } }", "last")]
#[case::cursor(r#"registrations(after: "abc") { nodes { id } }"#, "after")]
#[case::filter(r#"registrations(filter: {from: "tomorrow"}) { nodes { id } }"#, "filter")]
#[case::fragment("...F", "first")]
#[case::inline("... on Event { registrations(first: 0) { nodes { id } } }", "first")]
#[case::deep("registrations { nodes { occurrence { registrations(first: 0) { nodes { id } } } } }", "first")]
#[case::included("registrations(first: 0) @include(if: $yes) { nodes { id } }", "first")]
#[tokio::test(flavor = "multi_thread")]
async fn wrong_arguments_below_a_payload_are_refused_before_the_change(
    #[case] selection: &str,
    #[case] field: &str,
) {
    log::capture();
    let api = Api::start().await;
    let document = of(selection);
    let variables = json!({"zero": 0, "yes": true});
    let id = format!("payload-argument-{}", selection.len());
    let headers = [("x-request-id", id.as_str())];
    let (_, body) = api.send_with(&headers, Some(ADA), &document, &variables).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(events(&api).await, 0, "{answer}");
    assert_eq!(answer.get("data"), None, "{answer}");
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], json!("INVALID_INPUT"), "{answer}");
    assert_eq!(error["extensions"]["field"][0], json!(field), "{answer}");
    assert!(error["locations"][0]["line"].is_number(), "{answer}");
    assert_eq!(logged(&id), (json!("invalid"), json!("INVALID_INPUT")));
}

/// A mutation that creates an event and selects this in it, with variables.
fn of(selection: &str) -> String {
    let fragment = if selection.contains("...F") {
        "fragment F on Event { registrations(first: 0) { nodes { id } } }"
    } else {
        ""
    };
    let variables: Vec<_> = [("$zero", "Int"), ("$none", "Int = 0"), ("$yes", "Boolean!")]
        .into_iter()
        .filter(|(name, _)| selection.contains(name))
        .map(|(name, kind)| format!("{name}: {kind}"))
        .collect();
    let variables = if variables.is_empty() { String::new() } else { format!("({})", variables.join(", ")) };
    format!(
        "mutation{variables} {{ {CREATE} {{ event {{ id {selection} }} userErrors {{ code }} }} }} {fragment}"
    )
}

#[rstest]
#[case::skipped("registrations(first: 0) @skip(if: $yes) { nodes { id } }")]
#[case::in_a_skipped_fragment("...F @skip(if: true)")]
#[case::valid(
    r#"occurrences(from: "2031-04-01T00:00:00Z", to: "2031-05-01T00:00:00Z", first: 3) { nodes { id } }"#
)]
#[case::null("registrations(first: null, filter: null) { nodes { id } }")]
#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_are_not_wrong_or_not_used_do_not_prevent_a_change(#[case] selection: &str) {
    let api = Api::start().await;
    let answer = api.ask(ADA, &of(selection), json!({"yes": true})).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    assert_eq!(events(&api).await, 1);
}
