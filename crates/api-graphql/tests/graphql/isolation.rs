//! The responses for ids of another organization and for ids that never existed are equal, byte for byte.
//!
//! The cases are compared with the schema: an argument or input field that takes an id and has no case fails.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::support::{ADA, Api, BOB, OLGA, text};

/// A place in a root field that takes an id, the kind of id, and a document with `$id` in it.
const CASES: [(&str, &str, &str); 40] = [
    ("node.id", "any", "query($id: ID!) { node(id: $id) { id } }"),
    ("nodes.ids", "any", "query($id: ID!) { nodes(ids: [$id]) { id } }"),
    ("member.id", "member", "query($id: ID!) { member(id: $id) { id } }"),
    ("event.id", "event", "query($id: ID!) { event(id: $id) { id } }"),
    ("occurrence.id", "occurrence", "query($id: ID!) { occurrence(id: $id) { id } }"),
    ("registration.id", "registration", "query($id: ID!) { registration(id: $id) { id } }"),
    ("issue.id", "issue", "query($id: ID!) { issue(id: $id) { id } }"),
    (
        "occurrences.filter.eventIds",
        "event",
        r#"query($id: ID!) { occurrences(from: "2031-04-01T00:00:00Z", to: "2031-05-01T00:00:00Z", filter: {eventIds:
        [$id]}) { nodes { id } } }"#,
    ),
    (
        "registrations.filter.occurrenceId",
        "occurrence",
        "query($id: ID!) { registrations(filter: {occurrenceId: $id}) { nodes { id } } }",
    ),
    (
        "registrations.filter.memberId",
        "member",
        "query($id: ID!) { registrations(filter: {memberId: $id}) { nodes { id } } }",
    ),
    (
        "registrations.filter.eventId",
        "event",
        "query($id: ID!) { registrations(filter: {eventId: $id}) { nodes { id } totalCount } }",
    ),
    (
        "issues.filter.createdById",
        "member",
        "query($id: ID!) { issues(filter: {createdById: $id}) { nodes { id } totalCount } }",
    ),
    (
        "issues.filter.eventId",
        "event",
        "query($id: ID!) { issues(filter: {eventId: $id}) { nodes { id } totalCount } }",
    ),
    (
        "issues.filter.assigneeId",
        "member",
        "query($id: ID!) { issues(filter: {assigneeId: $id}) { nodes { id } } }",
    ),
    (
        "activity.filter.subjectId",
        "subject",
        "query($id: ID!) { activity(filter: {subjectId: $id}) { nodes { id } } }",
    ),
    (
        "suspendOrganization.input.organizationId",
        "organization",
        "suspendOrganization(input: {organizationId: $id})",
    ),
    (
        "resumeOrganization.input.organizationId",
        "organization",
        "resumeOrganization(input: {organizationId: $id})",
    ),
    (
        "deleteOrganization.input.organizationId",
        "organization",
        r#"deleteOrganization(input: {organizationId: $id, slug: "other"})"#,
    ),
    ("updateMember.input.memberId", "member", r#"updateMember(input: {memberId: $id, displayName: "x"})"#),
    ("removeMember.input.memberId", "member", "removeMember(input: {memberId: $id})"),
    ("updateEvent.input.eventId", "event", r#"updateEvent(input: {eventId: $id, title: "x"})"#),
    (
        "updateEvent.input.fromOccurrenceId",
        "occurrence",
        r#"updateEvent(input: {eventId: "{event}", scope: THIS_AND_FOLLOWING, fromOccurrenceId: $id, title: "x"})"#,
    ),
    ("cancelEvent.input.eventId", "event", "cancelEvent(input: {eventId: $id})"),
    ("restoreEvent.input.eventId", "event", "restoreEvent(input: {eventId: $id})"),
    ("duplicateEvent.input.eventId", "event", "duplicateEvent(input: {eventId: $id})"),
    ("deleteEvent.input.eventId", "event", "deleteEvent(input: {eventId: $id})"),
    (
        "updateOccurrence.input.occurrenceId",
        "occurrence",
        r#"updateOccurrence(input: {occurrenceId: $id, title: "x"})"#,
    ),
    ("cancelOccurrence.input.occurrenceId", "occurrence", "cancelOccurrence(input: {occurrenceId: $id})"),
    ("restoreOccurrence.input.occurrenceId", "occurrence", "restoreOccurrence(input: {occurrenceId: $id})"),
    (
        "registerForOccurrence.input.occurrenceId",
        "occurrence",
        "registerForOccurrence(input: {occurrenceId: $id})",
    ),
    (
        "registerForOccurrence.input.memberId",
        "member",
        r#"registerForOccurrence(input: {occurrenceId: "{occurrence}", memberId: $id})"#,
    ),
    ("registerForEvent.input.eventId", "event", "registerForEvent(input: {eventId: $id})"),
    (
        "registerForEvent.input.memberId",
        "member",
        r#"registerForEvent(input: {eventId: "{oneOff}", memberId: $id})"#,
    ),
    (
        "cancelRegistration.input.registrationId",
        "registration",
        "cancelRegistration(input: {registrationId: $id})",
    ),
    (
        "createIssue.input.assigneeId",
        "member",
        r#"createIssue(input: {title: "x", description: "", assigneeId: $id})"#,
    ),
    (
        "createIssue.input.eventId",
        "event",
        r#"createIssue(input: {title: "x", description: "", eventId: $id})"#,
    ),
    ("updateIssue.input.issueId", "issue", r#"updateIssue(input: {issueId: $id, title: "x"})"#),
    (
        "updateIssue.input.assigneeId",
        "member",
        r#"updateIssue(input: {issueId: "{issue}", assigneeId: $id})"#,
    ),
    ("updateIssue.input.eventId", "event", r#"updateIssue(input: {issueId: "{issue}", eventId: $id})"#),
    ("deleteIssue.input.issueId", "issue", "deleteIssue(input: {issueId: $id})"),
];

/// An id of each kind.
struct Ids(Vec<(&'static str, String)>);

impl Ids {
    fn of(&self, kind: &str) -> Vec<&(&'static str, String)> {
        let is_subject = |of: &str| of != "activity";
        let wanted = |of: &str| kind == of || kind == "any" || (kind == "subject" && is_subject(of));
        self.0.iter().filter(|(of, _)| wanted(of)).collect()
    }
}

/// The ids of one object of each kind in an organization.
async fn ids(api: &Api, admin: super::support::Caller) -> Ids {
    let event = api.weekly_event(admin, 10).await;
    let registration = api.register(admin, &event.occurrences[0]).await;
    let input = json!({"title": "Badges", "description": "None left"});
    let issue = api.change(admin, "createIssue", input, "issue { id }").await;
    let rest = "{ organization { id } viewer { member { id } } activity(first: 1) { nodes { id } } }";
    let rest = api.read(admin, rest).await;
    Ids(vec![
        ("organization", text(&rest["organization"]["id"])),
        ("member", text(&rest["viewer"]["member"]["id"])),
        ("event", event.id),
        ("occurrence", event.occurrences[0].clone()),
        ("registration", registration),
        ("issue", text(&issue["issue"]["id"])),
        ("activity", text(&rest["activity"]["nodes"][0]["id"])),
    ])
}

/// A well-formed id with other digits, which belongs to no object.
fn never_existed(id: &str) -> String {
    let (prefix, rest) = id.split_once('_').unwrap();
    let (_, after) = rest.split_at(32);
    format!("{prefix}_{}{after}", "0".repeat(31) + "7")
}

fn document(case: &str) -> String {
    if case.starts_with("query") {
        return case.to_owned();
    }
    format!("mutation($id: ID!) {{ {case} {{ userErrors {{ __typename code message field }} }} }}")
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organizations_ids_do_not_exist() {
    let api = Api::start().await;
    let ours = ids(&api, ADA).await;
    let input = json!({"title": "Talk", "startsAt": "2031-06-07T09:00", "duration": "PT1H", "capacity": 5});
    let one_off = api.change(ADA, "createEvent", input, "event { id }").await;
    let theirs = ids(&api, OLGA).await;
    let everything = "{ events { nodes { title version } } issues { nodes { title status } } members { nodes { \
                      displayName } } registrations { nodes { status } } activity(first: 100) { nodes { id } } }";
    let before = api.read(OLGA, everything).await;

    for (place, kind, case) in CASES {
        let mut document = document(case);
        for (of, id) in &ours.0 {
            document = document.replace(&format!("{{{of}}}"), id);
        }
        let document = document.replace("{oneOff}", &text(&one_off["event"]["id"]));
        for (of, id) in theirs.of(kind) {
            let foreign = api.send(Some(ADA), &document, &json!({"id": id})).await;
            let missing = api.send(Some(ADA), &document, &json!({"id": never_existed(id)})).await;
            assert_eq!(foreign, missing, "{place} with {of}");
            assert!(!foreign.1.contains("\"errors\""), "{place} with {of}: {}", foreign.1);
            assert!(!foreign.1.contains("\"userErrors\":[]"), "{place} with {of} was done: {}", foreign.1);
        }
    }
    assert_eq!(api.read(OLGA, everything).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_members_registration_does_not_exist() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 10).await;
    let registration = api.register(ADA, &event.occurrences[0]).await;
    for document in [
        "query($id: ID!) { registration(id: $id) { id } }".to_owned(),
        "query($id: ID!) { node(id: $id) { id } }".to_owned(),
        document("cancelRegistration(input: {registrationId: $id})"),
    ] {
        let foreign = api.send(Some(BOB), &document, &json!({"id": registration})).await;
        let missing = api.send(Some(BOB), &document, &json!({"id": never_existed(&registration)})).await;
        assert_eq!(foreign, missing, "{document}");
    }
}

/// Every place in the root fields that takes an id, as `field.argument` or `field.argument.inputField`.
async fn places(api: &Api) -> BTreeSet<String> {
    let document = "{ __schema { queryType { fields { ...F } } mutationType { fields { ...F } } types { name \
                    inputFields { name type { ...T } } } } } fragment F on __Field { name args { name type { ...T } } } \
                    fragment T on __Type { name ofType { name ofType { name ofType { name } } } }";
    let schema = api.read(ADA, document).await;
    let schema = &schema["__schema"];
    let types = schema["types"].as_array().unwrap();
    let mut places = BTreeSet::new();
    for root in ["queryType", "mutationType"] {
        for field in schema[root]["fields"].as_array().unwrap() {
            for argument in field["args"].as_array().unwrap() {
                let place = format!("{}.{}", text(&field["name"]), text(&argument["name"]));
                let of = innermost(&argument["type"]);
                if of == "ID" {
                    places.insert(place.clone());
                }
                let input = types.iter().find(|declared| declared["name"] == json!(of)).unwrap();
                for inner in input["inputFields"].as_array().into_iter().flatten() {
                    if innermost(&inner["type"]) == "ID" {
                        places.insert(format!("{place}.{}", text(&inner["name"])));
                    }
                }
            }
        }
    }
    places
}

fn innermost(of: &Value) -> String {
    if of["ofType"].is_null() { text(&of["name"]) } else { innermost(&of["ofType"]) }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_place_that_takes_an_id_has_a_case() {
    let api = Api::start().await;
    let cases: BTreeSet<String> = CASES.iter().map(|case| case.0.to_owned()).collect();
    assert_eq!(places(&api).await, cases);
}
