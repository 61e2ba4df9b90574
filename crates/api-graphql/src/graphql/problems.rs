//! Collects everything that is wrong with an input, so that all of it is told at once.

use std::fmt;

use convene_application::failure::{Failure, FieldPath, Refusal};
use garde::Validate;
use juniper::Nullable;

/// What is wrong with an input so far.
///
/// Each part is checked to its end before any part is used: `check` notes a problem and answers `None`, and only
/// when all parts have been looked at, the values are taken out.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<Refusal>,
    within: Option<FieldPath>,
}

impl Problems {
    /// Checks what stands in an argument: its fields are named from the argument on.
    pub(crate) fn within<T>(&mut self, argument: &'static str, check: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.within.replace(FieldPath::of(argument));
        let checked = check(self);
        self.within = outer;
        checked
    }

    /// Notes a problem.
    pub(crate) fn note(&mut self, field: impl Into<FieldPath>, message: impl fmt::Display) {
        let field = self.full_path(field.into());
        self.found.push(Refusal::InvalidInput { field, message: message.to_string() });
    }

    /// Notes what another check has refused.
    pub(crate) fn note_all(&mut self, refusals: Vec<Refusal>) {
        self.found.extend(refusals);
    }

    /// The value, or `None` with its problem noted.
    pub(crate) fn check<T, E: fmt::Display>(
        &mut self,
        field: impl Into<FieldPath>,
        checked: Result<T, E>,
    ) -> Option<T> {
        checked.map_err(|problem| self.note(field, problem)).ok()
    }

    /// What a value that may be left out is, if it is there: `Some(None)` for one that is left out, `None` with
    /// the problem noted for one that is wrong.
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

    /// What becomes of a value that an explicit null clears: `Some(None)` for one that is left out, and stays.
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

    /// All values of a list, or `None` with the problem of each wrong one noted under its index.
    pub(crate) fn check_all<I, T, E: fmt::Display>(
        &mut self,
        field: impl Into<FieldPath>,
        given: impl IntoIterator<Item = I>,
        mut parse: impl FnMut(I) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let field = field.into();
        let checked =
            given.into_iter().enumerate().map(|(index, item)| self.check(field.index(index), parse(item)));
        // Not collected in one go: that would stop at the first problem.
        let checked: Vec<Option<T>> = checked.collect();
        checked.into_iter().collect()
    }

    /// Checks the shape of an input object, which may stand in a field: how long its lists and texts are.
    pub(crate) fn check_shape<T: Validate<Context: Default>>(
        &mut self,
        within: Option<&FieldPath>,
        input: &T,
    ) {
        let Err(report) = input.validate() else { return };
        for (path, problem) in report.iter() {
            // The library names fields as the code does (`by_weekday[0].nth`), callers as the schema does.
            let path = path.to_string();
            let segments = path.split(['.', '[']).map(|segment| camel_case(segment.trim_end_matches(']')));
            let field = segments.fold(within.cloned(), |outer, segment| {
                Some(
                    outer
                        .map_or_else(|| FieldPath::of(segment.clone()), |outer| outer.child(segment.clone())),
                )
            });
            if let Some(field) = field {
                self.note(field, problem);
            }
        }
    }

    /// The value if nothing is wrong.
    ///
    /// # Errors
    /// All problems.
    pub(crate) fn conclude<T>(self, value: Option<T>) -> Result<T, Failure> {
        match value {
            Some(value) if self.found.is_empty() => Ok(value),
            _ => Err(Failure::Refused(self.found)),
        }
    }

    fn full_path(&self, field: FieldPath) -> FieldPath {
        let Some(outer) = &self.within else { return field };
        field.segments().fold(outer.clone(), |path, segment| path.child(segment.to_owned()))
    }
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

    #[derive(garde::Validate)]
    struct Input {
        #[garde(length(max = 2))]
        by_month_day: Vec<i32>,
    }

    fn fields(failure: Failure) -> Vec<String> {
        match failure {
            Failure::Refused(refusals) => refusals.iter().map(ToString::to_string).collect(),
            Failure::Fault(fault) => panic!("{fault}"),
        }
    }

    #[test]
    fn tells_everything_at_once_in_the_names_of_the_schema() {
        let mut problems = Problems::default();
        let (first, list) = problems.within("filter", |problems| {
            let first = problems.check("title", Err::<(), _>("is odd"));
            let list = problems.check_all("ids", ["1", "x", "y"], str::parse::<u8>);
            problems.check_shape(Some(&"recurrence".into()), &Input { by_month_day: vec![1, 2, 3] });
            (first, list)
        });
        problems.note("first", "is too much");
        assert_eq!(
            fields(problems.conclude(first.zip(list)).unwrap_err()),
            [
                "filter.title is odd",
                "filter.ids.1 invalid digit found in string",
                "filter.ids.2 invalid digit found in string",
                "filter.recurrence.byMonthDay length is greater than 2",
                "first is too much",
            ]
        );
    }

    #[test]
    fn gives_the_value_when_nothing_is_wrong() {
        let mut problems = Problems::default();
        let value = problems.check_optional("count", Some("7"), str::parse::<u8>);
        assert!(matches!(problems.conclude(value), Ok(Some(7))));
    }
}
