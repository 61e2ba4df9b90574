use convene_application::idempotency::Fingerprint;
use juniper::{DefaultScalarValue, InputValue};
use sha2::{Digest, Sha256};

/// The field that is no part of what is asked for.
const KEY_FIELD: &str = "idempotencyKey";

/// A digest of a mutation and its input without the key: the same for the same input, however it was written.
///
/// Defaults are filled in before, so leaving a field out and writing its default are the same; so are leaving a field
/// out and writing null, except for fields that null clears, which `cleared` names.
pub(super) fn fingerprint(
    mutation: &str,
    input: &InputValue<DefaultScalarValue>,
    cleared: &[&'static str],
) -> Fingerprint {
    let mut digest = Sha256::new();
    text(&mut digest, b'm', mutation);
    value(&mut digest, input);
    for field in cleared {
        text(&mut digest, b'c', field);
    }
    let digest = digest.finalize();
    Fingerprint(std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default()))
}

/// Every value begins with a letter for its kind and, where it has one, its length, so that no two inputs give the
/// same bytes.
fn value(digest: &mut Sha256, given: &InputValue<DefaultScalarValue>) {
    match given {
        // Variables are filled in long before; one would stand for null.
        InputValue::Null | InputValue::Variable(_) => digest.update([b'n']),
        InputValue::Enum(name) => text(digest, b's', name),
        InputValue::Scalar(DefaultScalarValue::String(string)) => text(digest, b's', string),
        InputValue::Scalar(DefaultScalarValue::Int(number)) => text(digest, b'i', &number.to_string()),
        InputValue::Scalar(DefaultScalarValue::Float(number)) => text(digest, b'f', &number.to_string()),
        InputValue::Scalar(DefaultScalarValue::Boolean(flag)) => text(digest, b'b', &flag.to_string()),
        InputValue::List(items) => {
            text(digest, b'l', &items.len().to_string());
            items.iter().for_each(|item| value(digest, &item.item));
        }
        InputValue::Object(fields) => {
            let mut fields: Vec<_> = fields
                .iter()
                .filter(|(name, given)| name.item != KEY_FIELD && !given.item.is_null())
                .map(|(name, given)| (name.item.as_str(), &given.item))
                .collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            text(digest, b'o', &fields.len().to_string());
            for (name, given) in fields {
                text(digest, b'k', name);
                value(digest, given);
            }
        }
    }
}

fn text(digest: &mut Sha256, kind: u8, content: &str) {
    digest.update([kind]);
    digest.update(content.len().to_string());
    digest.update([b':']);
    digest.update(content);
}

#[cfg(test)]
mod tests {
    use juniper::{InputValue, graphql_input_value};

    use super::*;

    fn of(input: &InputValue<DefaultScalarValue>) -> Fingerprint {
        fingerprint("createIssue", input, &[])
    }

    #[test]
    fn leaves_out_the_key_the_order_and_nulls() {
        let one: InputValue = graphql_input_value!({"title": "a", "tags": ["x", "y"], "idempotencyKey": "1"});
        let same: InputValue = graphql_input_value!({"tags": ["x", "y"], "event": null, "title": "a"});
        assert_eq!(of(&one), of(&same));
    }

    #[test]
    fn differs_with_anything_else() {
        let given: [InputValue; 6] = [
            graphql_input_value!({"a": "b"}),
            graphql_input_value!({"a": "1"}),
            graphql_input_value!({"a": 1}),
            graphql_input_value!({"a": ["1"]}),
            graphql_input_value!({"ab": ""}),
            graphql_input_value!({"a": ["1", "1"]}),
        ];
        for (index, one) in given.iter().enumerate() {
            for other in given.iter().skip(index + 1) {
                assert_ne!(of(one), of(other), "{one} and {other}");
            }
        }
        let empty: InputValue = graphql_input_value!({"a": null});
        assert_ne!(fingerprint("updateIssue", &empty, &["a"]), fingerprint("updateIssue", &empty, &[]));
        assert_ne!(fingerprint("updateIssue", &empty, &[]), fingerprint("updateEvent", &empty, &[]));
    }
}
