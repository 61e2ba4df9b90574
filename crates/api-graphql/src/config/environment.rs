//! Reads settings one by one and collects their problems.

use std::{
    collections::BTreeMap, ffi::OsString, fmt, fs, ops::RangeInclusive, path::Path, str::FromStr,
    time::Duration,
};

use super::settings::SETTINGS;

/// The prefix of the names of all settings.
const PREFIX: &str = "CONVENE_";

/// The environment variables with the prefix of settings. A value that is not UTF-8 is kept as `None` and reported.
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<String, Option<String>>,
    check_uri: UriCheck,
}

/// Checks a connection string, which only the adapter of the database can. The error completes "is not usable: ".
pub type UriCheck = fn(&str) -> Result<(), String>;

impl Environment {
    /// An environment of these variables, which are [those of the process](std::env::vars_os) except in tests.
    #[must_use]
    pub fn of(variables: impl IntoIterator<Item = (OsString, OsString)>, check_uri: UriCheck) -> Self {
        let variables = variables.into_iter().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| name.starts_with(PREFIX))?;
            Some((name, value.into_string().ok()))
        });
        Self { variables: variables.collect(), check_uri }
    }

    /// Variables with the prefix that are not settings, which are probably misspelt. They cause only a warning, as other
    /// programs may use the prefix as well.
    #[must_use]
    pub fn unknown(&self) -> Vec<&str> {
        let is_known = |name: &str| {
            SETTINGS.iter().any(|setting| {
                name.strip_prefix(setting.name).is_some_and(|rest| rest.is_empty() || rest == "_FILE")
            })
        };
        self.variables.keys().map(String::as_str).filter(|name| !is_known(name)).collect()
    }
}

/// Never shows values: some are secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.variables.keys()).finish()
    }
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub setting: &'static str,
    /// The reason, to be read after the name. It never contains the value of a secret.
    pub reason: String,
}

