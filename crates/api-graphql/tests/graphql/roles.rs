//! Calls every root field as every kind of caller and compares with one table. A root field without a row fails.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::support::{ADA, Api, BOB, Caller, OLGA, OPERATOR, text};

/// The callers who may use a root field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    Members,
    Admins,
    Operator,
}

impl For {
    pub(super) fn allows(self, caller: Caller) -> bool {
        match self {
            Self::Members => !caller.operator,
            Self::Admins => caller.user == ADA.user,
            Self::Operator => caller.operator,
        }
    }
}

/// `{organization}`, `{event}`, `{occurrence}`, `{member}`, `{registration}` and `{issue}` are replaced with existing ids.
pub(super) const QUERIES: [(&str, For, &str); 17] = [
    ("node", For::Members, r#"{ node(id: "{event}") { id } }"#),
    ("nodes", For::Members, r#"{ nodes(ids: ["{event}"]) { id } }"#),
    ("viewer", For::Members, "{ viewer { role } }"),
    ("organization", For::Members, "{ organization { id } }"),
    ("member", For::Members, r#"{ member(id: "{member}") { id } }"#),
    ("members", For::Members, "{ members { nodes { id } } }"),
    ("event", For::Members, r#"{ event(id: "{event}") { id } }"#),
    ("events", For::Members, "{ events { nodes { id } } }"),
    ("occurrence", For::Members, r#"{ occurrence(id: "{occurrence}") { id } }"#),
    (
        "occurrences",
        For::Members,
        r#"{ occurrences(from: "2031-04-01T00:00:00Z", to: "2031-05-01T00:00:00Z") { nodes { id } } }"#,
    ),
    ("registrations", For::Admins, "{ registrations { nodes { id } } }"),
    ("registration", For::Members, r#"{ registration(id: "{registration}") { id } }"#),
    (
        "previewRecurrence",
        For::Members,
        r#"{ previewRecurrence(input: {timeZone: "UTC", startsAt: "2031-04-07T09:00", duration: "PT1H", recurrence:
        {frequency: DAILY}}) { summary } }"#,
    ),
    ("issue", For::Members, r#"{ issue(id: "{issue}") { id } }"#),
    ("issues", For::Members, "{ issues { nodes { id } } }"),
    ("activity", For::Admins, "{ activity { nodes { id } } }"),
    ("organizations", For::Operator, "{ organizations { nodes { id } } }"),
];

/// The order matters: later mutations remove objects that earlier ones need.
pub(super) const MUTATIONS: [(&str, For, &str); 23] = [
    (
        "createOrganization",
        For::Operator,
        r#"slug: "third", name: "Third", timeZone: "UTC", adminUserId: "eve", adminDisplayName: "Eve""#,
    ),
    ("suspendOrganization", For::Operator, r#"organizationId: "{organization}""#),
    ("resumeOrganization", For::Operator, r#"organizationId: "{organization}""#),
    ("updateOrganization", For::Admins, r#"name: "Acme""#),
    ("addMember", For::Admins, r#"userId: "dora", displayName: "Dora""#),
    ("updateMember", For::Admins, r#"memberId: "{member}", displayName: "Cleo""#),
    (
        "createEvent",
        For::Admins,
        r#"title: "Talk", startsAt: "2031-06-07T09:00", duration: "PT1H", capacity: 1"#,
    ),
    ("updateEvent", For::Admins, r#"eventId: "{event}", title: "Choir""#),
    ("updateOccurrence", For::Admins, r#"occurrenceId: "{occurrence}", title: "Choir""#),
    ("registerForOccurrence", For::Members, r#"occurrenceId: "{occurrence}""#),
    ("registerForEvent", For::Members, r#"eventId: "{event}""#),
    ("cancelRegistration", For::Members, r#"registrationId: "{registration}""#),
    ("createIssue", For::Members, r#"title: "Projector", description: "Broken""#),
    ("updateIssue", For::Admins, r#"issueId: "{issue}", status: DONE"#),
    ("deleteIssue", For::Admins, r#"issueId: "{issue}""#),
    ("cancelOccurrence", For::Admins, r#"occurrenceId: "{occurrence}""#),
    ("restoreOccurrence", For::Admins, r#"occurrenceId: "{occurrence}""#),
    ("cancelEvent", For::Admins, r#"eventId: "{event}""#),
    ("restoreEvent", For::Admins, r#"eventId: "{event}""#),
    ("duplicateEvent", For::Admins, r#"eventId: "{event}", startsAt: "2031-09-01T09:00""#),
    ("deleteEvent", For::Admins, r#"eventId: "{event}""#),
    ("removeMember", For::Admins, r#"memberId: "{member}""#),
    ("deleteOrganization", For::Operator, r#"organizationId: "{organization}", slug: "other""#),
];

/// The ids that replace the placeholders.
pub(super) async fn known(api: &Api) -> [(&'static str, String); 6] {
    let organization = api.read(OLGA, "{ organization { id } }").await;
    let event = api.weekly_event(ADA, 10).await;
    let registration = api.register(BOB, &event.occurrences[1]).await;
    let input = json!({"title": "Badges", "description": "None left"});
    let issue = api.change(BOB, "createIssue", input, "issue { id }").await;
    let input = json!({"userId": "zoe", "displayName": "Zoe"});
    let member = api.change(ADA, "addMember", input, "member { id }").await;
    [
        ("{organization}", text(&organization["organization"]["id"])),
        ("{event}", event.id),
        ("{occurrence}", event.occurrences[0].clone()),
        ("{member}", text(&member["member"]["id"])),
        ("{registration}", registration),
        ("{issue}", text(&issue["issue"]["id"])),
    ]
}

pub(super) fn fill(document: &str, known: &[(&str, String)]) -> String {
    known.iter().fold(document.to_owned(), |document, (name, id)| document.replace(name, id))
}

/// The codes of an answer's errors.
fn codes(errors: &Value, pointer: &str) -> Vec<String> {
    let errors = errors.as_array().cloned().unwrap_or_default();
    errors.iter().filter_map(|error| error.pointer(pointer).map(text)).collect()
}

async fn count_of_entries(api: &Api) -> usize {
    let entries = api.read(ADA, "{ activity(first: 100) { nodes { id } } }").await;
    entries["activity"]["nodes"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_responds_only_to_allowed_callers() {
    let api = Api::start().await;
    let known = known(&api).await;
    for (field, whose, document) in QUERIES {
        let document = fill(document, &known);
        assert_eq!(api.send(None, &document, &Value::Null).await.0, 401, "{field} to a stranger");
        for caller in [ADA, BOB, OPERATOR] {
            let answer = api.ask(caller, &document, Value::Null).await;
            let codes = codes(&answer["errors"], "/extensions/code");
            if whose.allows(caller) {
                assert!(
                    codes.is_empty() && !answer["data"][field].is_null(),
                    "{field} to {caller:?}: {answer}"
                );
            } else {
                assert_eq!(codes, ["FORBIDDEN"], "{field} to {caller:?}");
                assert!(answer["data"][field].is_null(), "{field} to {caller:?}: {answer}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_executes_only_for_allowed_callers() {
    let api = Api::start().await;
    let known = known(&api).await;
    for (field, whose, input) in MUTATIONS {
        let document = format!(
            "mutation {{ {field}(input: {{{}}}) {{ userErrors {{ __typename code }} }} }}",
            fill(input, &known)
        );
        assert_eq!(api.send(None, &document, &Value::Null).await.0, 401, "{field} by a stranger");
        // The refused callers come first, while the objects of the mutation still exist.
        let mut callers = [OPERATOR, BOB, ADA];
        callers.sort_by_key(|caller| whose.allows(*caller));
        for caller in callers {
            let before = count_of_entries(&api).await;
            let answer = api.ask(caller, &document, Value::Null).await;
            let payload = &answer["data"][field];
            let codes = codes(&payload["userErrors"], "/code");
            assert!(answer.get("errors").is_none(), "{field} by {caller:?}: {answer}");
            if whose.allows(caller) {
                assert!(!codes.contains(&"FORBIDDEN".to_owned()), "{field} by {caller:?}: {answer}");
            } else {
                assert_eq!(
                    payload["userErrors"],
                    json!([{"__typename": "Refused", "code": "FORBIDDEN"}]),
                    "{field}"
                );
                assert_eq!(count_of_entries(&api).await, before, "{field} by {caller:?} changed something");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_root_field_has_a_row() {
    let api = Api::start().await;
    let document = "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }";
    let schema = api.read(ADA, document).await;
    for (kind, rows) in [
        ("queryType", QUERIES.iter().map(|row| row.0).collect::<BTreeSet<_>>()),
        ("mutationType", MUTATIONS.iter().map(|row| row.0).collect()),
    ] {
        let fields = schema["__schema"][kind]["fields"].as_array().unwrap();
        let fields: BTreeSet<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
        assert_eq!(fields, rows);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_inside_objects_are_protected() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 10).await;
    let registration = api.register(BOB, &event.occurrences[0]).await;

    let occurrence = format!(
        r#"{{ occurrence(id: "{}") {{ registrations {{ nodes {{ id }} }} }} }}"#,
        event.occurrences[0]
    );
    let seen = api.read(ADA, &occurrence).await;
    assert_eq!(seen["occurrence"]["registrations"]["nodes"][0]["id"], json!(registration));
    let answer = api.ask(BOB, &occurrence, Value::Null).await;
    assert_eq!(answer["data"]["occurrence"], json!({"registrations": null}));
    assert_eq!(codes(&answer["errors"], "/extensions/code"), ["FORBIDDEN"]);

    let of_event = format!(
        r#"{{ event(id: "{}") {{ registrations {{ nodes {{ id }} totalCount }}
        other: registrations(filter: {{eventId: "evt_01a2182379b570b694d76b59315f748e"}}) {{ nodes {{ id }} totalCount }} }} }}"#,
        event.id
    );
    let seen = api.read(ADA, &of_event).await;
    assert_eq!(seen["event"]["registrations"], json!({"nodes": [{"id": registration}], "totalCount": 1}));
    assert_eq!(seen["event"]["other"], json!({"nodes": [], "totalCount": 0}));
    let answer = api.ask(BOB, &of_event, Value::Null).await;
    assert_eq!(answer["data"]["event"], json!({"registrations": null, "other": null}));
    assert_eq!(codes(&answer["errors"], "/extensions/code"), ["FORBIDDEN", "FORBIDDEN"]);

    // Email addresses are visible to their owners and to admins; for others they are null.
    let emails = "{ members { nodes { userId email } } }";
    let of = |user: &str, seen: &Value| {
        let members = seen["members"]["nodes"].as_array().unwrap().clone();
        members.into_iter().find(|member| member["userId"] == json!(user)).unwrap()["email"].take()
    };
    let (by_admin, by_bob) = (api.read(ADA, emails).await, api.read(BOB, emails).await);
    assert_eq!(of("cleo", &by_admin), json!("cleo@example.org"));
    assert_eq!(of("bob", &by_bob), json!("bob@example.org"));
    assert_eq!(of("cleo", &by_bob), Value::Null);

    // The log does not exist for a member, on any path.
    let entries = api.read(ADA, "{ activity(first: 1) { nodes { id } } }").await;
    let entry = text(&entries["activity"]["nodes"][0]["id"]);
    let node = format!(r#"{{ node(id: "{entry}") {{ id }} }}"#);
    assert_eq!(api.read(ADA, &node).await["node"]["id"], json!(entry));
    assert_eq!(api.read(BOB, &node).await["node"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_is_an_admin_elsewhere_sees_no_email_of_another_organization() {
    let api = Api::start().await;
    let admin_and_operator = Caller { operator: true, ..ADA };
    let create = async || {
        let input = json!({
            "slug": "third", "name": "Third", "timeZone": "UTC", "adminUserId": "tess", "adminDisplayName": "Tess",
            "idempotencyKey": "third",
        });
        api.change(admin_and_operator, "createOrganization", input, "admin { id email }").await["admin"]
            .take()
    };
    let id = text(&create().await["id"]);
    let tess = Caller { organization: Some("third"), user: "tess", operator: false };
    let input = json!({"memberId": id, "email": "tess@example.org"});
    let updated = api.change(tess, "updateMember", input, "member { email }").await;
    assert_eq!(updated["member"]["email"], json!("tess@example.org"));
    assert_eq!(create().await, json!({"id": id, "email": null}));
}
