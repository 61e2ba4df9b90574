//! Reads lists page by page.

use serde_json::{Value, json};

use super::support::{ADA, Api, text};

/// Reads a list in pages of two items. Returns the ids in order.
async fn walk(api: &Api, field: &str, arguments: &str) -> Vec<String> {
    let document = format!(
        "query($after: String) {{ list: {field}(first: 2, after: $after{arguments}) {{ edges {{ cursor node {{ id }} }} \
         nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let mut found = Vec::new();
    let mut after = Value::Null;
    loop {
        let answer = api.ask(ADA, &document, json!({"after": after})).await;
        let list = &answer["data"]["list"];
        let (edges, info) = (list["edges"].as_array().unwrap(), &list["pageInfo"]);
        assert_eq!(info["hasPreviousPage"], json!(!after.is_null()));
        assert_eq!(info["startCursor"], edges.first().map_or(Value::Null, |edge| edge["cursor"].clone()));
        assert_eq!(info["endCursor"], edges.last().map_or(Value::Null, |edge| edge["cursor"].clone()));
        let nodes: Vec<Value> = edges.iter().map(|edge| edge["node"].clone()).collect();
        assert_eq!(list["nodes"], json!(nodes));
        found.extend(nodes.iter().map(|node| text(&node["id"])));
        if info["hasNextPage"] == json!(false) {
            return found;
        }
        after = info["endCursor"].clone();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_every_list_have_no_gaps_or_duplicates() {
    let api = Api::start().await;
    for number in 0..5 {
        let event = api.weekly_event(ADA, 10).await;
        let input = json!({"title": format!("Issue {number}"), "description": ""});
        api.change(ADA, "createIssue", input, "issue { id }").await;
        if number == 0 {
            for occurrence in &event.occurrences {
                api.register(ADA, occurrence).await;
            }
        }
    }
    let window = r#", from: "2031-04-01T00:00:00Z", to: "2031-05-01T00:00:00Z""#;
    for (field, arguments, count) in [
        ("members", "", 3),
        ("events", "", 5),
        ("occurrences", window, 15),
        ("registrations", "", 3),
        ("issues", "", 5),
        ("activity", "", 17),
    ] {
        let found = walk(&api, field, arguments).await;
        let mut unique = found.clone();
        unique.sort();
        unique.dedup();
        assert_eq!((found.len(), unique.len()), (count, count), "{field}: {found:?}");
        assert_eq!(walk_backwards(&api, field, arguments).await, found, "{field}");
    }
}

/// Reads a list backwards in pages of two items. Returns the ids in the order of the list.
async fn walk_backwards(api: &Api, field: &str, arguments: &str) -> Vec<String> {
    let document = format!(
        "query($before: String) {{ list: {field}(last: 2, before: $before{arguments}) {{ nodes {{ id }} \
         edges {{ cursor }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let mut found = Vec::new();
    let mut before = Value::Null;
    loop {
        let answer = api.ask(ADA, &document, json!({"before": before})).await;
        let list = &answer["data"]["list"];
        let (edges, info) = (list["edges"].as_array().unwrap(), &list["pageInfo"]);
        assert_eq!(info["hasNextPage"], json!(!before.is_null()));
        assert_eq!(info["startCursor"], edges.first().map_or(Value::Null, |edge| edge["cursor"].clone()));
        assert_eq!(info["endCursor"], edges.last().map_or(Value::Null, |edge| edge["cursor"].clone()));
        let page = list["nodes"].as_array().unwrap().iter().map(|node| text(&node["id"]));
        found.splice(0..0, page);
        if info["hasPreviousPage"] == json!(false) {
            return found;
        }
        before = info["startCursor"].clone();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_of_both_directions_are_refused_by_name() {
    let api = Api::start().await;
    for number in 0..3 {
        let input = json!({"title": format!("Issue {number}"), "description": ""});
        api.change(ADA, "createIssue", input, "issue { id }").await;
    }
    let page = api.read(ADA, "{ issues(first: 2) { pageInfo { startCursor endCursor } } }").await;
    let info = &page["issues"]["pageInfo"];
    let (start, end) = (text(&info["startCursor"]), text(&info["endCursor"]));
    let asked = async |arguments: &str| {
        let arguments = arguments.replace('S', &format!("\"{start}\"")).replace('E', &format!("\"{end}\""));
        let answer =
            api.ask(ADA, &format!("{{ issues({arguments}) {{ nodes {{ number }} }} }}"), Value::Null).await;
        let extensions = &answer["errors"][0]["extensions"];
        let problems = match extensions["problems"].as_array() {
            Some(problems) => problems.iter().map(|problem| problem["field"].clone()).collect(),
            None if extensions["field"].is_null() => vec![],
            None => vec![extensions["field"].clone()],
        };
        (answer["data"]["issues"]["nodes"].clone(), json!(problems))
    };
    for (arguments, fields) in [
        ("first: 1, last: 1", json!([["last"]])),
        ("first: 1, before: E", json!([["before"]])),
        ("last: 1, after: S", json!([["after"]])),
        ("after: S, before: E", json!([["before"]])),
        ("last: 0", json!([["last"]])),
        ("last: -1", json!([["last"]])),
        ("first: 1000000", json!([["first"]])),
        ("last: 101, before: \"\"", json!([["last"], ["before"]])),
        ("first: 0, last: 0", json!([["last"], ["first"], ["last"]])),
    ] {
        assert_eq!(asked(arguments).await, (Value::Null, fields), "{arguments}");
    }
    let numbers = |numbers: &[u8]| json!(numbers.iter().map(|n| json!({"number": n})).collect::<Vec<_>>());
    for (arguments, found) in [
        ("before: E", numbers(&[1])),
        ("last: 1", numbers(&[3])),
        ("last: 1, before: E", numbers(&[1])),
        ("first: 1, after: S, last: null, before: null", numbers(&[2])),
    ] {
        assert_eq!(asked(arguments).await, (found, json!([])), "{arguments}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_problems_of_a_page_request_are_reported_at_once() {
    let api = Api::start().await;
    let document =
        "{ issues(first: 0, after: \"\", filter: {search: \" \", assigneeId: \"ada\"}) { nodes { id } } }";
    let answer = api.ask(ADA, document, Value::Null).await;
    let problems = answer["errors"][0]["extensions"]["problems"].as_array().unwrap();
    let fields: Vec<&Value> = problems.iter().map(|problem| &problem["field"]).collect();
    assert_eq!(
        json!(fields),
        json!([["first"], ["after"], ["filter", "assigneeId"], ["filter", "search"]]),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_keep_their_order_and_their_gaps() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 1).await;
    let missing = format!("evt_{}", "0".repeat(32));
    let ids = json!([event.occurrences[1], missing, event.id, event.occurrences[1]]);
    let document = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    let answer = api.ask(ADA, document, json!({"ids": ids})).await;
    assert_eq!(
        answer["data"]["nodes"],
        json!([
            {"__typename": "Occurrence", "id": event.occurrences[1]},
            null,
            {"__typename": "Event", "id": event.id},
            {"__typename": "Occurrence", "id": event.occurrences[1]},
        ])
    );
    let ids = json!(["", "nonsense", event.id, "evt_1", missing]);
    let answer = api.ask(ADA, document, json!({"ids": ids})).await;
    let only_event = json!([null, null, {"__typename": "Event", "id": event.id}, null, null]);
    assert_eq!(answer, json!({"data": {"nodes": only_event}}));
    let many = vec![event.id.as_str(); 101];
    let answer = api.ask(ADA, document, json!({"ids": many})).await;
    assert_eq!(answer["errors"][0]["extensions"], json!({"code": "INVALID_INPUT", "field": ["ids"]}));
}
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_valid_for_one_order_and_the_count_for_one_filter() {
    let api = Api::start().await;
    for (number, priority) in ["LOW", "HIGH", "MEDIUM", "HIGH"].into_iter().enumerate() {
        let input = json!({"title": format!("Issue {number}"), "description": "", "priority": priority});
        api.change(ADA, "createIssue", input, "issue { id }").await;
    }
    let document = "query($after: String, $order: IssueOrder, $filter: IssueFilter) { \
        issues(first: 2, after: $after, orderBy: $order, filter: $filter) { \
        nodes { number } totalCount pageInfo { endCursor } } }";
    let by = |field: &str, direction: &str| json!({"field": field, "direction": direction});
    let numbers = |answer: &Value| {
        let nodes = answer["data"]["issues"]["nodes"].as_array().unwrap();
        nodes.iter().map(|node| node["number"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let by_priority = json!({"order": by("PRIORITY", "DESC")});
    let first = api.ask(ADA, document, by_priority.clone()).await;
    assert_eq!((numbers(&first), &first["data"]["issues"]["totalCount"]), (vec![4, 2], &json!(4)));
    let after = &first["data"]["issues"]["pageInfo"]["endCursor"];
    let second = json!({"order": by("PRIORITY", "DESC"), "after": after});
    assert_eq!(numbers(&api.ask(ADA, document, second).await), [3, 1]);
    for order in [Value::Null, by("PRIORITY", "ASC"), by("UPDATED_AT", "DESC"), by("NUMBER", "DESC")] {
        let refused = api.ask(ADA, document, json!({"order": order, "after": after})).await;
        let extensions = json!({"code": "INVALID_INPUT", "field": ["after"]});
        assert_eq!(refused["errors"][0]["extensions"], extensions, "{order}");
    }
    let high = api.ask(ADA, document, json!({"filter": {"priority": "HIGH"}})).await;
    assert_eq!((numbers(&high), &high["data"]["issues"]["totalCount"]), (vec![2, 4], &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_the_log_shows_its_subject_until_it_is_gone() {
    let api = Api::start().await;
    let input = json!({"title": "Broken projector", "description": ""});
    let created = api.change(ADA, "createIssue", input, "issue { id }").await;
    let issue = text(&created["issue"]["id"]);
    let document = "query($id: ID!) { activity(filter: {subjectId: $id}) { nodes { action \
        subject { id __typename } } } }";
    let entries = api.ask(ADA, document, json!({"id": issue})).await;
    let subject = json!({"id": issue, "__typename": "Issue"});
    assert_eq!(
        entries["data"]["activity"]["nodes"],
        json!([{"action": "issue.created", "subject": subject}])
    );
    api.change(ADA, "deleteIssue", json!({"issueId": issue}), "deletedIssueId").await;
    let entries = api.ask(ADA, document, json!({"id": issue})).await;
    let gone =
        json!([{"action": "issue.deleted", "subject": null}, {"action": "issue.created", "subject": null}]);
    assert_eq!(entries["data"]["activity"]["nodes"], gone);
}
