//! Objects that are resolved without futures, compared with the same ones resolved with futures.

use convene_api_graphql::graphql::schema::{Schema, schema};
use juniper::meta::MetaType;
use serde_json::{Value, json};

use super::support::{ADA, Api};

/// The fields that read data: with one of them, an object is resolved with futures.
const READING: [&str; 5] =
    ["occurrences", "registrations", "viewerRegistration", "member", "waitlistPosition"];

/// The fields of an object, derived from the schema, without those that read data.
fn selection(schema: &Schema, kind: &str) -> String {
    let Some(MetaType::Object(object)) = schema.schema.concrete_type_by_name(kind) else {
        panic!("{kind} is no object");
    };
    let fields = object.fields.iter().filter(|field| !READING.contains(&field.name.as_str()));
    let fields = fields.map(|field| {
        let inner = field.field_type.innermost_name();
        match schema.schema.concrete_type_by_name(inner).is_some_and(MetaType::is_leaf) {
            true => field.name.to_string(),
            false => format!("{} {{ {} }}", field.name, selection(schema, inner)),
        }
    });
    fields.collect::<Vec<_>>().join(" ")
}

/// Removes a field from all objects.
fn remove(value: &mut Value, name: &str) {
    match value {
        Value::Object(object) => {
            object.remove(name);
            object.values_mut().for_each(|value| remove(value, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| remove(item, name)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_without_futures_equal_those_with_futures() {
    let api = Api::start().await;
    let event = api.weekly_event(ADA, 10).await;
    api.register(ADA, &event.occurrences[0]).await;
    let input = json!({"occurrenceId": event.occurrences[1], "title": "Concert"});
    api.change(ADA, "updateOccurrence", input, "occurrence { id event { title } }").await;
    let schema = schema();
    let [occurrence, parent, registration] =
        ["Occurrence", "Event", "Registration"].map(|kind| selection(&schema, kind));
    let window = r#"from: "2031-04-01T00:00:00Z", to: "2031-05-01T00:00:00Z""#;
    for (list, fields, reading) in [
        (format!("occurrences({window})"), &occurrence, "viewerRegistration { id }"),
        ("events".to_owned(), &parent, "occurrences(W) { nodes { id } }"),
        ("registrations".to_owned(), &registration, "member { id }"),
        ("registrations".to_owned(), &registration, "waitlistPosition"),
    ] {
        let reading = reading.replace('W', window);
        for inside in [
            format!("nodes {{ __typename {fields} X }} edges {{ node {{ {fields} X }} }}"),
            format!("nodes {{ id ... {{ {fields} X }} again: id id }}"),
            format!("nodes {{ ... @skip(if: true) {{ {fields} }} id __typename X }}"),
        ] {
            let read = async |reading: &str| {
                let document = format!("{{ {list} {{ {} }} }}", inside.replace('X', reading));
                api.read(ADA, &document).await
            };
            let without = read("").await;
            let mut with = read(&format!("probe: {reading}")).await;
            assert_ne!(without, with, "{inside}");
            remove(&mut with, "probe");
            assert_eq!(without, with, "{inside}");
        }
    }
    let named = "{ occurrences(W) { nodes { ...A } } } fragment A on Occurrence { title ...B } \
                 fragment B on Node { id __typename }";
    let nodes = api.read(ADA, &named.replace('W', window)).await["occurrences"]["nodes"].take();
    assert_eq!(nodes[1], json!({"title": "Concert", "id": event.occurrences[1], "__typename": "Occurrence"}));
    let reading = "{ occurrences(W) { nodes { ...A } } } fragment A on Occurrence { ...B } \
                   fragment B on Occurrence { viewerRegistration { status } }";
    let nodes = api.read(ADA, &reading.replace('W', window)).await["occurrences"]["nodes"].take();
    assert_eq!(nodes[0], json!({"viewerRegistration": {"status": "CONFIRMED"}}));
}
