//! Problems of demo data files.

use std::fmt;

/// A problem and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    /// The item within the file, such as `events[2] "Season concert"`; `None` for the file as a whole.
    pub item: Option<String>,
    /// The field of the item; `None` for the item as a whole.
    pub field: Option<String>,
    /// The text that follows the name of the field.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.file)?;
        if let Some(item) = &self.item {
            write!(formatter, "{item}: ")?;
        }
        if let Some(field) = &self.field {
            write!(formatter, "{field} ")?;
        }
        formatter.write_str(&self.message)
    }
}

/// All problems, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the demo data cannot be used:")?;
        self.0.iter().try_for_each(|problem| write!(formatter, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}

/// Collects the problems of one file.
pub(super) struct Reporter {
    file: String,
    problems: Vec<Problem>,
}

impl Reporter {
    pub(super) fn of_file(file: impl Into<String>) -> Self {
        Self { file: file.into(), problems: Vec::new() }
    }

    /// Reports a problem of the file as a whole.
    pub(super) fn report(&mut self, message: impl fmt::Display) {
        let message = message.to_string();
        self.problems.push(Problem { file: self.file.clone(), item: None, field: None, message });
    }

    /// Reports problems of one item.
    pub(super) fn item(&mut self, item: impl Into<String>) -> ItemReporter<'_> {
        ItemReporter { reporter: self, item: item.into() }
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

/// Collects the problems of one item of a file.
pub(super) struct ItemReporter<'a> {
    reporter: &'a mut Reporter,
    item: String,
}

impl ItemReporter<'_> {
    /// Reports a problem of the item as a whole.
    pub(super) fn report_whole(&mut self, message: impl fmt::Display) {
        self.push(None, &message);
    }

    /// Reports a problem of a field of the item.
    pub(super) fn report(&mut self, field: impl Into<String>, message: impl fmt::Display) {
        self.push(Some(field.into()), &message);
    }

    /// The value of a field; `None` after reporting its problem.
    pub(super) fn check<T, E: fmt::Display>(
        &mut self,
        field: &'static str,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|problem| self.report(field, problem)).ok()
    }

    /// The value of an optional field: `Some(None)` if it is absent.
    #[expect(clippy::option_option, reason = "an invalid value differs from an absent one")]
    pub(super) fn check_optional<T, E: fmt::Display>(
        &mut self,
        field: &'static str,
        result: Option<Result<T, E>>,
    ) -> Option<Option<T>> {
        match result {
            None => Some(None),
            Some(result) => self.check(field, result).map(Some),
        }
    }

    fn push(&mut self, field: Option<String>, message: &dyn fmt::Display) {
        self.reporter.problems.push(Problem {
            file: self.reporter.file.clone(),
            item: Some(self.item.clone()),
            field,
            message: message.to_string(),
        });
    }
}
