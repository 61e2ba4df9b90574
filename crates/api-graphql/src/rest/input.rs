//! Reads bodies and query strings, strictly: every problem is noted, and nothing unknown is passed over.

use std::fmt;

use actix_web::http::StatusCode;
use serde_json::{Map, Value};

use super::failure::invalid;
use crate::{
    http::error::{FieldProblem, HttpError},
    strict_json,
};

/// The longest part of a caller's text that a message repeats, in characters.
const LONGEST_QUOTE: usize = 40;

/// Collects what is wrong with an input.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<FieldProblem>);

impl Problems {
    /// Notes a problem.
    pub(super) fn note(&mut self, field: &str, message: impl fmt::Display) {
        let field = field.chars().take(LONGEST_QUOTE).collect();
        self.0.push(FieldProblem { field, message: message.to_string() });
    }

    /// The value, or `None` with its problem noted.
    pub(super) fn check<T, E: fmt::Display>(&mut self, field: &str, checked: Result<T, E>) -> Option<T> {
        checked.map_err(|problem| self.note(field, problem)).ok()
    }

    /// The input's values, if all of them are fine.
    pub(super) fn conclude<T>(self, values: Option<T>) -> Result<T, HttpError> {
        match values {
            Some(values) if self.0.is_empty() => Ok(values),
            _ => Err(invalid(self.0)),
        }
    }
}

/// What a body says about a field that can be set and cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given<T> {
    /// Nothing.
    Absent,
    /// `null`.
    Null,
    /// A value.
    Value(T),
}

/// The JSON object of a body. Fields are taken out one by one; what is left in the end is unknown.
#[derive(Debug)]
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// Reads a JSON text, in which no object names anything twice.
    ///
    /// # Errors
    /// 400 for anything but a JSON object.
    pub(super) fn parse(text: &[u8]) -> Result<Self, HttpError> {
        let refuse = |message| HttpError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message);
        match strict_json::from_slice(text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(refuse(String::from("The body must be a JSON object."))),
            Err(problem) => Err(refuse(format!("The body is not valid JSON: {problem}."))),
        }
    }

    /// The object as it was sent, as long as nothing was taken out.
    pub(super) const fn fields(&self) -> &Map<String, Value> {
        &self.0
    }

    /// A text that must be there.
    pub(super) fn required<T, E: fmt::Display>(
        &mut self,
        problems: &mut Problems,
        field: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.clearable(problems, field, parse)? {
            Given::Value(value) => Some(value),
            Given::Absent => problems.check(field, Err("is missing")),
            Given::Null => problems.check(field, Err("must not be null")),
        }
    }

    /// A text that may be left out, but not be null.
    pub(super) fn optional<T, E: fmt::Display>(
        &mut self,
        problems: &mut Problems,
        field: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match self.clearable(problems, field, parse)? {
            Given::Value(value) => Some(Some(value)),
            Given::Absent => Some(None),
            Given::Null => problems.check(field, Err("must not be null")),
        }
    }

    /// A text that may be left out or null.
    pub(super) fn clearable<T, E: fmt::Display>(
        &mut self,
        problems: &mut Problems,
        field: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Given<T>> {
        match self.0.remove(field) {
            None => Some(Given::Absent),
            Some(Value::Null) => Some(Given::Null),
            Some(Value::String(text)) => problems.check(field, parse(&text)).map(Given::Value),
            Some(_) => problems.check(field, Err("must be a string")),
        }
    }

    /// Notes every field that nobody asked for.
    pub(super) fn finish(self, problems: &mut Problems, known: &str) {
        for field in self.0.keys() {
            problems.note(field, format_args!("is not known here; there are {known}"));
        }
    }
}

/// The parameters of a query string. They are taken out one by one; what is left in the end is unknown.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string.
    ///
    /// # Errors
    /// 400 for one that cannot be read.
    pub(super) fn parse(text: &str) -> Result<Self, HttpError> {
        let refuse =
            |_| HttpError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "The query string cannot be read.");
        serde_urlencoded::from_str(text).map(Self).map_err(refuse)
    }

    /// A parameter that may be given once.
    pub(super) fn one<T, E: fmt::Display>(
        &mut self,
        problems: &mut Problems,
        name: &str,
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
        name: &str,
        mut parse: impl FnMut(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let given: Vec<_> = self.0.extract_if(.., |(given, _)| given == name).collect();
        let parsed: Result<Vec<T>, E> = given.iter().map(|(_, value)| parse(value)).collect();
        problems.check(name, parsed)
    }

    /// Notes every parameter that nobody asked for.
    pub(super) fn finish(self, problems: &mut Problems, known: &str) {
        for (name, _) in self.0 {
            problems.note(&name, format_args!("is not known here; there are {known}"));
        }
    }
}
