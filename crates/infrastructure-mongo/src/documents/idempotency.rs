//! The stored uses of idempotency keys.

use std::fmt::Display;

use bson::{Binary, Bson, Document, doc};
use convene_application::{caller::TenantScope, change::Change, failure::Fault, idempotency::KeyUse};
use serde::{Deserialize, Serialize};

use super::{
    convert::{Fields, binary, date, fingerprint, instant},
    dates::read_date,
    dropped::DroppedDocument,
};
use crate::{error::CorruptDocument, operation::Operation, schema};

/// The identity of a key: two actors, or the same actor in two organizations, may use the same text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct KeyDocument {
    pub(crate) organization: String,
    pub(crate) actor: String,
    pub(crate) key: String,
}

impl KeyDocument {
    /// The identity of the key of a change, if it has one.
    pub(crate) fn of(scope: &TenantScope, change: &Change) -> Option<Self> {
        change.idempotency.as_ref().map(|idempotency| Self {
            organization: scope.organization().to_string(),
            actor: change.actor.to_string(),
            key: idempotency.key.as_str().to_owned(),
        })
    }
}

/// The filter for the keys of an organization between these actors and texts: a range of whole ids, so that the index on ids can be
/// used.
pub(crate) fn keys_between(organization: &str, from: (Bson, Bson), until: (Bson, Bson)) -> Document {
    let id = |(actor, key)| doc! { "organization": organization, "actor": actor, "key": key };
    doc! { "_id": { "$gt": id(from), "$lt": id(until) } }
}

/// The stored result of a change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ResultDocument {
    /// The id of the changed object.
    pub(crate) subject: String,
    /// The number of other changed objects, if the result has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<i64>,
    /// The number of registrations that follow their occurrence to another time, if there are some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) moved: Option<i64>,
    /// The number of promoted registrations, if there are some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) promoted: Option<i64>,
    /// The id of a second changed object, if the result has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) also: Option<String>,
    /// The event of the changed occurrence, if the result is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<String>,
    /// Dropped exceptions, if the result has some; or the last state of the changed occurrence, if it is gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) dropped: Vec<DroppedDocument>,
    /// The ids of listed registrations, if the result has some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) registrations: Vec<String>,
    /// The id of the job that completes the change, if it is large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<String>,
}

impl ResultDocument {
    pub(crate) fn of(subject: impl Display) -> Self {
        Self { subject: subject.to_string(), ..Self::default() }
    }

    /// Adds the id of a second changed object.
    pub(crate) fn with(mut self, also: impl Display) -> Self {
        self.also = Some(also.to_string());
        self
    }

    /// Adds the number of other changed objects.
    pub(crate) fn counting(mut self, count: u32) -> Self {
        self.count = Some(count.into());
        self
    }

    /// Adds the number of moved registrations.
    pub(crate) fn moving(mut self, moved: u32) -> Self {
        self.moved = (moved > 0).then(|| moved.into());
        self
    }

    /// Adds the number of promoted registrations.
    pub(crate) fn promoting(mut self, promoted: u32) -> Self {
        self.promoted = (promoted > 0).then(|| promoted.into());
        self
    }

    /// The ids of the changed objects.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.subject.as_str()).chain(self.also.as_deref())
    }

    /// Parses the id of the changed object.
    pub(crate) fn subject_as<T, E: Display>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Fault> {
        parse(&self.subject).map_err(|reason| self.corrupt(reason))
    }

    /// Parses the id of the second changed object, if there is one.
    pub(crate) fn also_as<T, E: Display>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Fault> {
        self.also.as_deref().map(parse).transpose().map_err(|reason| self.corrupt(reason))
    }

    /// Reads the number of other changed objects.
    pub(crate) fn counted(&self) -> Result<u32, Fault> {
        u32::try_from(self.count.unwrap_or_default()).map_err(|reason| self.corrupt(reason))
    }

    /// Reads the number of moved registrations.
    pub(crate) fn moved(&self) -> Result<u32, Fault> {
        u32::try_from(self.moved.unwrap_or_default()).map_err(|reason| self.corrupt(reason))
    }

    /// Reads the number of promoted registrations.
    pub(crate) fn promoted(&self) -> Result<u32, Fault> {
        u32::try_from(self.promoted.unwrap_or_default()).map_err(|reason| self.corrupt(reason))
    }

    fn corrupt(&self, reason: impl Display) -> Fault {
        Fault::internal(format!(
            "the result about {} in the idempotency collection is corrupt: {reason}",
            self.subject
        ))
    }
}

/// The use of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdempotencyDocument {
    #[serde(rename = "_id")]
    pub(crate) id: KeyDocument,
    pub(crate) fingerprint: Binary,
    pub(crate) operation: String,
    pub(crate) result: ResultDocument,
    #[serde(deserialize_with = "read_date")]
    pub(crate) created_at: bson::DateTime,
}

impl IdempotencyDocument {
    /// The use of the key of a change, if it has one.
    pub(crate) fn new(
        scope: &TenantScope,
        change: &Change,
        operation: Operation,
        result: ResultDocument,
    ) -> Option<Self> {
        Some(Self {
            id: KeyDocument::of(scope, change)?,
            fingerprint: binary(change.idempotency.as_ref()?.fingerprint),
            operation: operation.as_str().to_owned(),
            result,
            created_at: date(change.at),
        })
    }

    /// The use, with its result if this operation has used the key. A result of another operation is of no use to it.
    pub(crate) fn key_use(
        &self,
        operation: Operation,
    ) -> Result<KeyUse<Option<&ResultDocument>>, CorruptDocument> {
        let KeyUse { at, fingerprint, result } = self.use_by_any()?;
        Ok(KeyUse { at, fingerprint, result: self.is_by(operation).then_some(result) })
    }

    /// The use, with its result whatever operation has used the key.
    pub(crate) fn use_by_any(&self) -> Result<KeyUse<&ResultDocument>, CorruptDocument> {
        let fields = Fields::of(&schema::IDEMPOTENCY, &self.id.key);
        Ok(KeyUse {
            at: instant(self.created_at),
            fingerprint: fields.read("fingerprint", fingerprint(&self.fingerprint))?,
            result: &self.result,
        })
    }

    /// Tests whether this operation has used the key.
    pub(crate) fn is_by(&self, operation: Operation) -> bool {
        self.operation == operation.as_str()
    }
}
