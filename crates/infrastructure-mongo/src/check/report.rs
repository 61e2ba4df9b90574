use std::fmt;

use bson::{Bson, Document};
use serde::Serialize;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// For each invariant, in a fixed order.
    pub findings: Vec<Finding>,
}

/// What a check found out about one invariant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What must hold.
    pub invariant: &'static str,
    /// How many documents were looked at.
    pub examined: u64,
    /// How many of them break it.
    pub violations: u64,
    /// The first of these.
    pub examples: Vec<Violation>,
}

/// What breaks an invariant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The document's id, or what else names it.
    pub id: String,
    /// What was found, as MongoDB's extended JSON.
    pub found: String,
}

impl Report {
    /// How many violations there are in all.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.findings.iter().map(|finding| finding.violations).sum()
    }

    /// Whether everything holds.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.violations() == 0
    }

    /// How many violations there are of the invariant of this name.
    #[must_use]
    pub fn violations_of(&self, invariant: &str) -> u64 {
        let of_it = self.findings.iter().filter(|finding| finding.invariant == invariant);
        of_it.map(|finding| finding.violations).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { invariant, examined, violations, examples } in &self.findings {
            let verdict = if *violations == 0 { "holds" } else { "BROKEN" };
            writeln!(f, "{verdict:<6} {invariant}: {violations} of {examined}")?;
            for Violation { id, found } in examples {
                writeln!(f, "         {id}: {found}")?;
            }
        }
        Ok(())
    }
}

impl Violation {
    pub(super) fn of(mut document: Document) -> Self {
        let id = document.remove("_id").unwrap_or(Bson::Null);
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        Self { id, found: Bson::Document(document).into_relaxed_extjson().to_string() }
    }
}
