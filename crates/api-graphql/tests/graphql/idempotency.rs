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

#[tokio::test(flavor = "multi_thread")]
async fn a_new_issue_is_the_same_input_over_both_interfaces() {
    let api = Api::start().await;
    let post = async |body: Value, key: &str| {
        let request = api.post_to("/api/issues", Some(BOB)).header("idempotency-key", key).json(&body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    for (key, body) in [
        ("short", json!({"title": "Badges"})),
        ("long", json!({"title": "Badges", "description": "", "priority": "MEDIUM", "assigneeId": null})),
    ] {
        let (status, created) = post(body.clone(), key).await;
        assert_eq!(status, 201, "{created}");
        let repeat = json!({"title": "Badges", "description": "", "idempotencyKey": key});
        let repeated = create(&api, BOB, repeat).await;
        assert_eq!(repeated["issue"]["number"], created["id"], "{repeated}");
        // The other way round.
        let key = format!("{key}-2");
        let input = json!({"title": "Badges", "description": "", "idempotencyKey": key});
        let created = create(&api, BOB, input).await;
        let (status, repeated) = post(body, &key).await;
        assert_eq!((status, &repeated["id"]), (201, &created["issue"]["number"]), "{repeated}");
    }
    let (status, reused) = post(json!({"title": "Badges", "priority": "LOW"}), "short").await;
    assert_eq!((status, &reused["error"]["code"]), (422, &json!("IDEMPOTENCY_KEY_REUSED")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_is_deleted_at_the_expected_version_only() {
    let api = Api::start().await;
    let issue = create(&api, BOB, json!({"title": "Badges", "description": ""})).await["issue"]["id"].take();
    let delete = async |version: i32| {
        let input = json!({"issueId": issue, "expectedVersion": version});
        let selection = "deletedIssueId userErrors { ... on VersionConflict { currentVersion } }";
        api.mutate(ADA, "deleteIssue", input, selection).await
    };
    assert_eq!(delete(0).await["userErrors"][0]["code"], "INVALID_INPUT");
    let refused = delete(2).await["userErrors"][0].take();
    assert_eq!((&refused["code"], &refused["currentVersion"]), (&json!("VERSION_CONFLICT"), &json!(1)));
    assert_eq!(delete(1).await["deletedIssueId"], issue);
}
