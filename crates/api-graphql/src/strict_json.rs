//! JSON without duplicate names in objects, of bounded size.
//!
//! Parsers differ in which of two duplicate names they keep. If a proxy or an audit log reads the first and the server
//! the second, they see different requests. A text with duplicate names is therefore refused.
//!
//! The numbers of values and of levels are counted while a text is read, so that a small text cannot become a large
//! structure.

use std::{cell::Cell, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// The maximum number of values in one text, which are all scalars, lists and objects. Ten mutations with the maximum
/// number of dates have 7,500.
pub const MAX_VALUES: usize = 10_000;

/// The maximum number of nested lists and objects. The variables of the deepest input have eight.
pub const MAX_NESTING: usize = 20;

/// Parses one JSON text.
///
/// # Errors
///
/// Not JSON, not UTF-8, something after the text, more values or levels than allowed, or a name given twice in one
/// object.
pub fn from_slice(text: &[u8]) -> Result<Value, serde_json::Error> {
    let values = Cell::new(0);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Strict { values: &values, nesting: 0 }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// A value to read, with the number of values so far and the number of lists and objects around it.
#[derive(Clone, Copy)]
struct Strict<'c> {
    values: &'c Cell<usize>,
    nesting: usize,
}

impl Strict<'_> {
    /// The state for the items of a list or an object.
    fn inside<E: Error>(self) -> Result<Self, E> {
        let nesting = self.nesting + 1;
        if nesting > MAX_NESTING {
            return Err(E::custom(format_args!("more than {MAX_NESTING} nested lists and objects")));
        }
        Ok(Self { nesting, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MAX_VALUES {
            return Err(D::Error::custom(format_args!("more than {MAX_VALUES} values")));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
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
        let inside = self.inside()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if object.insert(name, entries.next_value_seed(inside)?).is_some() {
                return Err(A::Error::custom("a name is given twice in one object"));
            }
        }
        Ok(Value::Object(object))
    }
}

/// Texts that are JSON, or nearly.
#[cfg(test)]
pub(crate) mod json {
    use proptest::{
        collection,
        prelude::*,
        sample::{select, subsequence},
    };

    const NAMES: [&str; 4] = [r#""a""#, r#""b""#, r#""\u0061""#, r#""""#];

    /// Tokens in any order, or values in lists and objects, nested more deeply than allowed and with duplicate names.
    pub(crate) fn any_text() -> impl Strategy<Value = String> {
        let tokens = vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            r#""a""#,
            r#""\u0061""#,
            r#""\ud800""#,
            "1",
            "-0",
            "1.5",
            "1e999",
            "null",
            "true",
            " ",
        ];
        let tokens = collection::vec(select(tokens), 0..60).prop_map(|tokens| tokens.concat());
        prop_oneof![1 => tokens, 3 => value()]
    }

    fn value() -> impl Strategy<Value = String> {
        let often = prop_oneof![
            select(vec!["1", "-0", "1.5", "1e2", "null", "true", r#""a""#]),
            select(NAMES.to_vec())
        ];
        let rarely = select(vec!["1e999", r#""\ud800""#, "01", ""]);
        let scalar = prop_oneof![40 => often, 1 => rarely].prop_map(str::to_owned);
        let within = scalar.prop_recursive(6, 30, 4, |inner| {
            let entry =
                (select(NAMES.to_vec()), inner.clone()).prop_map(|(name, value)| format!("{name}:{value}"));
            let names = subsequence(NAMES.to_vec(), 0..=NAMES.len());
            let different = names.prop_flat_map({
                let inner = inner.clone();
                move |names| {
                    let values = collection::vec(inner.clone(), names.len());
                    values.prop_map(move |values| {
                        let entries = names.iter().zip(values).map(|(name, value)| format!("{name}:{value}"));
                        format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
                    })
                }
            });
            prop_oneof![
                collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                collection::vec(entry, 0..4).prop_map(|entries| format!("{{{}}}", entries.join(","))),
                different,
            ]
        });
        (collection::vec(any::<bool>(), 0..26), within).prop_map(|(levels, value)| {
            let open: String = levels.iter().map(|list| if *list { "[" } else { r#"{"a":"# }).collect();
            let close: String = levels.iter().rev().map(|list| if *list { "]" } else { "}" }).collect();
            format!("{open}{value}{close}")
        })
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
        assert!(from_slice(nested(20).as_bytes()).is_ok());
        assert!(from_slice(nested(21).as_bytes()).is_err());
        assert!(from_slice(nested(100_000).as_bytes()).is_err());
    }

    #[test]
    fn the_number_of_values_is_limited() {
        let list = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
        assert!(from_slice(list(10_000).as_bytes()).is_ok());
        let problem = from_slice(list(10_001).as_bytes()).unwrap_err().to_string();
        assert!(problem.starts_with("more than 10000 values"), "{problem}");
    }

    /// The number of names in the objects of a value.
    fn names(value: &Value) -> usize {
        match value {
            Value::Array(items) => items.iter().map(names).sum(),
            Value::Object(entries) => entries.len() + entries.values().map(names).sum::<usize>(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        }
    }

    /// The most nested lists and objects of a text without brackets in its strings.
    fn nesting(text: &str) -> usize {
        let levels = text.chars().scan(0_usize, |level, character| {
            match character {
                '[' | '{' => *level += 1,
                ']' | '}' => *level = level.saturating_sub(1),
                _ => {}
            }
            Some(*level)
        });
        levels.max().unwrap_or(0)
    }

    proptest! {
        /// The other parser keeps the last one of duplicate names: then its value has fewer names than the text has colons.
        #[test]
        fn any_text_is_read_as_by_another_parser_or_refused_for_a_reason(text in json::any_text()) {
            let other = serde_json::from_str::<Value>(&text).ok();
            let expected = other
                .filter(|value| names(value) == text.matches(':').count())
                .filter(|_| nesting(&text) <= MAX_NESTING);
            prop_assert_eq!(from_slice(text.as_bytes()).ok(), expected);
        }

        #[test]
        fn no_bytes_cause_a_panic(text: Vec<u8>) {
            let _ = from_slice(&text).is_ok();
        }

        #[test]
        fn strings_come_back_as_they_were(text: String) {
            let json = serde_json::to_vec(&text).unwrap();
            prop_assert_eq!(from_slice(&json).unwrap(), Value::String(text));
        }
    }
}
