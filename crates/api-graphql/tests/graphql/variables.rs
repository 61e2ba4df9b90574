//! Each position of each operation refuses a variable that is null or of the wrong kind before it is executed.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::support::{ADA, Api, text};

const INTROSPECTION: &str = "{
  __schema {
    queryType { name } mutationType { name }
    types {
      name kind enumValues { name }
      inputFields { name type { ...T } }
      fields { name type { ...T } args { name type { ...T } } }
    }
  }
}
fragment T on __Type { name kind ofType { name kind ofType { name kind ofType { name kind ofType { name } } } } }";

/// The types of a schema.
struct Types(HashMap<String, Value>);

/// A position that takes a value.
#[derive(Debug)]
pub(super) struct Position {
    /// The operation with `$v` in this position.
    pub(super) document: String,
    /// The type of the position, such as `[ID!]!`.
    pub(super) kind: String,
    /// A valid value.
    pub(super) sample: String,
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn displayed(kind: &Value) -> String {
    match kind["kind"].as_str() {
        Some("NON_NULL") => format!("{}!", displayed(&kind["ofType"])),
        Some("LIST") => format!("[{}]", displayed(&kind["ofType"])),
        _ => text(&kind["name"]),
    }
}

fn is_required(kind: &Value) -> bool {
    kind["kind"] == "NON_NULL"
}

impl Types {
    async fn of(api: &Api) -> (Self, Value) {
        let schema = api.read(ADA, INTROSPECTION).await["__schema"].take();
        let types = items(&schema["types"]).iter().map(|kind| (text(&kind["name"]), kind.clone()));
        (Self(types.collect()), schema)
    }

    /// A valid literal of the type, with required fields only.
    fn sample(&self, kind: &Value) -> String {
        match kind["kind"].as_str() {
            Some("NON_NULL") => return self.sample(&kind["ofType"]),
            Some("LIST") => return format!("[{}]", self.sample(&kind["ofType"])),
            _ => {}
        }
        let name = text(&kind["name"]);
        match name.as_str() {
            "Int" => "1".to_owned(),
            "Boolean" => "true".to_owned(),
            "DateTime" => "\"2031-04-07T07:00:00Z\"".to_owned(),
            "LocalDateTime" => "\"2031-04-07T09:00:00\"".to_owned(),
            "TimeZone" => "\"Europe/Paris\"".to_owned(),
            "Duration" => "\"PT1H\"".to_owned(),
            "String" | "ID" => "\"evt_1\"".to_owned(),
            _ if self.0[&name]["kind"] == "ENUM" => text(&self.0[&name]["enumValues"][0]["name"]),
            _ => self.object(&name, None),
        }
    }

    /// An input object with its required fields and the given one.
    fn object(&self, name: &str, given: Option<(&str, &str)>) -> String {
        let fields = items(&self.0[name]["inputFields"]).iter().filter_map(|field| {
            let name = text(&field["name"]);
            match given {
                Some((given, value)) if given == name => Some(format!("{name}: {value}")),
                _ if is_required(&field["type"]) => Some(format!("{name}: {}", self.sample(&field["type"]))),
                _ => None,
            }
        });
        format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
    }

    /// The positions within a value of the type. `within` embeds a literal of the type in a document.
    fn positions(&self, kind: &Value, depth: usize, within: &dyn Fn(&str) -> String) -> Vec<Position> {
        let mut positions =
            vec![Position { document: within("$v"), kind: displayed(kind), sample: self.sample(kind) }];
        let inner = if is_required(kind) { &kind["ofType"] } else { kind };
        if inner["kind"] == "LIST" {
            let item = |literal: &str| within(&format!("[{literal}]"));
            positions.extend(self.positions(&inner["ofType"], depth, &item));
        } else if depth < 4 && self.0[&text(&inner["name"])]["kind"] == "INPUT_OBJECT" {
            let object = text(&inner["name"]);
            for field in items(&self.0[&object]["inputFields"]) {
                let name = text(&field["name"]);
                let literal = |value: &str| within(&self.object(&object, Some((&name, value))));
                positions.extend(self.positions(&field["type"], depth + 1, &literal));
            }
        }
        positions
    }

