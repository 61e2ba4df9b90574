//! The operator's administration of organizations, with two servers on one database.

use serde_json::{Value, json};

use crate::{
    database_commands::{ADMIN, ORCHESTRA},
    support::{Installation, Served},
};

const MEMBER: &str = "user-789";
const ANOTHER: &str = "reef-watch";

async fn id_of(served: &Served, slug: &str) -> String {
    let found =
        served.operate(&format!(r#"{{ organizations(search: "{slug}") {{ nodes {{ id slug }} }} }}"#)).await;
    let nodes = found["organizations"]["nodes"].as_array().unwrap();
    nodes.iter().find(|node| node["slug"] == slug).unwrap()["id"].as_str().unwrap().to_owned()
}

async fn mutate(served: &Served, mutation: &str, id: &str, payload: &str) -> Value {
    let document = format!(
        r#"mutation {{ {mutation}(input: {{organizationId: "{id}"}}) {{ {payload} userErrors {{ code field }} }} }}"#
    );
    served.operate(&document).await[mutation].take()
}

/// Everything that an admin reads of the organization, apart from its version.
async fn everything(served: &Served, organization: &str) -> Value {
    let query = "{ organization { id name timeZone status } members(first: 100) { nodes { id userId role } } \
        events(first: 100) { nodes { id title version } } registrations(first: 100) { nodes { id status } } \
        issues(first: 100) { nodes { number title status } } }";
    served.ask(organization, ADMIN, query).await
}

/// Checks that the members have no access, in GraphQL and in REST.
async fn assert_shut_out(served: &Served) {
    for user in [ADMIN, MEMBER] {
        let answer = served.answer(ORCHESTRA, user, "{ viewer { role } }").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "ORGANIZATION_SUSPENDED", "{answer}");
        assert!(answer.get("data").is_none(), "{answer}");
        let issues = served.list_issues(ORCHESTRA, user).await;
        assert_eq!(issues, (403, json!("ORGANIZATION_SUSPENDED")));
    }
    // Only members learn that.
    let stranger = served.answer(ORCHESTRA, "nobody", "{ viewer { role } }").await;
    assert_eq!(stranger["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{stranger}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspension_holds_at_once_in_every_process_and_loses_nothing() {
    let installation = Installation::seeded().await;
    let served = [installation.serve().await, installation.serve().await];
    let id = id_of(&served[0], ORCHESTRA).await;
    let before = everything(&served[1], ORCHESTRA).await;
    for _ in 0..3 {
        let suspended = mutate(&served[0], "suspendOrganization", &id, "organization { status }").await;
        assert_eq!(suspended, json!({"organization": {"status": "SUSPENDED"}, "userErrors": []}));
        for served in &served {
            assert_shut_out(served).await;
            served.ask(ANOTHER, "kalea", "{ __typename }").await;
        }
        let resumed = mutate(&served[1], "resumeOrganization", &id, "organization { status }").await;
        assert_eq!(resumed, json!({"organization": {"status": "ACTIVE"}, "userErrors": []}));
        for served in &served {
            assert_eq!(everything(served, ORCHESTRA).await, before);
        }
    }
    let log = "{ activity(first: 2) { nodes { action actor } } }";
    let entries = served[0].ask(ORCHESTRA, ADMIN, log).await;
    let entry = |action: &str| json!({"action": action, "actor": "root"});
    assert_eq!(
        entries["activity"]["nodes"],
        json!([entry("organization.resumed"), entry("organization.suspended")])
    );
    assert!(installation.run(&["check"]).status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_organization_is_gone_in_every_process_and_its_slug_stays_reserved() {
    let installation = Installation::seeded().await;
    let served = [installation.serve().await, installation.serve().await];
    let id = id_of(&served[0], ORCHESTRA).await;
    everything(&served[1], ORCHESTRA).await;
    let delete = async |served: &Served, slug: &str| {
        let document = format!(
            r#"mutation {{ deleteOrganization(input: {{organizationId: "{id}", slug: "{slug}", idempotencyKey: "d"}}) {{
               deletedOrganizationId userErrors {{ code field }} }} }}"#
        );
        served.operate(&document).await["deleteOrganization"].take()
    };
    let refused = delete(&served[0], "org-124").await;
    let error = |field: &str| json!({"code": "INVALID_INPUT", "field": [field]});
    assert_eq!(refused["userErrors"], json!([error("organizationId"), error("slug")]));
    mutate(&served[0], "suspendOrganization", &id, "organization { id }").await;
    let deleted = json!({"deletedOrganizationId": id, "userErrors": []});
    for served in [&served[1], &served[0], &served[1]] {
        assert_eq!(delete(served, ORCHESTRA).await, deleted);
    }
    for served in &served {
        let answer = served.answer(ORCHESTRA, ADMIN, "{ viewer { role } }").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
        assert_eq!(served.list_issues(ORCHESTRA, ADMIN).await, (401, json!("UNAUTHENTICATED")));
        let create = format!(
            r#"mutation {{ createOrganization(input: {{slug: "{ORCHESTRA}", name: "Again", timeZone: "UTC",
               adminUserId: "ada", adminDisplayName: "Ada"}}) {{ userErrors {{ code field }} }} }}"#
        );
        let created = served.operate(&create).await["createOrganization"].take();
        assert_eq!(created["userErrors"], json!([{"code": "ALREADY_EXISTS", "field": ["slug"]}]));
        let listed = served.operate("{ organizations(first: 100) { nodes { slug } } }").await;
        assert!(!listed.to_string().contains(ORCHESTRA), "{listed}");
    }
    assert_eq!(
        mutate(&served[0], "resumeOrganization", &id, "organization { id }").await["userErrors"][0]["code"],
        "NOT_FOUND"
    );
    assert!(installation.run(&["check"]).status.success());
}
