//! What is wrong with a file of demo data, and where.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The item within the file, such as `events[2] "Season concert"`; `None` for the file as a whole.
    pub item: Option<String>,
    /// The field of the item; `None` for the item as a whole.
    pub field: Option<String>,
    /// What is wrong, to be read after the field's name.
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

/// Everything that is wrong, at least one thing.
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

    /// Reports something about the file as a whole.
    pub(super) fn report(&mut self, message: impl fmt::Display) {
        let message = message.to_string();
        self.problems.push(Problem { file: self.file.clone(), item: None, field: None, message });
    }

    /// Reports within one item.
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
    /// Reports something about the item as a whole.
    pub(super) fn report_whole(&mut self, message: impl fmt::Display) {
        self.push(None, &message);
    }

    /// Reports something about a field of the item.
    pub(super) fn report(&mut self, field: impl Into<String>, message: impl fmt::Display) {
        self.push(Some(field.into()), &message);
    }

    /// The value of a field, or `None` after its problem has been reported.
    pub(super) fn check<T, E: fmt::Display>(
        &mut self,
        field: &'static str,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|problem| self.report(field, problem)).ok()
    }

    /// The same for a field that may be left out: `Some(None)` if it is.
    #[expect(clippy::option_option, reason = "wrong and left out are two different answers here")]
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
