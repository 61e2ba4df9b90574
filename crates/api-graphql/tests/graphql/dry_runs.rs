//! Dry runs over the API.

use serde_json::{Value, json};

use super::support::{ADA, Api, BOB};

async fn entries(api: &Api) -> Value {
    api.read(ADA, "{ activity(first: 100) { nodes { id } } }").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_is_answered_like_the_mutation_and_changes_nothing() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 1).await;
    let occurrence = &event.occurrences[0];
    api.register(BOB, occurrence).await;
    let member = api.read(BOB, "{ viewer { member { id } } }").await["viewer"]["member"]["id"].take();
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
            input["idempotencyKey"] = json!(mutation);
            let mut answer = api.ask(ADA, &document, json!({"input": input})).await;
            assert!(answer.get("errors").is_none(), "{mutation}: {answer}");
            answer["data"][mutation].take()
        };
        let before = entries(&api).await;
        let dry = run(true).await;
        assert_eq!(entries(&api).await, before, "{mutation}");
        let done = run(false).await;
        assert_eq!(dry, done, "{mutation}");
        if mutation.starts_with("update") {
            assert_eq!(dry["movedRegistrations"], 1, "{mutation}");
        }
        assert_eq!(run(false).await, done, "the repeat of {mutation}");
    }
}
