//! JSON without duplicate names in objects.
//!
//! Parsers differ in which of two duplicate names they keep. If a proxy or an audit log reads the first and the server
//! the second, they see different requests. A text with duplicate names is therefore refused.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// Parses one JSON text. Nesting is limited to 128 levels by the parser, so that no text can exhaust the stack.
///
/// # Errors
///
/// Not JSON, not UTF-8, something after the text, too deeply nested, or a name given twice in one object.
pub fn from_slice(text: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice::<Strict>(text).map(|strict| strict.0)
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a name is given twice in one object"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"a":1,"a":1}"#)]
    #[case(r#"{"x":[{"a":1,"a":2}]}"#)]
    #[case(r#"{"a":1,"\u0061":2}"#)]
    #[case(r#"{"a":1}}"#)]
    #[case("{a:1}")]
    #[case("1e999")]
    #[case(r#""\ud800""#)]
    fn loose_json_is_refused(#[case] text: &str) {
        assert!(from_slice(text.as_bytes()).is_err());
    }

    #[test]
    fn nesting_is_limited() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(from_slice(nested(100).as_bytes()).is_ok());
        assert!(from_slice(nested(129).as_bytes()).is_err());
        assert!(from_slice(nested(100_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic(text: Vec<u8>) {
            let _ = from_slice(&text).is_ok();
        }

        #[test]
        fn strings_come_back_as_they_were(text: String) {
            let json = serde_json::to_vec(&text).unwrap();
            prop_assert_eq!(from_slice(&json).unwrap(), Value::String(text));
        }
    }
}