/// All settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The problems; at least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the settings cannot be used:")?;
        for Problem { setting, reason } in &self.problems {
            write!(formatter, "\n  {setting} {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Reads settings and collects the problems.
pub(super) struct Reader<'e> {
    environment: &'e Environment,
    problems: Vec<Problem>,
}

impl<'e> Reader<'e> {
    pub(super) fn new(environment: &'e Environment) -> Self {
        Self { environment, problems: Vec::new() }
    }

    /// The result, if there was no problem.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, ConfigError> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(ConfigError { problems: self.problems }),
        }
    }

    /// Adds a problem, unless it is already known.
    pub(super) fn problem<T>(&mut self, setting: &'static str, reason: impl Into<String>) -> Option<T> {
        let problem = Problem { setting, reason: reason.into() };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
        None
    }

    /// The value of a result; its error becomes a problem of this setting.
    pub(super) fn check<T, E: fmt::Display>(
        &mut self,
        setting: &'static str,
        result: Result<T, E>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => self.problem(setting, error.to_string()),
        }
    }

    /// An optional setting, from its variable or its file. An empty one is a problem: mostly, a variable of a script or of a
    /// compose file is not defined, and the default may allow more than the setting was meant to.
    pub(super) fn optional(&mut self, setting: &'static str) -> Option<String> {
        let file_variable = format!("{setting}_FILE");
        match (self.variable(setting, setting), self.variable(setting, &file_variable)) {
            (Some(_), Some(_)) => self.problem(setting, format!("and {file_variable} exclude one another")),
            (None, Some(path)) => {
                self.file_as(setting, Path::new(&path), &format!("is given by {file_variable}, which "))
            }
            (value, None) => value,
        }
    }

    fn variable(&mut self, setting: &'static str, name: &str) -> Option<String> {
        match self.environment.variables.get(name)? {
            None => self.problem(setting, "is not valid UTF-8"),
            Some(value) if !value.trim().is_empty() => Some(value.trim().to_owned()),
            Some(_) if name == setting => self.problem(setting, "is empty: give it a value, or remove it"),
            Some(_) => self.problem(setting, format!("has an empty {name}: give it a value, or remove it")),
        }
    }

    /// Returns true if the setting is given, usable or not.
    pub(super) fn is_given(&self, setting: &str) -> bool {
        [setting, &format!("{setting}_FILE")]
            .iter()
            .any(|&name| self.environment.variables.contains_key(name))
    }

    /// The text of a file, without the line break at the end.
    pub(super) fn file(&mut self, setting: &'static str, path: &Path) -> Option<String> {
        self.file_as(setting, path, "")
    }

    /// The text of a file. `subject` is the begin of the reasons.
    fn file_as(&mut self, setting: &'static str, path: &Path, subject: &str) -> Option<String> {
        if path.to_string_lossy().contains("://") {
            return self.problem(setting, format!("{subject}must name a file by its path, and has a URL"));
        }
        match fs::read_to_string(path) {
            Ok(text) if text.trim().is_empty() => {
                self.problem(setting, format!("{subject}names an empty file, {path:?}"))
            }
            Ok(text) => Some(text.trim().to_owned()),
            Err(error) => {
                self.problem(setting, format!("{subject}names a file that cannot be read, {path:?}: {error}"))
            }
        }
    }

    /// The value of a setting with a secret, unless its variable has the path of a file: others may know the path.
    pub(super) fn secret(&mut self, setting: &'static str, value: String) -> Option<String> {
        if self.variable(setting, setting).is_some_and(|given| is_path(&given)) {
            return self.problem(setting, format!("must not name a file; {setting}_FILE does"));
        }
        Some(value)
    }

    /// The reason for which a connection string is not usable.
    pub(super) fn check_uri(&self, uri: &str) -> Result<(), String> {
        (self.environment.check_uri)(uri)
    }

    /// A required setting.
    pub(super) fn required(&mut self, setting: &'static str) -> Option<String> {
        let problems = self.problems.len();
        match self.optional(setting) {
            None if self.problems.len() == problems => self.problem(setting, "is missing"),
            value => value,
        }
    }

    /// A setting, or its default.
    pub(super) fn value(&mut self, setting: &'static str) -> Option<String> {
        let problems = self.problems.len();
        match self.optional(setting) {
            None if self.problems.len() == problems => {
                let default = SETTINGS.iter().find(|known| known.name == setting)?.default;
                default.map(str::to_owned)
            }
            value => value,
        }
    }

    /// A parsed setting, or its default. `expected` completes "must be".
    pub(super) fn parsed<T: FromStr>(&mut self, setting: &'static str, expected: &str) -> Option<T> {
        let text = self.value(setting)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(_) => self.problem(setting, format!("must be {expected}, and is {text:?}")),
        }
    }

    /// A number in a range.
    pub(super) fn number<T>(&mut self, setting: &'static str, range: RangeInclusive<T>) -> Option<T>
    where
        T: FromStr + PartialOrd + fmt::Display,
    {
        let text = self.value(setting)?;
        let expected = format!("a number from {} to {}", range.start(), range.end());
        self.in_range(setting, &text, &range, &expected)
    }

    /// A number of seconds such as `5s`.
    pub(super) fn seconds(&mut self, setting: &'static str, range: RangeInclusive<u64>) -> Option<Duration> {
        let text = self.value(setting)?;
        let number = text.strip_suffix('s').unwrap_or("");
        let (low, high) = (range.start(), range.end());
        let expected = format!("a number of seconds with its unit, from {low}s to {high}s");
        self.in_range(setting, number, &range, &expected).map(Duration::from_secs)
    }

    fn in_range<T>(
        &mut self,
        setting: &'static str,
        text: &str,
        range: &RangeInclusive<T>,
        expected: &str,
    ) -> Option<T>
    where
        T: FromStr + PartialOrd,
    {
        // Rust's parser also reads a plus.
        let digits = text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text);
        match digits.and_then(|digits| digits.parse().ok()).filter(|number| range.contains(number)) {
            Some(number) => Some(number),
            None => self.problem(setting, format!("must be {expected}")),
        }
    }
}

/// Tests whether a value is the path of a file. A secret in Base64 may begin with a slash as well, and has letters of both cases and
/// digits, but no other characters of paths.
fn is_path(value: &str) -> bool {
    let is_base64 = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
        && [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit]
            .iter()
            .all(|is_kind| value.bytes().any(|byte| is_kind(&byte)));
    value.starts_with("file:") || (value.starts_with('/') && !is_base64) || Path::new(value).is_file()
}
