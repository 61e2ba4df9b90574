//! The collections, their validators and indexes, which are created or updated at start.
//!
//! The validators repeat the guarantees of the domain, so that the database refuses invalid documents of any writer: of this
//! program with a defect, of another program, or of a person at a shell.

mod activity;
mod agendas;
mod differences;
mod ensure;
mod events;
mod idempotency;
mod indexes;
mod issues;
mod jobs;
mod members;
mod occurrences;
mod organizations;
mod realignments;
mod registrations;
mod retention;
mod revisions;
mod rules;
mod settings;
mod stored;

use bson::Document;
use mongodb::IndexModel;

pub(crate) use self::{
    activity::ACTIVITY,
    agendas::{AGENDAS, nothing_overlaps},
    differences::{Compared, all_indexes, validators},
    ensure::ensure,
    events::EVENTS,
    idempotency::IDEMPOTENCY,
    issues::ISSUES,
    jobs::JOBS,
    members::{MEMBERS, UNIQUE_MEMBERSHIP},
    occurrences::OCCURRENCES,
    organizations::{ORGANIZATIONS, UNIQUE_SLUG},
    realignments::{LAST, REALIGNMENTS},
    registrations::REGISTRATIONS,
    revisions::{MAX_REMOVED, REVISIONS},
    stored::{activity_retention, missing},
};
pub use self::{
    ensure::PrepareError,
    retention::{Retention, RetentionConflict},
    settings::SchemaSettings,
};

/// The field of a document that names its organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeField {
    Organization,
    /// The document is the organization itself.
    Id,
    /// No organization has documents of this collection, and the validator refuses those of one.
    Unscoped,
}

impl ScopeField {
    pub(crate) const fn field(self) -> &'static str {
        match self {
            Self::Organization | Self::Unscoped => "organization",
            Self::Id => "_id",
        }
    }
}

/// The definition of a collection.
#[derive(Debug)]
pub(crate) struct CollectionSchema {
    pub(crate) name: &'static str,
    pub(crate) scope: ScopeField,
    pub(crate) validator: fn() -> Document,
    /// The indexes, apart from the one on `_id`. Each has a name, and begins with the scope's field unless it serves lookups
    /// without a tenant scope.
    pub(crate) indexes: fn(&SchemaSettings) -> Vec<IndexModel>,
}

pub(crate) static ALL: [&CollectionSchema; 12] = [
    &ORGANIZATIONS,
    &MEMBERS,
    &EVENTS,
    &OCCURRENCES,
    &AGENDAS,
    &REGISTRATIONS,
    &ISSUES,
    &ACTIVITY,
    &IDEMPOTENCY,
    &JOBS,
    &REVISIONS,
    &REALIGNMENTS,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The script that creates the database role of the server.
    const SCRIPT: &str = include_str!("../../../../docker/mongo/least-role.js");

    /// Returns the names within `const LIST = [...]` of the script.
    fn listed(list: &str) -> BTreeSet<&'static str> {
        let (_, after) = SCRIPT.split_once(&format!("const {list} = [")).unwrap();
        let (names, _) = after.split_once(']').unwrap();
        names.split('\'').skip(1).step_by(2).collect()
    }

    /// Returns the actions within the brackets of the first line that contains the mark.
    fn actions(mark: &str) -> BTreeSet<&'static str> {
        let line = SCRIPT.lines().find(|line| line.contains(mark)).unwrap();
        let (_, actions) = line.split_once("privilege(it, [").unwrap();
        actions.split('\'').skip(1).step_by(2).collect()
    }

    #[test]
    fn the_least_role_covers_all_collections() {
        let (changeable, append_only) = (listed("CHANGEABLE"), listed("APPEND_ONLY"));
        assert!(changeable.is_disjoint(&append_only));
        assert_eq!(append_only, BTreeSet::from([ACTIVITY.name]), "entries are only inserted");
        let all: BTreeSet<&str> = ALL.iter().map(|schema| schema.name).collect();
        assert_eq!(&changeable | &append_only, all);
    }

    #[test]
    fn the_least_role_cannot_change_log_entries() {
        assert_eq!(actions("...APPEND_ONLY.map"), BTreeSet::from(["find", "insert", "remove"]));
        assert_eq!(actions("  APPEND_ONLY.map"), BTreeSet::from(["update"]), "an erasure deletes nothing");
        assert_eq!(actions("...CHANGEABLE.map"), BTreeSet::from(["find", "insert", "update", "remove"]));
    }
}
