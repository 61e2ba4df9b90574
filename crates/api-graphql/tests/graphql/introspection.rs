//! The introspection queries of common tools, as their libraries print them.

use rstest::rstest;
use serde_json::{Value, json};

use super::support::{ADA, Api};

#[rstest]
#[case::graphql_js_15(include_str!("../data/introspection/graphql-js-15.graphql"))]
#[case::graphql_js_16_and_17(include_str!("../data/introspection/graphql-js-16-and-17.graphql"))]
#[case::graphql_js_with_all_options(include_str!("../data/introspection/graphql-js-16-and-17-all.graphql"))]
#[case::graphql_core(include_str!("../data/introspection/graphql-core-3.graphql"))]
#[case::graphql_core_with_all_options(include_str!("../data/introspection/graphql-core-3-all.graphql"))]
#[tokio::test(flavor = "multi_thread")]
async fn tools_can_read_the_schema(#[case] query: &str) {
    let api = Api::start_with_default_limits().await;
    let (status, body) = api.send(Some(ADA), query, &Value::Null).await;
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert!(answer.get("errors").is_none(), "{}", answer["errors"]);
    assert_eq!(answer["data"]["__schema"]["queryType"]["name"], "Query");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_of_the_schema_is_bounded() {
    let api = Api::start_with_default_limits().await;
    let nested = |levels: usize| {
        format!(
            "{{ __type(name: \"Event\") {{ {} name {} }} }}",
            "ofType { ".repeat(levels),
            "}".repeat(levels)
        )
    };
    for (levels, is_accepted) in [(19, true), (20, false)] {
        let (_, body) = api.send(Some(ADA), &nested(levels), &json!({})).await;
        assert_eq!(!body.contains("introspectionDepth"), is_accepted, "{body}");
    }
    // Types refer to each other, so that each list multiplies the result: sixteen of these had more than 200 MB.
    for [outer, inner] in [
        ["possibleTypes", "interfaces"],
        ["fields { type", "fields { type"],
        ["fields { type", "possibleTypes"],
    ] {
        for (pairs, is_accepted) in [(1, true), (2, false)] {
            let open = format!("{outer} {{ {inner} {{ ").repeat(pairs);
            let close = "}".repeat(open.matches('{').count());
            let query = format!("{{ __type(name: \"Node\") {{ {open} __typename {close} }} }}");
            let (_, body) = api.send(Some(ADA), &query, &json!({})).await;
            assert_eq!(!body.contains("introspectionLists"), is_accepted, "{query}: {body}");
        }
    }
    let wide =
        format!("{{ __schema {{ types {{ {} name {} }} }} }}", "fields { type { ".repeat(6), "} }".repeat(6));
    let (_, body) = api.send(Some(ADA), &wide, &json!({})).await;
    assert!(body.contains("QUERY_LIMIT_EXCEEDED") && body.contains("\"limit\":\"cost\""), "{body}");
}
