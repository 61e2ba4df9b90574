//! What a load did.

use std::fmt;

use convene_domain::text::Slug;

/// How many things of a kind a load found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Those it created.
    pub created: usize,
    /// Those that were there already and that it left alone.
    pub there: usize,
}

impl Count {
    pub(super) fn add(&mut self, created: bool) {
        if created {
            self.created += 1;
        } else {
            self.there += 1;
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} created, {} already there", self.created, self.there)
    }
}

/// What the load of one organization did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The organization.
    pub slug: Slug,
    /// Whether it had to be founded.
    pub founded: bool,
    /// Its members.
    pub members: Count,
    /// Its events.
    pub events: Count,
    /// Its registrations. One whose time is over counts as there.
    pub registrations: Count,
    /// Its issues.
    pub issues: Count,
}

impl Summary {
    pub(super) fn of(slug: Slug, founded: bool) -> Self {
        let none = Count::default();
        Self { slug, founded, members: none, events: none, registrations: none, issues: none }
    }

    /// Whether anything was created.
    #[must_use]
    pub fn is_news(&self) -> bool {
        let counts = [self.members, self.events, self.registrations, self.issues];
        self.founded || counts.iter().any(|count| count.created > 0)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let organization = if self.founded { "created" } else { "already there" };
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
