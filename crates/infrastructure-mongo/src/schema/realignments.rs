use super::{
    CollectionSchema, ScopeField,
    rules::{date, documents, one_of, text},
};

/// The id of the only document.
pub(crate) const LAST: &str = "LAST";

/// The version of the time-zone database whose times all stored occurrences have: that of the last complete update, or of the process
/// that was the first one to use the database.
pub(crate) static REALIGNMENTS: CollectionSchema = CollectionSchema {
    name: "realignments",
    scope: ScopeField::Unscoped,
    validator: || documents(&[("_id", one_of(&[LAST])), ("timeZones", text(100)), ("at", date())], &[]),
    indexes: |_| Vec::new(),
};
