//! The rules of validation of the GraphQL specification (September 2025, chapter 5), one by one: documents that a rule
//! allows, and documents that it refuses with `GRAPHQL_VALIDATION_FAILED` and a word in the message.

use serde_json::{Value, json};

use super::support::{ADA, Api};

/// Documents that a rule allows.
const ALLOWED: [(&str, &str); 24] = [
    ("5.3.1", "{ node(id: \"x\") { id ... on Event { title } __typename } }"),
    ("5.3.2", "{ viewer { role role } viewer { r: role } }"),
    ("5.3.2", "{ node(id: \"x\") { ... on Event { name: title } ... on Issue { name: title } } }"),
    ("5.3.2", "{ a: event(id: \"x\") { id } b: event(id: \"y\") { id } }"),
    ("5.4.2", "{ events(first: 1, orderBy: {field: TITLE, direction: ASC}) { totalCount } }"),
    ("5.4.3", "{ events(first: null) { totalCount } }"),
    ("5.5.1.4", "{ ...F } fragment F on Query { ...G } fragment G on Query { __typename }"),
    ("5.5.2.3", "{ node(id: \"x\") { ...F } } fragment F on Node { ... on Event { ... on Node { id } } }"),
    ("5.6.1", "{ nodes(ids: \"x\") { id } }"),
    ("5.6.1", "{ nodes(ids: [\"x\", 7]) { id } }"),
    ("5.6.1", "query($v: [IssueStatus!] = OPEN) { issues(filter: {status: $v}) { totalCount } }"),
    ("5.6.4", "{ issues(filter: {}) { totalCount } }"),
    (
        "5.7.3",
        "{ viewer @skip(if: false) @include(if: true) { role @skip(if: false) again: role @skip(if: false) } }",
    ),
    ("5.7.3", "{ ... @include(if: true) { viewer { role } } ... @include(if: true) { viewer { role } } }"),
    ("5.8.1", "query A($v: ID!) { event(id: $v) { id } } query B($v: ID!) { issue(id: $v) { id } }"),
    ("5.8.3", "query A($v: ID!) { ...F } fragment F on Query { event(id: $v) { id } }"),
    ("5.8.5", "query A($v: ID! = \"x\") { event(id: $v) { id } }"),
    ("5.8.5", "query A($v: ID = \"x\") { event(id: $v) { id } }"),
    ("5.8.5", "query A($v: ID = \"x\") { nodes(ids: [$v]) { id } }"),
    ("5.8.5", "query A($v: Int!) { events(first: $v) { totalCount } }"),
    ("5.8.5", "query A($v: Int = null) { events(first: $v) { totalCount } }"),
    ("5.8.5", "query A($v: [IssueStatus!] = null) { issues(filter: {status: $v}) { totalCount } }"),
    ("5.8.5", "query A($v: Boolean = true) { viewer { __typename role @skip(if: $v) } }"),
    ("5.8.5", "query A($v: [ID!]!) { nodes(ids: $v) { id } }"),
];

