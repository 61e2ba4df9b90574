use convene_application::idempotency::Fingerprint;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Digests a mutation's name and input. The order of fields does not matter.
pub(crate) fn fingerprint(mutation: &str, input: Value) -> Fingerprint {
    let mut content = Value::from(vec![Value::from(mutation), input]);
    content.sort_all_objects();
    Fingerprint(Sha256::digest(content.to_string()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(mutation: &str, input: &str) -> Fingerprint {
        fingerprint(mutation, serde_json::from_str(input).unwrap())
    }

    #[test]
    fn the_order_of_fields_does_not_matter() {
        let one = of("createIssue", r#"{"title":"a","tag":{"x":1,"y":2}}"#);
        assert_eq!(one, of("createIssue", r#"{"tag":{"y":2,"x":1},"title":"a"}"#));
    }

    #[test]
    fn everything_else_matters() {
        let inputs = [
            r#"{"a":"b"}"#,
            r#"{"a":"1"}"#,
            r#"{"a":1}"#,
            r#"{"a":["1"]}"#,
            r#"{"ab":""}"#,
            r#"{"a":["1","1"]}"#,
            r#"{"a":null}"#,
            "{}",
        ];
        let mut fingerprints: Vec<Fingerprint> = inputs.map(|input| of("updateIssue", input)).into();
        fingerprints.push(of("updateEvent", "{}"));
        for (index, one) in fingerprints.iter().enumerate() {
            assert!(!fingerprints[index + 1..].contains(one), "number {index}");
        }
    }
}
