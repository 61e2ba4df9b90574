//! Reads bodies and query strings, strictly: every problem is noted, and every unknown name is one.

use std::fmt;

use convene_application::{failure::Field, limits::FILTER_VALUES};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::failure::invalid;
use crate::{
    errors::RequestError,
    http::{
        error::{FieldProblem, HttpError},
        query_string,
    },
    strict_json,
};

/// The maximum length of a caller's text in a message, in characters.
const LONGEST_QUOTE: usize = 40;

/// The maximum number of fields of a body. The largest input has five.
pub const MAX_FIELDS: usize = 20;

/// The maximum number of parameters of a query string: two lists of a filter, and the rest.
pub const MAX_PARAMETERS: usize = 2 * FILTER_VALUES + 20;

/// The problems of an input.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<FieldProblem>);

impl Problems {
    /// Drops this problem if it is the only one.
    pub(super) fn forgive(&mut self, field: Field, message: &str) {
        if let [only] = self.0.as_slice()
            && only.field == field.as_str()
            && only.message == message
        {
            self.0.clear();
        }
    }

    /// Notes the problem of a field, a header, or a name that is not known.
    fn note(&mut self, name: impl fmt::Display, message: impl fmt::Display) {
        self.0.push(FieldProblem { field: name.to_string(), message: message.to_string() });
    }

    /// The value, or `None` with its problem noted.
    pub(super) fn check<T, E: fmt::Display>(&mut self, field: Field, checked: Result<T, E>) -> Option<T> {
        checked.map_err(|problem| self.note(field, problem)).ok()
    }

    /// The value of a header, or `None` with its problem noted.
    pub(super) fn check_header<T, E: fmt::Display>(
        &mut self,
        name: &'static str,
        checked: Result<T, E>,
    ) -> Option<T> {
        checked.map_err(|problem| self.note(name, problem)).ok()
    }

    /// The value of a text that must be given.
    pub(super) fn required<T, E: fmt::Display>(
        &mut self,
        field: Field,
        given: Given,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let given = self.optional(field, given, parse)?;
        self.check(field, given.ok_or("is missing"))
    }

    /// The value of a text that may be left out, but not be null.
    pub(super) fn optional<T, E: fmt::Display>(
        &mut self,
        field: Field,
        given: Given,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match self.clearable(field, given, parse)? {
            Given::Value(value) => Some(Some(value)),
            Given::Absent => Some(None),
            Given::Null => self.check(field, Err("must not be null")),
        }
    }

    /// The value of a text that may be left out or null.
    pub(super) fn clearable<T, E: fmt::Display>(
        &mut self,
        field: Field,
        given: Given,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Given<T>> {
        match given {
            Given::Absent => Some(Given::Absent),
            Given::Null => Some(Given::Null),
            Given::Value(Value::String(text)) => self.check(field, parse(&text)).map(Given::Value),
            Given::Value(_) => self.check(field, Err("must be a string")),
        }
    }

    /// Notes every name that the input does not have.
    pub(super) fn note_unknown(&mut self, names: &[String], known: &str) {
        for name in names {
            let name: String = name.chars().take(LONGEST_QUOTE).collect();
            self.note(name, format_args!("is not known here; {known}"));
        }
    }

    /// Notes every parameter of the query string of a route that has none.
    ///
    /// # Errors
    /// 400 for a query string that cannot be read.
    pub(super) fn refuse_parameters(&mut self, query: &str) -> Result<(), HttpError> {
        Query::parse(query)?.finish(self, "this address has no parameters");
        Ok(())
    }

    /// The input's values, if there is no problem.
    pub(super) fn conclude<T>(self, values: Option<T>) -> Result<T, HttpError> {
        match values {
            Some(values) if self.0.is_empty() => Ok(values),
            _ => Err(invalid(self.0)),
        }
    }
}

/// A field of a body, before or after its value was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Given<T = Value> {
    /// The body does not contain the field.
    #[default]
    Absent,
    Null,
    Value(T),
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// The JSON object of a body.
#[derive(Debug)]
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// Reads a JSON text, in which no object has a name twice.
    ///
    /// # Errors
    /// 400 for everything but a JSON object.
    pub(super) fn parse(text: &[u8]) -> Result<Self, HttpError> {
        let refuse = |message| HttpError::with_message(RequestError::BadRequest, message);
        match strict_json::from_slice(text) {
            Ok(Value::Object(fields)) if fields.len() > MAX_FIELDS => Err(refuse(format!(
                "The body has {} fields; at most {MAX_FIELDS} are allowed.",
                fields.len()
            ))),
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(refuse(String::from("The body must be a JSON object."))),
            Err(problem) => Err(refuse(format!("The body is not valid JSON: {problem}."))),
        }
    }

    pub(super) const fn fields(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The body as a `T` of [`Given`] fields, and the names that `T` refuses. They are tried one by one, as serde stops
    /// at the first unknown name.
    pub(super) fn read<T: DeserializeOwned + Default>(self) -> (T, Vec<String>) {
        let is_known = |name: &str| T::deserialize(json!({ name: null })).is_ok();
        let (known, unknown): (Map<_, _>, Map<_, _>) =
            self.0.into_iter().partition(|(name, _)| is_known(name));
        let names = unknown.into_iter().map(|(name, _)| name).collect();
        (T::deserialize(Value::Object(known)).unwrap_or_default(), names)
    }
}

/// The parameters of a query string. They are taken out one by one; those that remain are unknown. They are not read with
/// serde, as it stops at the first problem and does not collect a repeated name into a list.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string.
    ///
    /// # Errors
    /// 400 for one that cannot be read.
    pub(super) fn parse(text: &str) -> Result<Self, HttpError> {
        let refuse = |message: &str| HttpError::with_message(RequestError::BadRequest, message);
        if text.split('&').nth(MAX_PARAMETERS).is_some() {
            return Err(refuse(&format!("The query string has more than {MAX_PARAMETERS} parameters.")));
        }
        query_string::pairs(text).map(Self).ok_or_else(|| refuse("The query string is not valid UTF-8."))
    }

    /// A parameter that may be given once.
    pub(super) fn one<T, E: fmt::Display>(
        &mut self,
        problems: &mut Problems,
        name: Field,
        parse: impl FnMut(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        let mut values = self.many(problems, name, parse)?;
        if values.len() > 1 {
            return problems.check(name, Err("may be given once"));
        }
        Some(values.pop())
    }

    /// A parameter that may be given any number of times.
    pub(super) fn many<T, E: fmt::Display>(
        &mut self,
        problems: &mut Problems,
        name: Field,
        mut parse: impl FnMut(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let given: Vec<_> = self.0.extract_if(.., |(given, _)| given == name.as_str()).collect();
        if given.len() > FILTER_VALUES {
            return problems.check(name, Err(format!("may be given at most {FILTER_VALUES} times")));
        }
        let parsed: Result<Vec<T>, E> = given.iter().map(|(_, value)| parse(value)).collect();
        problems.check(name, parsed)
    }

    /// Notes every parameter that was not taken out.
    pub(super) fn finish(self, problems: &mut Problems, known: &str) {
        let names: Vec<String> = self.0.into_iter().map(|(name, _)| name).collect();
        problems.note_unknown(&names, known);
    }
}