/// The rule, a document that it refuses, and a part of the message.
const REFUSED: [(&str, &str, &str); 77] = [
    ("5.2.2.1", "query A { __typename } query A { viewer { role } }", "one operation named A"),
    ("5.2.3.1", "query A { __typename } { viewer { role } }", "only defined operation"),
    ("5.3.1", "{ nope }", "\"nope\""),
    ("5.3.1", "{ node(id: \"x\") { title } }", "\"title\""),
    ("5.3.1", "{ viewer { ... on Viewer { nope } } }", "\"nope\""),
    ("5.3.1", "mutation { viewer { role } }", "\"viewer\""),
    ("5.3.2", "{ a: event(id: \"x\") { id } a: event(id: \"y\") { id } }", "\"a\" conflict"),
    ("5.3.2", "{ viewer { a: role a: __typename } }", "\"a\" conflict"),
    (
        "5.3.2",
        "{ event(id: \"x\") { a: id } ...F } fragment F on Query { event(id: \"x\") { a: title } }",
        "conflict",
    ),
    ("5.3.2", "{ node(id: \"x\") { ... on Event { a: title } ... on Issue { a: number } } }", "conflict"),
    ("5.3.2", "{ events { totalCount } events(first: 1) { totalCount } }", "\"events\" conflict"),
    ("5.3.3", "{ viewer }", "\"viewer\""),
    ("5.3.3", "{ viewer { role { a } } }", "\"role\""),
    ("5.3.3", "{ __typename { a } }", "\"__typename\""),
    ("5.4.1", "{ event(id: \"x\", nope: 1) { id } }", "\"nope\""),
    ("5.4.1", "{ viewer { role @skip(if: true, nope: 1) } }", "\"nope\""),
    ("5.4.2", "{ event(id: \"x\", id: \"x\") { id } }", "\"id\""),
    ("5.4.2", "{ viewer { role @skip(if: true, if: true) } }", "\"if\""),
    ("5.4.3", "{ event { id } }", "\"id\""),
    ("5.4.3", "{ event(id: null) { id } }", "\"id\""),
    ("5.4.3", "{ viewer { role @skip } }", "\"if\""),
    ("5.4.3", "{ viewer { role @skip(if: null) } }", "\"if\""),
    (
        "5.5.1.1",
        "{ ...F } fragment F on Query { __typename } fragment F on Query { viewer { role } }",
        "named F",
    ),
    ("5.5.1.2", "{ ...F } fragment F on Nope { __typename }", "\"Nope\""),
    ("5.5.1.2", "{ ... on Nope { __typename } }", "\"Nope\""),
    ("5.5.1.3", "{ ...F } fragment F on Int { __typename }", "\"Int"),
    ("5.5.1.3", "{ viewer { ... on Role { a } } }", "\"Role\""),
    ("5.5.1.3", "{ ... on EventFilter { search } }", "\"EventFilter\""),
    ("5.5.1.4", "{ __typename } fragment F on Query { __typename }", "\"F\""),
    ("5.5.2.1", "{ ...F }", "\"F\""),
    ("5.5.2.2", "{ ...F } fragment F on Query { ...F }", "\"F\""),
    ("5.5.2.2", "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }", "Cannot spread"),
    ("5.5.2.3", "{ viewer { ... on Event { id } } }", "\"Event\""),
    ("5.5.2.3", "{ viewer { ...F } } fragment F on Event { id }", "\"Event\""),
    ("5.5.2.3", "{ viewer { ... on Node { id } } }", "\"Node\""),
    ("5.5.2.3", "{ event(id: \"x\") { ... on UserError { code } } }", "\"UserError\""),
    ("5.6.1", "{ events(first: \"1\") { totalCount } }", "\"first\""),
    ("5.6.1", "{ events(first: 1.0) { totalCount } }", "\"first\""),
    ("5.6.1", "{ events(first: 2147483648) { totalCount } }", "\"first\""),
    ("5.6.1", "{ events(first: [1]) { totalCount } }", "\"first\""),
    ("5.6.1", "{ events(first: ONE) { totalCount } }", "\"first\""),
    ("5.6.1", "{ events(after: 1) { totalCount } }", "\"after\""),
    ("5.6.1", "{ events(after: TEXT) { totalCount } }", "\"after\""),
    ("5.6.1", "{ event(id: {a: 1}) { id } }", "\"id\""),
    ("5.6.1", "{ event(id: 1.5) { id } }", "\"id\""),
    ("5.6.1", "{ event(id: true) { id } }", "\"id\""),
    ("5.6.1", "{ event(id: [\"x\"]) { id } }", "\"id\""),
    ("5.6.1", "{ nodes(ids: [\"x\", null]) { id } }", "\"ids\""),
    ("5.6.1", "{ members(role: \"ADMIN\") { totalCount } }", "\"role\""),
    ("5.6.1", "{ members(role: NOPE) { totalCount } }", "\"role\""),
    ("5.6.1", "{ members(role: 1) { totalCount } }", "\"role\""),
    ("5.6.1", "{ events(filter: \"x\") { totalCount } }", "\"filter\""),
    ("5.6.1", "{ events(filter: {recurring: 1}) { totalCount } }", "\"recurring\""),
    ("5.6.1", "{ viewer { role @skip(if: \"true\") } }", "\"if\""),
    ("5.6.1", "query($v: Int = \"1\") { events(first: $v) { totalCount } }", "\"v\""),
    ("5.6.1", "query($v: Int! = null) { events(first: $v) { totalCount } }", "\"v\""),
    ("5.6.1", "query($v: Float = 1.5) { __typename }", "\"Float\""),
    ("5.6.2", "{ events(filter: {nope: 1}) { totalCount } }", "\"nope\""),
    ("5.6.3", "{ events(filter: {search: \"a\", search: \"b\"}) { totalCount } }", "\"search\""),
    ("5.6.4", "{ events(orderBy: {field: TITLE}) { totalCount } }", "\"direction\""),
    ("5.7.1", "{ __typename @nope }", "\"nope\""),
    ("5.7.2", "query @skip(if: true) { __typename }", "\"skip\""),
    ("5.7.2", "{ ...F } fragment F on Query @include(if: true) { __typename }", "\"include\""),
    ("5.7.2", "query($v: Int @skip(if: true)) { events(first: $v) { totalCount } }", "\"skip\""),
    ("5.7.2", "{ __typename @deprecated }", "\"deprecated\""),
    ("5.7.3", "{ __typename @skip(if: true) @skip(if: false) }", "\"skip\""),
    ("5.7.3", "{ ... @include(if: true) @include(if: true) { __typename } }", "\"include\""),
    ("5.8.1", "query($v: Int, $v: Int) { events(first: $v) { totalCount } }", "named v"),
    ("5.8.2", "query($v: Event) { __typename }", "\"Event\""),
    ("5.8.3", "{ events(first: $v) { totalCount } }", "$v"),
    ("5.8.3", "{ ...F } fragment F on Query { events(first: $v) { totalCount } }", "$v"),
    ("5.8.4", "query($v: Int) { __typename }", "$v"),
    ("5.8.5", "query($v: ID) { event(id: $v) { id } }", "\"ID!\""),
    ("5.8.5", "query($v: ID = null) { event(id: $v) { id } }", "\"ID!\""),
    ("5.8.5", "query($v: ID = null) { ...F } fragment F on Query { nodes(ids: [$v]) { id } }", "\"ID!\""),
    ("5.8.5", "query($v: ID!) { nodes(ids: $v) { id } }", "\"[ID!]!\""),
    ("5.8.5", "query($v: String) { events(first: $v) { totalCount } }", "\"Int\""),
];

