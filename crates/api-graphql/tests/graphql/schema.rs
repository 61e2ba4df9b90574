//! The text of the schema.

use convene_api_graphql::{errors::limits::MAX_INPUT_FIELDS, graphql::schema};
use serde_json::Value;

use super::support::{ADA, Api};

#[test]
fn the_schema_in_docs_is_what_is_served() {
    let written = include_str!("../../../../docs/schema.graphql");
    assert!(written == schema::sdl(), "run `cargo xtask schema` and commit docs/schema.graphql");
}

/// Lists the parts of the schema that have no description.
fn undescribed(kind: &Value) -> Vec<String> {
    let is_missing = |part: &Value| part["description"].as_str().is_none_or(|text| text.trim().is_empty());
    let type_name = kind["name"].as_str().unwrap().to_owned();
    let mut found = Vec::new();
    if is_missing(kind) {
        found.push(type_name.clone());
    }
    for parts in ["fields", "inputFields", "enumValues"] {
        for part in kind[parts].as_array().into_iter().flatten() {
            let path = format!("{type_name}.{}", part["name"].as_str().unwrap());
            let arguments =
                part["args"].as_array().into_iter().flatten().filter(|argument| is_missing(argument));
            found.extend(arguments.map(|argument| format!("{path}({})", argument["name"].as_str().unwrap())));
            if is_missing(part) {
                found.push(path);
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_part_of_the_schema_is_described() {
    let api = Api::start().await;
    let document = "{ __schema { types { name description \
        fields(includeDeprecated: true) { name description args { name description } } \
        inputFields { name description } enumValues(includeDeprecated: true) { name description } } } }";
    let answer = api.ask(ADA, document, Value::Null).await;
    let types = answer["data"]["__schema"]["types"].as_array().unwrap();
    let built_in = ["Boolean", "Float", "ID", "Int", "String"];
    let own = types.iter().filter(|kind| {
        let name = kind["name"].as_str().unwrap();
        !name.starts_with("__") && !built_in.contains(&name)
    });
    let missing: Vec<String> = own.flat_map(undescribed).collect();
    assert!(types.len() > 80 && missing.is_empty(), "{missing:#?}");
}

/// The price of a list of problems depends on it.
#[tokio::test(flavor = "multi_thread")]
async fn the_largest_input_has_the_documented_number_of_fields() {
    let api = Api::start().await;
    let document = "{ __schema { types { name inputFields { type { name kind ofType { name kind } } } } } }";
    let answer = api.ask(ADA, document, Value::Null).await;
    let types = answer["data"]["__schema"]["types"].as_array().unwrap();
    let fields = |name: &str| {
        let kind = types.iter().find(|kind| kind["name"] == name).unwrap();
        kind["inputFields"].as_array().cloned().unwrap_or_default()
    };
    // An item of a list has no place of its own.
    let with_nested = |fields_of: Vec<Value>| {
        let objects = fields_of.iter().map(|field| match &field["type"] {
            nullable if nullable["kind"] == "INPUT_OBJECT" => nullable["name"].as_str(),
            required if required["kind"] == "NON_NULL" && required["ofType"]["kind"] == "INPUT_OBJECT" => {
                required["ofType"]["name"].as_str()
            }
            _ => None,
        });
        fields_of.len() + objects.flatten().map(|name| fields(name).len()).sum::<usize>()
    };
    let largest = types.iter().map(|kind| with_nested(fields(kind["name"].as_str().unwrap()))).max();
    assert_eq!(largest, Some(MAX_INPUT_FIELDS));
}
