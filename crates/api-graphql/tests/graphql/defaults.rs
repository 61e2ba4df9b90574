//! Null is no value of a field with a default, and is refused by name.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::support::{ADA, Api};

/// The fields of inputs that have a default, except `dryRun`, which has its own test.
fn fields_with_default() -> BTreeSet<(String, String)> {
    let schema = include_str!("../../../../docs/schema.graphql");
    let inputs = schema.split("\ninput ").skip(1).filter_map(|input| {
        let (name, fields) = input.split_once(" {")?;
        Some((name, fields.split_once("\n}")?.0))
    });
    let mut found = BTreeSet::new();
    for (name, fields) in inputs {
        let with_default = |line: &'static str| {
            let (declared, _) = line.rsplit_once(" = ")?;
            declared.rsplit_once(": ")?.0.rsplit(' ').next()
        };
        for field in fields.lines().filter_map(with_default) {
            if field != "dryRun" {
                found.insert((name.to_owned(), field.to_owned()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn null_is_refused_for_every_field_with_a_default() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 1).await;
    let occurrence = &event.occurrences[0];
    let (of_event, of_occurrence) = (json!({"eventId": event.id}), json!({"occurrenceId": occurrence}));
    let new_event =
        json!({"title": "Choir", "startsAt": "2031-04-07T09:00", "duration": "PT1H", "capacity": 5});
    let preview = json!({
        "timeZone": "Europe/Paris", "startsAt": "2031-04-07T09:00", "duration": "PT1H",
        "recurrence": {"frequency": "DAILY"},
    });
    let mutations = [
        ("addMember", "role", json!({"userId": "cem", "displayName": "Cem"})),
        ("createIssue", "priority", json!({"title": "Badges", "description": ""})),
        ("createEvent", "allDay", new_event),
        ("updateEvent", "scope", of_event.clone()),
        ("updateEvent", "onAffected", of_event.clone()),
        ("updateOccurrence", "onAffected", of_occurrence.clone()),
        ("restoreOccurrence", "onAffected", of_occurrence.clone()),
        ("registerForOccurrence", "joinWaitlist", of_occurrence),
        ("registerForEvent", "joinWaitlist", of_event),
        ("previewRecurrence", "first", preview),
    ];
    let input_type = |name: &str| format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let mut refused = BTreeSet::new();
    for (name, field, mut input) in mutations {
        input[field] = Value::Null;
        let kind = if name == "previewRecurrence" { "query" } else { "mutation" };
        let document = format!(
            "{kind}($input: {}!) {{ {name}(input: $input) {{ userErrors {{ code field message }} }} }}",
            input_type(name)
        );
        let answer = api.ask(ADA, &document, json!({"input": input})).await;
        let message = format!("{field} must not be null");
        let expected = json!([{"code": "INVALID_INPUT", "field": [field], "message": message}]);
        assert_eq!(answer["data"][name]["userErrors"], expected, "{name}: {answer}");
        refused.insert((input_type(name), field.to_owned()));
    }
    for field in ["includeCancelled", "onlyOpen"] {
        let document = format!(
            "{{ occurrences(from: \"2031-01-01T00:00:00Z\", to: \"2031-02-01T00:00:00Z\", filter: {{{field}: null}}) \
             {{ nodes {{ id }} }} }}"
        );
        let answer = api.ask(ADA, &document, json!({})).await;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(extensions["field"], json!(["filter", field]), "{answer}");
        refused.insert(("OccurrenceFilter".to_owned(), field.to_owned()));
    }
    assert_eq!(refused, fields_with_default());

    // The only argument with a default.
    let document = "query($id: ID!) { event(id: $id) { occurrences(from: \"2031-01-01T00:00:00Z\", \
                    to: \"2031-02-01T00:00:00Z\", includeCancelled: null) { nodes { id } } } }";
    let answer = api.ask(ADA, document, json!({"id": event.id})).await;
    assert_eq!(answer["errors"][0]["extensions"]["field"], json!(["includeCancelled"]), "{answer}");
    // A variable that is not given leaves its field out.
    let document = "query($first: Int, $cancelled: Boolean) { \
                    occurrences(from: \"2031-01-01T00:00:00Z\", to: \"2031-02-01T00:00:00Z\", \
                    filter: {includeCancelled: $cancelled}) { nodes { id } } \
                    previewRecurrence(input: {timeZone: \"Europe/Paris\", startsAt: \"2031-04-07T09:00\", \
                    duration: \"PT1H\", recurrence: {frequency: DAILY}, first: $first}) { userErrors { code } } }";
    let answer = api.ask(ADA, document, json!({})).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    assert_eq!(answer["data"]["previewRecurrence"]["userErrors"], json!([]), "{answer}");
}
