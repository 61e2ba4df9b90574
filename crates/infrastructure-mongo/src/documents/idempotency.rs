//! What idempotency keys have done, as it is stored.

use std::fmt::Display;

use bson::Binary;
use convene_application::{failure::Fault, idempotency::KeyUse};
use serde::{Deserialize, Serialize};

use super::convert::{Fields, fingerprint, instant};
use crate::error::CorruptDocument;

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

impl ResultDocument {
    /// The answer is what has this id.
    pub(crate) fn of(subject: impl Display) -> Self {
        Self { subject: subject.to_string(), ..Self::default() }
    }

    /// The answer also has a second thing.
    pub(crate) fn with(mut self, also: impl Display) -> Self {
        self.also = Some(also.to_string());
        self
    }

    /// The answer also tells how many other things were changed.
    pub(crate) fn counting(mut self, count: u32) -> Self {
        self.count = Some(count.into());
        self
    }

    /// The id of what was changed.
    pub(crate) fn subject_as<T, E: Display>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Fault> {
        parse(&self.subject).map_err(|reason| self.corrupt(reason))
    }

    /// How many other things were changed.
    pub(crate) fn counted(&self) -> Result<u32, Fault> {
        u32::try_from(self.count.unwrap_or_default()).map_err(|reason| self.corrupt(reason))
    }

    fn corrupt(&self, reason: impl Display) -> Fault {
        Fault::internal(format!("an entry of idempotency about {} is corrupt: {reason}", self.subject))
    }
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

impl IdempotencyDocument {
    /// The use of the key, to be classified.
    pub(crate) fn key_use(&self) -> Result<KeyUse<&ResultDocument>, CorruptDocument> {
        let fields = Fields::of("idempotency", &self.id.key);
        Ok(KeyUse {
            at: instant(self.created_at),
            fingerprint: fields.read("fingerprint", fingerprint(&self.fingerprint))?,
            result: &self.result,
        })
    }
}
