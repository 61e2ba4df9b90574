//! What idempotency keys have done, as it is stored.

use bson::Binary;
use serde::{Deserialize, Serialize};

/// Whose key it is: two actors, or two organizations, may use the same one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyDocument {
    pub(crate) organization: String,
    pub(crate) actor: String,
    pub(crate) key: String,
}

/// What a change answered with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ResultDocument {
    /// The id of what was changed.
    pub(crate) subject: String,
    /// How many other things were changed, where the answer says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<i64>,
    /// The id of a second thing that was changed, where the answer has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) also: Option<String>,
}

/// What a key was used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdempotencyDocument {
    #[serde(rename = "_id")]
    pub(crate) id: KeyDocument,
    pub(crate) fingerprint: Binary,
    pub(crate) operation: String,
    pub(crate) result: ResultDocument,
    pub(crate) created_at: bson::DateTime,
}