    /// The positions of a root field.
    fn field_positions(&self, operation: &str, field: &Value) -> Vec<Position> {
        let name = text(&field["name"]);
        let mut result = &field["type"];
        while !result["ofType"].is_null() {
            result = &result["ofType"];
        }
        let leaf = matches!(self.0[&text(&result["name"])]["kind"].as_str(), Some("SCALAR" | "ENUM"));
        let selection = if leaf { "" } else { "{ __typename }" };
        let mut positions = Vec::new();
        for argument in items(&field["args"]) {
            let given = text(&argument["name"]);
            let within = |literal: &str| {
                let others = items(&field["args"])
                    .iter()
                    .filter(|other| other["name"] != argument["name"] && is_required(&other["type"]));
                let mut arguments: Vec<String> = others
                    .map(|other| format!("{}: {}", text(&other["name"]), self.sample(&other["type"])))
                    .collect();
                arguments.push(format!("{given}: {literal}"));
                format!("{operation} {{ {name}({}) {selection} }}", arguments.join(", "))
            };
            positions.extend(self.positions(&argument["type"], 0, &within));
        }
        positions
    }
}

/// All positions of all operations, and those of directives and introspection.
pub(super) async fn all_positions(api: &Api) -> Vec<Position> {
    let (types, schema) = Types::of(api).await;
    let mut positions = Vec::new();
    for (operation, root) in [("query($v: TYPE)", "queryType"), ("mutation($v: TYPE)", "mutationType")] {
        let root = text(&schema[root]["name"]);
        for field in items(&types.0[&root]["fields"]) {
            positions.extend(types.field_positions(operation, field));
        }
    }
    let special = [
        ("{ organization { slug @skip(if: $v) name } }", "Boolean!", "false"),
        ("{ organization { name ... @include(if: $v) { slug } } }", "Boolean!", "true"),
        (
            "{ organization { name ...F @include(if: $v) } } fragment F on Organization { slug }",
            "Boolean!",
            "true",
        ),
        (
            "{ organization { ...F } } fragment F on Organization { name slug @skip(if: $v) }",
            "Boolean!",
            "false",
        ),
        ("{ __type(name: $v) { name } }", "String!", "\"Query\""),
    ];
    positions.extend(special.map(|(document, kind, sample)| Position {
        document: format!("query($v: TYPE) {document}"),
        kind: kind.to_owned(),
        sample: sample.to_owned(),
    }));
    assert!(positions.len() > 200, "only {} positions were found", positions.len());
    positions
}

#[tokio::test(flavor = "multi_thread")]
async fn a_null_variable_is_refused_wherever_a_value_is_required() {
    let api = Api::start().await;
    let mut required = 0;
    for Position { document, kind, sample } in all_positions(&api).await {
        let nullable = kind.trim_end_matches('!');
        for declared in [format!("{nullable} = {sample}"), format!("{nullable} = null")] {
            let document = document.replacen("TYPE", &declared, 1);
            let given = if declared.ends_with("null") { json!({}) } else { json!({"v": null}) };
            let (status, body) = api.send(Some(ADA), &document, &given).await;
            assert!(status < 500, "{status}: {document}: {body}");
            assert!(!body.contains("\"INTERNAL\""), "{document}: {body}");
            if kind.ends_with('!') {
                required += 1;
                assert!(body.contains("GRAPHQL_VALIDATION_FAILED"), "{document}: {body}");
                assert!(!body.contains("\"data\""), "{document}: {body}");
            }
        }
    }
    assert!(required > 100, "only {required} positions require a value");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_of_a_wrong_kind_is_no_fault() {
    let api = Api::start().await;
    let wrong = [
        json!(7),
        json!(-1.5),
        json!(true),
        json!("x"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"x": 1}),
    ];
    for Position { document, kind, .. } in all_positions(&api).await {
        let document = document.replacen("TYPE", &kind, 1);
        for value in &wrong {
            let (status, body) = api.send(Some(ADA), &document, &json!({"v": value})).await;
            assert!(status < 500 && !body.contains("\"INTERNAL\""), "{status}: {document} {value}: {body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_of_an_unknown_type_is_refused_before_the_execution() {
    let api = Api::start().await;
    for kind in ["Nope", "Nope!", "[Nope]", "[Nope!]!", "Float"] {
        for default in ["", " = null", " = \"x\"", " = []", " = {a: 1}"] {
            for document in ["query($v: KIND) { __typename }", "mutation($v: KIND) { __typename }"] {
                let document = document.replace("KIND", &format!("{kind}{default}"));
                let (status, body) = api.send(Some(ADA), &document, &Value::Null).await;
                assert!(status < 500 && body.contains("_FAILED"), "{document}: {body}");
            }
        }
    }
    let (_, body) = api.send(Some(ADA), "query($v: Nope = 1) { __typename }", &Value::Null).await;
    assert!(body.contains(r#"Unknown type \"Nope\""#), "{body}");
}
