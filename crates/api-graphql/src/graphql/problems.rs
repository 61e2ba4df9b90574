//! Collects all problems of an input, so that one response reports all of them.

use std::fmt;

use convene_application::failure::{Failure, Fault, Field, FieldPath, Refusal, Refusals};
use garde::Validate;
use juniper::Nullable;

use crate::errors::limits::shortened;

/// The problems that were found in an input so far.
///
/// All parts are checked before any part is used: `check` notes a problem and returns `None`. [`Problems::conclude`]
/// releases the values after all parts were checked.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<Refusal>,
    within: Option<FieldPath>,
}

impl Problems {
    /// Runs `check` with the argument as a prefix of the field paths.
    pub(crate) fn within<T>(&mut self, argument: Field, check: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.within.replace(argument.into());
        let checked = check(self);
        self.within = outer;
        checked
    }

    pub(crate) fn note(&mut self, field: impl Into<FieldPath>, message: impl fmt::Display) {
        let field = self.full_path(field.into());
        self.found.push(Refusal::InvalidInput { field, message: shortened(message.to_string()) });
    }

    /// Notes the refusals of another check. Their paths are kept.
    pub(crate) fn note_all(&mut self, refusals: impl IntoIterator<Item = Refusal>) {
        self.found.extend(refusals);
    }

    /// Returns the value, or notes the problem and returns `None`.
    pub(crate) fn check<T, E: fmt::Display>(
        &mut self,
        field: impl Into<FieldPath>,
        checked: Result<T, E>,
    ) -> Option<T> {
        checked.map_err(|problem| self.note(field, problem)).ok()
    }

    /// Parses an optional value. Returns `Some(None)` if the value is absent; notes the problem and returns `None` if
    /// it is invalid.
    pub(crate) fn check_optional<I, T, E: fmt::Display>(
        &mut self,
        field: impl Into<FieldPath>,
        given: Option<I>,
        parse: impl FnOnce(I) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match given {
            None => Some(None),
            Some(given) => self.check(field, parse(given)).map(Some),
        }
    }

    /// Parses a value that may be absent but not null. Returns `Some(None)` if it is absent; notes the problem and returns
    /// `None` if it is null or invalid.
    pub(crate) fn check_given<I, T, E: fmt::Display>(
        &mut self,
        field: Field,
        given: &Nullable<I>,
        parse: impl FnOnce(&I) -> Result<T, E>,
    ) -> Option<Option<T>> {
        let given = self.present(field, given)?;
        self.check_optional(field, given, parse)
    }

    /// The value of a field that may be absent but not null. Returns `Some(None)` if it is absent; notes the problem and returns
    /// `None` if it is null.
    pub(crate) fn present<'g, T>(
        &mut self,
        field: impl Into<FieldPath>,
        given: &'g Nullable<T>,
    ) -> Option<Option<&'g T>> {
        match given {
            Nullable::ImplicitNull => Some(None),
            Nullable::ExplicitNull => self.check(field, Err("must not be null")),
            Nullable::Some(given) => Some(Some(given)),
        }
    }

    /// The value of a field with a default, which an absent value has already; notes the problem and returns `None` if it is null.
    pub(crate) fn with_default<T>(&mut self, field: impl Into<FieldPath>, given: Option<T>) -> Option<T> {
        self.check(field, given.ok_or("must not be null"))
    }

    /// Parses an optional value that an explicit null clears. Returns `Some(None)` if the value is absent and so
    /// unchanged, `Some(Some(None))` if it is cleared; notes the problem and returns `None` if it is invalid.
    pub(crate) fn check_clearable<I, T, E: fmt::Display>(
        &mut self,
        field: impl Into<FieldPath>,
        given: &Nullable<I>,
        parse: impl FnOnce(&I) -> Result<T, E>,
    ) -> Option<Option<Option<T>>> {
        match given {
            Nullable::ImplicitNull => Some(None),
            Nullable::ExplicitNull => Some(Some(None)),
            Nullable::Some(given) => self.check(field, parse(given)).map(|value| Some(Some(value))),
        }
    }

    /// Parses all items of a list. Notes the problem of each invalid item under its index and returns `None` if there
    /// is one.
    pub(crate) fn check_all<I, T, E: fmt::Display>(
        &mut self,
        field: impl Into<FieldPath>,
        given: impl IntoIterator<Item = I>,
        mut parse: impl FnMut(I) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let field = field.into();
        let checked =
            given.into_iter().enumerate().map(|(index, item)| self.check(field.index(index), parse(item)));
        // Collecting into an `Option` directly would stop at the first problem.
        let checked: Vec<Option<T>> = checked.collect();
        checked.into_iter().collect()
    }

    /// Checks the shape of an input object, which may be the value of the field `within`. Notes every problem and returns
    /// `None` if there is one.
    pub(crate) fn check_shape<T: Validate<Context = ()>>(
        &mut self,
        within: Option<&FieldPath>,
        input: &T,
    ) -> Option<()> {
        let Err(report) = input.validate() else { return Some(()) };
        for (path, problem) in report.iter() {
            let field = path_in(within.cloned().unwrap_or_default(), &path.to_string());
            self.note(field, problem);
        }
        None
    }

    /// Returns the value if there is no problem.
    ///
    /// # Errors
    ///
    /// All problems.
    pub(crate) fn conclude<T>(self, value: Option<T>) -> Result<T, Failure> {
        Refusals::verify_none(self.found)?;
        value.ok_or_else(|| Fault::internal("an input has no value, and no problem").into())
    }

    fn full_path(&self, field: FieldPath) -> FieldPath {
        match &self.within {
            Some(outer) => outer.join(&field),
            None => field,
        }
    }
}

