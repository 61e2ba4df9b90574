use std::{collections::BTreeMap, fmt};

use bson::{Bson, Document};
use convene_application::event::UpdateDue;
use serde::{Serialize, Serializer};

use crate::schema::Retention;

/// The number of violations of an invariant that are reported in detail.
const MAX_EXAMPLES: usize = 10;

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// One for each invariant, in a fixed order.
    pub findings: Vec<Finding>,
    /// The number of organizations that are not deleted.
    pub organizations: u64,
    /// The number of documents of each collection.
    pub documents: BTreeMap<&'static str, u64>,
    /// The time for which entries of the activity log are kept; `None` if the database was not prepared.
    #[serde(serialize_with = "as_text")]
    pub activity_retention: Option<Retention>,
    /// `convene update-occurrences` is due. This is no violation: all dates may have the same times as before.
    #[serde(serialize_with = "as_text")]
    pub update_due: Option<UpdateDue>,
}

fn as_text<S: Serializer>(value: &Option<impl fmt::Display>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().map(ToString::to_string).serialize(serializer)
}

/// The result of a check of one invariant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The invariant in words, which is also its name.
    pub invariant: &'static str,
    /// The number of documents that were examined.
    pub examined: u64,
    /// The number of violations.
    pub violations: u64,
    /// The first violations.
    pub examples: Vec<Violation>,
}

/// A violation of an invariant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The document's id, or another value that identifies it.
    pub id: String,
    /// The violating values, as MongoDB's extended JSON.
    pub found: String,
}

impl Finding {
    pub(super) const fn new(invariant: &'static str) -> Self {
        Self { invariant, examined: 0, violations: 0, examples: Vec::new() }
    }

    /// Counts a violation; the first ones are reported in detail.
    pub(super) fn add(&mut self, violation: Document) {
        self.violations += 1;
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push(Violation::of(violation));
        }
    }
}

impl Report {
    /// Counts all violations.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.findings.iter().map(|finding| finding.violations).sum()
    }

    /// Tests whether all invariants hold.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.violations() == 0
    }

    /// Counts the violations of the invariant with this name.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn violations_of(&self, invariant: &str) -> u64 {
        let findings = self.findings.iter().filter(|finding| finding.invariant == invariant);
        findings.map(|finding| finding.violations).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { invariant, examined, violations, examples } in &self.findings {
            match violations {
                0 => writeln!(f, "holds  {invariant} ({examined} examined)")?,
                _ => writeln!(f, "BROKEN {invariant} ({examined} examined, violations: {violations})")?,
            }
            for Violation { id, found } in examples {
                writeln!(f, "         {id}: {found}")?;
            }
        }
        if let Some(retention) = self.activity_retention {
            writeln!(f, "entries of the activity log are kept for {retention}")?;
        }
        if let Some(due) = &self.update_due {
            writeln!(f, "{due}")?;
        }
        // All invariants hold in an empty database.
        match self.organizations {
            0 => f.write_str("examined: NO ORGANIZATION")?,
            organizations => write!(f, "examined: organizations {organizations}")?,
        }
        f.write_str("; documents: ")?;
        for (position, (collection, number)) in self.documents.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{collection} {number}")?;
        }
        writeln!(f)
    }
}

impl Violation {
    fn of(mut document: Document) -> Self {
        let id = document.remove("_id").unwrap_or(Bson::Null);
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        Self { id, found: Bson::Document(document).into_relaxed_extjson().to_string() }
    }
}
