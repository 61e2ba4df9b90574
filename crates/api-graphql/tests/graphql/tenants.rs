//! The operator's administration of organizations.

use serde_json::{Value, json};

use super::support::{ADA, Api, BOB, Caller, OLGA, OPERATOR, text};

/// The operator with credentials that name an organization in which the operator is a member.
const OPERATOR_OF_ACME: Caller = Caller { operator: true, ..ADA };

async fn slugs(api: &Api, arguments: &str) -> Vec<String> {
    let document = format!("{{ organizations{arguments} {{ nodes {{ slug }} }} }}");
    let found = api.read(OPERATOR, &document).await;
    found["organizations"]["nodes"].as_array().unwrap().iter().map(|node| text(&node["slug"])).collect()
}

async fn id(api: &Api, caller: Caller) -> String {
    text(&api.read(caller, "{ organization { id } }").await["organization"]["id"])
}

async fn set(api: &Api, mutation: &str, id: &str) -> Value {
    let input = json!({"organizationId": id});
    api.change(OPERATOR, mutation, input, "organization { id status version }").await["organization"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn organizations_are_listed_in_pages() {
    let api = Api::start().await;
    for slug in ["third", "fourth"] {
        let input = json!({
            "slug": slug, "name": format!("The {slug} one"), "timeZone": "UTC", "adminUserId": "eve",
            "adminDisplayName": "Eve",
        });
        api.change(OPERATOR, "createOrganization", input, "organization { status }").await;
    }
    assert_eq!(slugs(&api, "").await, ["acme", "other", "third", "fourth"]);
    assert_eq!(slugs(&api, "(search: \"THE F\")").await, ["fourth"]);
    let page = "{ organizations(first: 2) { nodes { slug status } edges { cursor node { slug } } pageInfo { hasNextPage \
                hasPreviousPage startCursor endCursor } } }";
    let page = api.read(OPERATOR, page).await["organizations"].take();
    assert_eq!(page["nodes"][0], json!({"slug": "acme", "status": "ACTIVE"}));
    assert_eq!(page["pageInfo"]["hasNextPage"], json!(true));
    assert_eq!(page["pageInfo"]["endCursor"], page["edges"][1]["cursor"]);
    let after = text(&page["pageInfo"]["endCursor"]);
    assert_eq!(slugs(&api, &format!("(first: 9, after: \"{after}\")")).await, ["third", "fourth"]);

    let members = api.read(ADA, "{ members(first: 1) { pageInfo { endCursor } } }").await;
    let of_members = text(&members["members"]["pageInfo"]["endCursor"]);
    let long = "x".repeat(201);
    for (arguments, field) in [
        (format!("after: \"{of_members}\""), "after"),
        ("after: \"x\"".to_owned(), "after"),
        ("first: 0".to_owned(), "first"),
        ("first: 101".to_owned(), "first"),
        ("search: \"\"".to_owned(), "search"),
        (format!("search: \"{long}\""), "search"),
    ] {
        let document = format!("{{ organizations({arguments}) {{ nodes {{ id }} }} }}");
        let answer = api.ask(OPERATOR, &document, Value::Null).await;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(extensions["code"], "INVALID_INPUT", "{arguments:.40}: {answer}");
        assert!(answer.to_string().contains(field), "{arguments:.40}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_operator_has_access_to_a_suspended_organization() {
    let api = Api::start().await;
    let acme = id(&api, ADA).await;
    let event = api.weekly_event(ADA, 10).await;
    let suspended = set(&api, "suspendOrganization", &acme).await;
    assert_eq!(suspended, json!({"id": acme, "status": "SUSPENDED", "version": 2}));
    for caller in [ADA, BOB] {
        for document in ["{ viewer { role } }", "{ __typename }", "mutation { __typename }", "nonsense"] {
            let (status, body) = api.send(Some(caller), document, &Value::Null).await;
            assert_eq!(status, 403, "{document}: {body}");
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["errors"][0]["extensions"]["code"], "ORGANIZATION_SUSPENDED", "{body}");
            assert_eq!(body.get("data"), None);
        }
    }
    // The operator is let in, but not as a member.
    let document = format!(r#"{{ event(id: "{}") {{ id }} }}"#, event.id);
    let answer = api.ask(OPERATOR_OF_ACME, &document, Value::Null).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    api.read(OPERATOR_OF_ACME, "{ organizations { nodes { id } } }").await;
    api.read(OLGA, "{ viewer { role } }").await;

    assert_eq!(set(&api, "suspendOrganization", &acme).await, suspended, "nothing changes");
    let resumed = set(&api, "resumeOrganization", &acme).await;
    assert_eq!(resumed, json!({"id": acme, "status": "ACTIVE", "version": 3}));
    assert_eq!(api.read(ADA, &document).await["event"]["id"], json!(event.id));
    let log = "{ activity(first: 2) { nodes { action actor changes { field before after } } } }";
    let entries = api.read(ADA, log).await["activity"]["nodes"].take();
    let entry = |action: &str, before: &str, after: &str| {
        let changes = json!([{"field": "status", "before": before, "after": after}]);
        json!({"action": action, "actor": "root", "changes": changes})
    };
    assert_eq!(
        entries,
        json!([
            entry("organization.resumed", "SUSPENDED", "ACTIVE"),
            entry("organization.suspended", "ACTIVE", "SUSPENDED")
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_organization_is_refused_by_name() {
    let api = Api::start().await;
    for mutation in ["suspendOrganization", "resumeOrganization"] {
        for (id, code) in [
            ("org_00000000000000000000000000000007", "NOT_FOUND"),
            ("acme", "INVALID_INPUT"),
            ("", "INVALID_INPUT"),
            ("evt_00000000000000000000000000000007", "INVALID_INPUT"),
        ] {
            let document = format!(
                r#"mutation {{ {mutation}(input: {{organizationId: "{id}", idempotencyKey: ""}}) {{ organization {{ id }}
                userErrors {{ code field }} }} }}"#
            );
            let mut answer = api.ask(OPERATOR, &document, Value::Null).await;
            let payload = answer["data"][mutation].take();
            assert_eq!(payload["organization"], Value::Null);
            let errors = payload["userErrors"].as_array().unwrap();
            assert!(
                errors.contains(&json!({"code": "INVALID_INPUT", "field": ["idempotencyKey"]})),
                "{payload}"
            );
            let is_malformed = code == "INVALID_INPUT";
            assert_eq!(
                errors.contains(&json!({"code": code, "field": ["organizationId"]})),
                is_malformed,
                "all problems at once: {payload}"
            );
            let document = document.replace(", idempotencyKey: \"\"", "");
            let answer = api.ask(OPERATOR, &document, Value::Null).await;
            let expected = json!([{"code": code, "field": ["organizationId"]}]);
            assert_eq!(answer["data"][mutation]["userErrors"], expected, "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_problems_of_a_deletion_are_listed_at_once() {
    let api = Api::start().await;
    let acme = id(&api, ADA).await;
    let delete = async |id: &str, slug: &str| {
        let document = format!(
            r#"mutation {{ deleteOrganization(input: {{organizationId: "{id}", slug: "{slug}"}}) {{ deletedOrganizationId
            userErrors {{ __typename code field }} }} }}"#
        );
        api.ask(OPERATOR, &document, Value::Null).await["data"]["deleteOrganization"].take()
    };
    let error =
        |field: &str| json!({"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": [field]});
    for (id, slug) in [("acme", "Not a slug"), (acme.as_str(), "other")] {
        let refused = delete(id, slug).await;
        assert_eq!(refused["userErrors"], json!([error("organizationId"), error("slug")]), "{id} {slug}");
    }
    let unknown = delete("org_00000000000000000000000000000007", "acme").await;
    let not_found = json!([{"__typename": "NotFound", "code": "NOT_FOUND", "field": ["organizationId"]}]);
    assert_eq!(unknown["userErrors"], not_found);
    assert_eq!(slugs(&api, "").await, ["acme", "other"]);
    set(&api, "suspendOrganization", &acme).await;
    assert_eq!(delete(&acme, "acme").await, json!({"deletedOrganizationId": acme, "userErrors": []}));
    assert_eq!(slugs(&api, "").await, ["other"]);
    assert_eq!(delete(&acme, "acme").await["userErrors"], not_found);
    let (status, body) = api.send(Some(ADA), "{ __typename }", &Value::Null).await;
    assert_eq!(status, 401, "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_user_id_like_that_of_an_erased_person() {
    let api = Api::start().await;
    let add = r#"mutation { addMember(input: {userId: "erased-4982148cd669", displayName: "Impostor"}) {
        userErrors { code field } } }"#;
    let create = r#"mutation { createOrganization(input: {slug: "third", name: "Third", timeZone: "UTC",
        adminUserId: "erased-4982148cd669", adminDisplayName: "Impostor"}) { userErrors { code field } } }"#;
    for (caller, document, mutation, field) in
        [(ADA, add, "addMember", "userId"), (OPERATOR, create, "createOrganization", "adminUserId")]
    {
        let answer = api.ask(caller, document, Value::Null).await;
        let expected = json!([{"code": "INVALID_INPUT", "field": [field]}]);
        assert_eq!(answer["data"][mutation]["userErrors"], expected, "{answer}");
    }
}
