//! Dry runs over the API.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::support::{ADA, Api, BOB};

async fn entries(api: &Api) -> Value {
    api.read(ADA, "{ activity(first: 100) { nodes { id } } }").await
}

async fn new_issue(api: &Api) -> Value {
    let create = "mutation { createIssue(input: {title: \"The door\", description: \"\"}) { issue { id } } }";
    api.read(ADA, create).await["createIssue"]["issue"]["id"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_is_answered_like_the_mutation_and_changes_nothing() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 1).await;
    let occurrence = &event.occurrences[0];
    api.register(BOB, occurrence).await;
    let member = api.read(BOB, "{ viewer { member { id } } }").await["viewer"]["member"]["id"].take();
    let admin = api.read(ADA, "{ viewer { member { id } } }").await["viewer"]["member"]["id"].take();
    let issue = new_issue(&api).await;
    let cancelled = "occurrence { id status version registeredCount registrationState } cancelledRegistrations \
                     promotedRegistrations remainingRegistrations userErrors { code }";
    for (mutation, input, selection) in [
        (
            "updateEvent",
            json!({"eventId": event.id, "title": "Choir", "startsAt": "2031-04-07T12:00"}),
            "event { id title startsAt version } cancelledRegistrations movedRegistrations droppedExceptions { id event { id } }",
        ),
        (
            "updateOccurrence",
            json!({"occurrenceId": occurrence, "capacity": 3, "startsAt": "2031-04-07T15:00"}),
            "occurrence { capacity version isException event { id } } cancelledRegistrations movedRegistrations",
        ),
        ("updateMember", json!({"memberId": admin, "role": "MEMBER"}), "member { role } userErrors { code }"),
        (
            "updateMember",
            json!({"memberId": member, "displayName": "Robert"}),
            "member { displayName version }",
        ),
        ("duplicateEvent", json!({"eventId": event.id, "title": "Copy"}), "event { title version }"),
        ("deleteIssue", json!({"issueId": issue}), "deletedIssueId userErrors { code }"),
        ("deleteEvent", json!({"eventId": event.id}), "deletedEventId userErrors { code message }"),
        ("cancelOccurrence", json!({"occurrenceId": occurrence}), cancelled),
        ("cancelEvent", json!({"eventId": event.id}), "event { status version } cancelledRegistrations"),
        (
            "removeMember",
            json!({"memberId": member}),
            "removedMemberId cancelledRegistrations promotedRegistrations",
        ),
    ] {
        let run = async |dry_run: bool| {
            let input_type = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
            let document =
                format!("mutation($input: {input_type}!) {{ {mutation}(input: $input) {{ {selection} }} }}");
            let mut input = input.clone();
            input["dryRun"] = json!(dry_run);
            input["idempotencyKey"] = json!(format!("{mutation} {selection}"));
            let mut answer = api.ask(ADA, &document, json!({"input": input})).await;
            assert!(answer.get("errors").is_none(), "{mutation}: {answer}");
            answer["data"][mutation].take()
        };
        let before = entries(&api).await;
        let dry = run(true).await;
        assert_eq!(entries(&api).await, before, "{mutation}");
        let done = run(false).await;
        assert_eq!(dry, done, "{mutation}");
        if !dry["movedRegistrations"].is_null() {
            assert_eq!(dry["movedRegistrations"], 1, "{mutation}");
        }
        assert_eq!(run(false).await, done, "the repeat of {mutation}");
    }
}

/// The mutations with a dry run, by the inputs of the schema.
fn mutations_with_dry_run() -> BTreeSet<String> {
    let schema = include_str!("../../../../docs/schema.graphql");
    let inputs = schema.split("\ninput ").skip(1).filter_map(|input| {
        let (name, fields) = input.split_once("Input {")?;
        fields.split_once("\n}")?.0.contains(" dryRun: Boolean").then_some(name)
    });
    inputs.map(|name| format!("{}{}", name[..1].to_lowercase(), &name[1..])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_null_is_refused_and_one_that_is_absent_is_none() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 1).await;
    let occurrence = &event.occurrences[0];
    let member = api.read(BOB, "{ viewer { member { id } } }").await["viewer"]["member"]["id"].take();
    let (of_event, of_occurrence) = (json!({"eventId": event.id}), json!({"occurrenceId": occurrence}));
    // Each one changes what the one before it left.
    let inputs = [
        ("updateEvent", json!({"eventId": event.id, "title": "Choir"})),
        ("updateOccurrence", json!({"occurrenceId": occurrence, "title": "Concert"})),
        ("cancelOccurrence", of_occurrence.clone()),
        ("restoreOccurrence", of_occurrence),
        ("cancelEvent", of_event.clone()),
        ("restoreEvent", of_event.clone()),
        ("duplicateEvent", of_event.clone()),
        ("deleteEvent", of_event),
        ("deleteIssue", json!({"issueId": new_issue(&api).await})),
        ("updateMember", json!({"memberId": member, "displayName": "Robert"})),
        ("removeMember", json!({"memberId": member})),
    ];
    assert_eq!(
        inputs.iter().map(|(name, _)| (*name).to_owned()).collect::<BTreeSet<_>>(),
        mutations_with_dry_run()
    );
    for (mutation, input) in inputs {
        let before = entries(&api).await;
        let selection = format!("{mutation}(input: $input) {{ userErrors {{ code field message }} }}");
        let input_type = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let document = format!("mutation($input: {input_type}!) {{ {selection} }}");
        let mut with_null = input.clone();
        with_null["dryRun"] = Value::Null;
        let answer = api.ask(ADA, &document, json!({"input": with_null})).await;
        let refusal =
            json!([{"code": "INVALID_INPUT", "field": ["dryRun"], "message": "dryRun must not be null"}]);
        assert_eq!(answer["data"][mutation]["userErrors"], refusal, "{answer}");
        assert_eq!(entries(&api).await, before, "{mutation}");

        // A variable that is not given leaves its field out.
        let literals: Vec<_> =
            input.as_object().unwrap().iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let literals = literals.join(", ");
        let document = format!(
            "mutation($dry: Boolean) {{ {mutation}(input: {{{literals}, dryRun: $dry}}) {{ userErrors {{ code field message }} }} }}"
        );
        let answer = api.ask(ADA, &document, json!({})).await;
        assert_eq!(answer["data"][mutation]["userErrors"], json!([]), "{answer}");
        assert_ne!(entries(&api).await, before, "{mutation}");
    }
}
