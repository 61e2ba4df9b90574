//! Collections, their validators and indexes: made, and kept up to date, at start.
//!
//! The validators repeat what the domain guarantees, so that the database refuses it from any writer: this code
//! with a defect, another program, a person at a shell.

mod activity;
mod agendas;
mod ensure;
mod events;
mod idempotency;
mod indexes;
mod issues;
mod members;
mod occurrences;
mod organizations;
mod registrations;
mod rules;
mod settings;

use bson::Document;
use mongodb::IndexModel;

pub use self::settings::SchemaSettings;
pub(crate) use self::{
    activity::ACTIVITY,
    agendas::{AGENDAS, MOST_ENTRIES, nothing_overlaps},
    ensure::{activity_retention, ensure},
    events::EVENTS,
    idempotency::{FOUNDING, IDEMPOTENCY},
    issues::ISSUES,
    members::{MEMBERS, UNIQUE_MEMBERSHIP},
    occurrences::OCCURRENCES,
    organizations::{ORGANIZATIONS, UNIQUE_SLUG},
    registrations::REGISTRATIONS,
};

/// Which field of a document names the organization that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeField {
    /// `organization`
    Organization,
    /// `_id`: the document is the organization.
    Id,
}

impl ScopeField {
    /// The field's name.
    pub(crate) const fn field(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Id => "_id",
        }
    }
}

/// What the database knows about a collection.
#[derive(Debug)]
pub(crate) struct CollectionSchema {
    /// Its name.
    pub(crate) name: &'static str,
    /// Where its documents name their organization.
    pub(crate) scope: ScopeField,
    /// What every document must look like.
    pub(crate) validator: fn() -> Document,
    /// Its indexes, apart from the one on `_id`; each with a name, and each beginning with the scope's field
    /// unless what it finds is looked up before there is a scope.
    pub(crate) indexes: fn(&SchemaSettings) -> Vec<IndexModel>,
}

/// Every collection.
pub(crate) static ALL: [&CollectionSchema; 9] = [
    &ORGANIZATIONS,
    &MEMBERS,
    &EVENTS,
    &OCCURRENCES,
    &AGENDAS,
    &REGISTRATIONS,
    &ISSUES,
    &ACTIVITY,
    &IDEMPOTENCY,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The script that gives the server's database user its rights.
    const SCRIPT: &str = include_str!("../../../../docker/mongo/least-role.js");

    /// The names within `const LIST = [...]` of the script.
    fn listed(list: &str) -> BTreeSet<&'static str> {
        let (_, after) = SCRIPT.split_once(&format!("const {list} = [")).unwrap();
        let (names, _) = after.split_once(']').unwrap();
        names.split('\'').skip(1).step_by(2).collect()
    }

    /// The actions within the first `MARK` line's brackets.
    fn actions(mark: &str) -> BTreeSet<&'static str> {
        let line = SCRIPT.lines().find(|line| line.contains(mark)).unwrap();
        let (_, actions) = line.split_once("privilege(it, [").unwrap();
        actions.split('\'').skip(1).step_by(2).collect()
    }

    #[test]
    fn the_least_role_is_for_the_collections_that_there_are() {
        let (changeable, append_only) = (listed("CHANGEABLE"), listed("APPEND_ONLY"));
        assert!(changeable.is_disjoint(&append_only));
        assert_eq!(append_only, BTreeSet::from([ACTIVITY.name]), "the log is only ever added to");
        let all: BTreeSet<&str> = ALL.iter().map(|schema| schema.name).collect();
        assert_eq!(&changeable | &append_only, all);
    }

    #[test]
    fn the_least_role_can_add_to_the_log_and_no_more() {
        assert_eq!(actions("...APPEND_ONLY.map"), BTreeSet::from(["find", "insert"]));
        assert_eq!(actions("  APPEND_ONLY.map"), BTreeSet::from(["update"]), "an erasure deletes nothing");
        assert_eq!(actions("...CHANGEABLE.map"), BTreeSet::from(["find", "insert", "update", "remove"]));
    }
}
