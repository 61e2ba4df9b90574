//! Callers learn only the code of a fault, whether to retry, and the request's id.

use std::sync::Arc;

use convene_application::{
    failure::{Failure, Fault, Refusal},
    page::Page,
    ports::{MockIssues, MockOrganizations},
    testing::{
        FixedClock,
        builders::{IssueBuilder, MemberBuilder},
        memory::InMemory,
    },
};
use rstest::rstest;
use serde_json::{Value, json};

use super::support::{ADA, Api, ports};

/// A server whose issues fail in this way.
async fn failing(fault: fn() -> Fault) -> Api {
    let mut issues = MockIssues::new();
    issues.expect_list().returning(move |_, _, _| Err(fault()));
    issues.expect_create().returning(move |_, _, _| Err(Failure::Fault(fault())));
    let adapters = InMemory::new().adapters();
    let directory = adapters.directory.clone();
    let mut ports = ports(adapters);
    ports.issues = Arc::new(issues);
    Api::with_members(Api::on(directory, ports)).await
}

#[rstest]
#[case::unavailable(|| Fault::Unavailable("no route to db-7".into()), "UNAVAILABLE", true)]
#[case::unknown(|| Fault::OutcomeUnknown("lost db-7".into()), "OUTCOME_UNKNOWN", true)]
#[case::overloaded(|| Fault::Overloaded, "OVERLOADED", true)]
#[case::internal(|| Fault::internal("db-7 has no field `title`"), "INTERNAL", false)]
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_a_top_level_error_with_a_code(
    #[case] fault: fn() -> Fault,
    #[case] code: &str,
    #[case] retryable: bool,
) {
    let api = failing(fault).await;
    let create = r#"mutation { createIssue(input: {title: "x", description: ""}) { issue { id } } }"#;
    for document in ["{ issues { nodes { id } } }", create] {
        let (status, body) = api.send(Some(ADA), document, &Value::Null).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &answer["data"]), (200, &Value::Null), "{document}");
        let expected = json!({"code": code, "retryable": retryable, "requestId": "request-1"});
        assert_eq!(answer["errors"][0]["extensions"], expected, "{document}");
        assert!(!body.contains("db-7"), "{body}");
    }
}

/// The objects of an organization that is being deleted go one after the other.
#[rstest]
#[case::deleted(true, "ORGANIZATION_SUSPENDED")]
#[case::a_defect(false, "INTERNAL")]
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_went_with_its_organization_is_no_fault(#[case] is_deleted: bool, #[case] code: &str) {
    let adapters = InMemory::new().adapters();
    let (directory, mut ports) = (adapters.directory.clone(), ports(adapters));
    Api::with_members(Api::on(directory.clone(), ports.clone())).await;
    let gone = MemberBuilder::new("gone").build();
    let issue = IssueBuilder::new("A", gone.id).build().numbered(1, FixedClock::START);
    let mut issues = MockIssues::new();
    issues.expect_list().returning(move |_, _, page| Ok(Page::from_probe(vec![issue.clone()], &page).into()));
    ports.issues = Arc::new(issues);
    if is_deleted {
        let mut organizations = MockOrganizations::new();
        organizations.expect_get().returning(|_| Err(Refusal::OrganizationSuspended.into()));
        ports.organizations = Arc::new(organizations);
    }
    let api = Api::on(directory, ports);
    let answer = api.ask(ADA, "{ issues { nodes { createdBy { id } } } }", Value::Null).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
}