/// Converts a path of garde, which has the names of the code (`by_weekday[0].nth`). A name that is not a field of the API is
/// omitted, so that the problem refers to the enclosing field.
fn path_in(outer: FieldPath, path: &str) -> FieldPath {
    path.split(['.', '[']).map(|segment| segment.trim_end_matches(']')).fold(outer, |outer, segment| {
        if let Ok(index) = segment.parse() {
            return outer.index(index);
        }
        Field::parse(&camel_case(segment)).map(|field| outer.child(field)).unwrap_or(outer)
    })
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
        name + &initial.into_iter().chain(letters).collect::<String>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::lists;

    #[derive(garde::Validate)]
    struct Input {
        #[garde(adapt(lists), length(max = 2))]
        event_ids: Vec<i32>,
    }

    fn fields(failure: Failure) -> Vec<String> {
        match failure {
            Failure::Refused(refusals) => refusals.iter().map(ToString::to_string).collect(),
            Failure::Fault(fault) => panic!("{fault}"),
        }
    }

    #[test]
    fn all_problems_are_reported_with_the_field_names_of_the_schema() {
        let mut problems = Problems::default();
        let (first, list) = problems.within(Field::Filter, |problems| {
            let first = problems.check(Field::Title, Err::<(), _>("is odd"));
            let list = problems.check_all(Field::Ids, ["1", "x", "y"], str::parse::<u8>);
            problems.check_shape(None, &Input { event_ids: vec![1, 2, 3] });
            (first, list)
        });
        problems.note(Field::First, "is too much");
        assert_eq!(
            fields(problems.conclude(first.zip(list)).unwrap_err()),
            [
                "filter.title is odd",
                "filter.ids.1 invalid digit found in string",
                "filter.ids.2 invalid digit found in string",
                "filter.eventIds must have at most 2 items",
                "first is too much",
            ]
        );
    }

    #[test]
    fn converts_paths_of_garde_into_paths_of_the_schema() {
        let path = |path| path_in(Field::Recurrence.into(), path).to_string();
        assert_eq!(path("by_month_day"), "recurrence.byMonthDay");
        assert_eq!(path("by_weekday[3].nth"), "recurrence.byWeekday.3.nth");
        assert_eq!(path("unknown_name[1]"), "recurrence.1");
    }

    #[test]
    fn a_valid_input_results_in_the_value() {
        let mut problems = Problems::default();
        let value = problems.check_optional(Field::Count, Some("7"), str::parse::<u8>);
        assert!(matches!(problems.conclude(value), Ok(Some(7))));
    }
}
