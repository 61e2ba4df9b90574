//! The result of a load.

use std::fmt;

use convene_domain::text::Slug;

/// The number of created and existing items of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub created: usize,
    /// Items that the load left unchanged.
    pub existing: usize,
}

impl Count {
    pub(super) fn add(&mut self, created: bool) {
        if created {
            self.created += 1;
        } else {
            self.existing += 1;
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} created, {} unchanged", self.created, self.existing)
    }
}

/// The result of loading one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub slug: Slug,
    /// True if the load created the organization.
    pub created: bool,
    pub members: Count,
    pub events: Count,
    /// Registrations. One for a past occurrence counts as existing.
    pub registrations: Count,
    pub issues: Count,
}

impl Summary {
    pub(super) fn of(slug: Slug, created: bool) -> Self {
        let none = Count::default();
        Self { slug, created, members: none, events: none, registrations: none, issues: none }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let organization = if self.created { "created" } else { "unchanged" };
        write!(formatter, "{}: {organization}", self.slug)?;
        let kinds = [
            ("members", self.members),
            ("events", self.events),
            ("registrations", self.registrations),
            ("issues", self.issues),
        ];
        kinds.iter().try_for_each(|(kind, count)| write!(formatter, "; {kind}: {count}"))
    }
}