/// Sends a document. The operation is named `A` if it has a name.
async fn send(api: &Api, document: &str, variables: Value) -> Value {
    let name = document.contains("query A").then_some("A");
    let body = json!({"query": document, "operationName": name, "variables": variables});
    serde_json::from_str(&api.send_text(ADA, body.to_string()).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_the_rules_allow_are_executed() {
    let api = Api::start().await;
    let mut wrong = Vec::new();
    for (rule, document) in ALLOWED {
        let variables = match document {
            _ if document.contains("$v: ID!)") => json!({"v": "x"}),
            _ if document.contains("$v: Int!)") => json!({"v": 1}),
            _ if document.contains("$v: [ID!]!)") => json!({"v": ["x"]}),
            _ => json!({}),
        };
        let body = send(&api, document, variables).await;
        if body.get("data").is_none() {
            wrong.push(format!("{rule}: {document}: {body}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_a_rule_refuses_are_not_executed() {
    let api = Api::start().await;
    let mut wrong = Vec::new();
    for (rule, document, part) in REFUSED {
        // A value does not make up for a mistake in the document.
        for variables in [json!({}), json!({"v": "x"})] {
            let body = send(&api, document, variables).await;
            let errors = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
            let is_named = errors.iter().any(|error| {
                error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
                    && error["message"].as_str().is_some_and(|message| message.contains(part))
            });
            if !is_named || body.get("data").is_some() {
                wrong.push(format!("{rule}: {document}: {body}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Operations that a request cannot select, and the message.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_selects_one_operation_that_exists() {
    let api = Api::start().await;
    let two = "query A { __typename } query B { __typename }";
    for (document, name, message) in [
        ("fragment F on Query { __typename }", None, "The document has no operation."),
        ("fragment F on Query { __typename }", Some("F"), "The document has no operation."),
        (two, None, "The document has several operations; name one in `operationName`."),
        (two, Some(""), "The document has several operations; name one in `operationName`."),
        (two, Some("C"), "The document has no operation of that name."),
        ("subscription { x }", None, "The API has no subscriptions."),
        ("subscription S { __typename }", Some("S"), "The API has no subscriptions."),
    ] {
        let body = api.send_text(ADA, json!({"query": document, "operationName": name}).to_string()).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["errors"][0]["message"], message, "{document} {name:?}");
    }
    for name in [json!(null), json!("")] {
        let body = api
            .send_text(ADA, json!({"query": "query A { __typename }", "operationName": name}).to_string())
            .await;
        assert!(body.contains(r#""data":{"__typename":"Query"}"#), "{body}");
    }
}

/// JSON has one kind of number: `1.0` is an integer (as in the reference implementation of GraphQL).
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_number_is_an_integer_however_it_is_written() {
    let api = Api::start().await;
    let document = "query($v: Int) { events(first: $v) { totalCount } }";
    for (number, is_accepted) in [
        ("1.0", true),
        ("1e1", true),
        ("100.0", true),
        ("1.5", false),
        ("0.1", false),
        ("1e300", false),
        ("2147483648.0", false),
        ("-2147483649", false),
    ] {
        let body = format!(r#"{{"query": "{document}", "variables": {{"v": {number}}}}}"#);
        let body = api.send_text(ADA, body).await;
        let is_refused =
            body.contains("GRAPHQL_VALIDATION_FAILED") && body.contains("$v") && body.contains("Int");
        assert_eq!((body.contains("\"data\""), is_refused), (is_accepted, !is_accepted), "{number}: {body}");
    }
    // Zero is an integer, but no size of a page.
    let body = format!(r#"{{"query": "{document}", "variables": {{"v": -0.0}}}}"#);
    let body = api.send_text(ADA, body).await;
    assert!(body.contains("INVALID_INPUT") && body.contains("first"), "{body}");
}

/// The values that the type of a variable accepts (GraphQL spec 3.5 to 3.13 and 6.1.2).
#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_a_variable_is_accepted_or_refused_by_its_type() {
    let api = Api::start().await;
    let mut wrong = Vec::new();
    for (kind, place, accepted, refused) in [
        (
            "Int",
            "events(first: $v) { totalCount }",
            json!([1, null]),
            json!(["1", true, 1.5, [1], {}, 2_147_483_648_i64]),
        ),
        (
            "String",
            "events(filter: {search: $v}) { totalCount }",
            json!(["a", null]),
            json!([7, 1.5, true, ["a"], {}]),
        ),
        (
            "Boolean!",
            "viewer { __typename role @skip(if: $v) }",
            json!([true, false]),
            json!([1, 0, "true", null, []]),
        ),
        ("ID!", "event(id: $v) { id }", json!(["x", 7, 7.0]), json!([1.5, true, null, ["x"], {}])),
        (
            "Role",
            "members(role: $v) { totalCount }",
            json!(["ADMIN", null]),
            json!(["admin", "", 1, true, ["ADMIN"]]),
        ),
        (
            "[ID!]!",
            "nodes(ids: $v) { id }",
            json!([["x"], "x", ["x", 7], []]),
            json!([[null], null, [["x"]], [true], {}]),
        ),
        (
            "EventFilter",
            "events(filter: $v) { totalCount }",
            json!([{}, {"search": "a"}, {"search": null}, null]),
            json!([{"nope": 1}, {"search": 1}, "x", [{}], {"status": "NOPE"}]),
        ),
        (
            "EventOrder",
            "events(orderBy: $v) { totalCount }",
            json!([{"field": "TITLE", "direction": "ASC"}]),
            json!([{"field": "TITLE"}, {"field": "TITLE", "direction": null}, {}]),
        ),
        (
            "DateTime!",
            "occurrences(from: $v, to: \"2031-04-08T00:00:00Z\") { pageInfo { endCursor } }",
            json!(["2031-04-07T00:00:00Z"]),
            json!([7, true, null, ["2031-04-07T00:00:00Z"], {}]),
        ),
    ] {
        let document = format!("query($v: {kind}) {{ {place} }}");
        for (values, is_accepted) in [(accepted, true), (refused, false)] {
            for value in values.as_array().unwrap() {
                let body = send(&api, &document, json!({"v": value})).await;
                let error = &body["errors"][0];
                let is_refused = error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
                    && error["message"].as_str().is_some_and(|message| message.contains("$v"));
                if body.get("data").is_some() != is_accepted || is_refused == is_accepted {
                    wrong.push(format!("{document} with {value}: {body}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
