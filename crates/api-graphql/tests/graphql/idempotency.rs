//! Repeats of mutations with an idempotency key.

use serde_json::{Value, json};

use super::support::{ADA, Api, BOB};

/// Creates an issue and answers with the payload.
async fn create(api: &Api, caller: super::support::Caller, input: Value) -> Value {
    api.mutate(caller, "createIssue", input, "issue { id number }").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_changes_nothing_and_gives_the_same_answer() {
    let api = Api::start().await;
    let input = json!({"title": "Badges", "description": "None left", "idempotencyKey": "once"});
    let first = create(&api, BOB, input.clone()).await;
    assert_eq!(first["userErrors"], json!([]));
    assert_eq!(create(&api, BOB, input).await, first);

    // The same input in another form: in another order, with an explicit default and a null field.
    let same = json!({
        "idempotencyKey": "once", "description": "None left", "priority": "MEDIUM", "eventId": null, "title": "Badges",
    });
    assert_eq!(create(&api, BOB, same).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_for_one_input_of_one_caller() {
    let api = Api::start().await;
    let input = json!({"title": "Badges", "description": "None left", "idempotencyKey": "once"});
    let first = create(&api, BOB, input.clone()).await;
    let other = json!({"title": "Badges", "description": "All left", "idempotencyKey": "once"});
    let reused = create(&api, BOB, other).await;
    assert_eq!(reused["userErrors"][0]["code"], json!("IDEMPOTENCY_KEY_REUSED"));
    assert_eq!(reused["userErrors"][0]["field"], json!(["idempotencyKey"]));
    let by_ada = create(&api, ADA, input).await;
    assert_ne!(by_ada["issue"]["id"], first["issue"]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn clearing_is_another_input_than_leaving_out() {
    let api = Api::start().await;
    let issue = create(&api, BOB, json!({"title": "Badges", "description": ""})).await;
    let id = &issue["issue"]["id"];
    let left_out = json!({"issueId": id, "title": "x", "idempotencyKey": "once"});
    let cleared = json!({"issueId": id, "title": "x", "assigneeId": null, "idempotencyKey": "once"});
    api.change(ADA, "updateIssue", left_out, "issue { id }").await;
    let reused = api.mutate(ADA, "updateIssue", cleared, "issue { id }").await;
    assert_eq!(reused["userErrors"][0]["code"], json!("IDEMPOTENCY_KEY_REUSED"));
}

/// A repeat of a creation whose object has been deleted tells so, without a field that the input does not have.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_of_a_creation_tells_that_its_object_was_deleted() {
    let api = Api::start().await;
    let event = json!({
        "title": "Rehearsal", "startsAt": "2031-04-07T09:00:00", "duration": "PT1H", "capacity": 9, "idempotencyKey": "a",
    });
    let issue = json!({"title": "Badges", "description": "None left", "idempotencyKey": "b"});
    for (mutation, input, object, delete, id) in [
        ("createEvent", event, "event", "deleteEvent", "eventId"),
        ("createIssue", issue, "issue", "deleteIssue", "issueId"),
    ] {
        let selection = format!("{object} {{ id }}");
        let created = api.change(ADA, mutation, input.clone(), &selection).await;
        api.change(ADA, delete, json!({id: created[object]["id"]}), "userErrors { code }").await;
        let repeated = api.mutate(ADA, mutation, input, &selection).await;
        let error = &repeated["userErrors"][0];
        assert_eq!((&error["code"], &error["field"]), (&json!("NOT_FOUND"), &Value::Null), "{repeated}");
        let message = "it was created with this idempotency key, and has been deleted since";
        assert_eq!(error["message"], json!(message));
    }
}
