use juniper::{DefaultScalarValue, InputValue};
use serde_json::Value;

/// Gives the part of a mutation's input that its fingerprint covers.
///
/// The idempotency key is left out, as is `dryRun`: a dry run is answered like the mutation. Fields that are null are left
/// out too, because an omitted field has become null here; `cleared` names those that the caller wrote null for in order to
/// clear them.
pub(super) fn canonical(input: &InputValue<DefaultScalarValue>, cleared: &[&'static str]) -> Value {
    let mut value = json(input);
    if let Some(fields) = value.as_object_mut() {
        fields.remove("idempotencyKey");
        fields.remove("dryRun");
        fields.extend(cleared.iter().map(|&field| (field.to_owned(), Value::Null)));
    }
    value
}

fn json(input: &InputValue<DefaultScalarValue>) -> Value {
    match input {
        // Variables were replaced by their values long before.
        InputValue::Null | InputValue::Variable(_) => Value::Null,
        InputValue::Enum(name) => Value::from(name.as_str()),
        InputValue::Scalar(DefaultScalarValue::String(text)) => Value::from(text.as_str()),
        InputValue::Scalar(DefaultScalarValue::Int(number)) => Value::from(*number),
        InputValue::Scalar(DefaultScalarValue::Float(number)) => Value::from(*number),
        InputValue::Scalar(DefaultScalarValue::Boolean(flag)) => Value::from(*flag),
        InputValue::List(items) => items.iter().map(|item| json(&item.item)).collect(),
        InputValue::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.item.is_null())
            .map(|(name, value)| (name.item.clone(), json(&value.item)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use juniper::graphql_input_value;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_key_and_omitted_fields_are_left_out() {
        let input: InputValue = graphql_input_value!({
            "title": "a",
            "tags": ["x", 1, 1.5, true],
            "event": null,
            "policy": {"opens": null, "closes": "PT1H"},
            "dryRun": false,
            "idempotencyKey": "1",
        });
        let expected = json!({"title": "a", "tags": ["x", 1, 1.5, true], "policy": {"closes": "PT1H"}});
        assert_eq!(canonical(&input, &[]), expected);
    }

    #[test]
    fn a_cleared_field_is_null() {
        let input: InputValue = graphql_input_value!({"event": null, "assignee": null});
        assert_eq!(canonical(&input, &["event"]), json!({"event": null}));
    }
}
