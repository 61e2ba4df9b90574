//! Entries of the activity log, as they are stored.

use convene_domain::{
    activity::{Action, Activity, Actor, RecordedChange, Subject},
    id::ActivityId,
    text::UserId,
};
use serde::{Deserialize, Serialize};

use super::convert::{Fields, date, instant};
use crate::error::CorruptDocument;

/// An entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActivityDocument {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    pub(crate) at: bson::DateTime,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) changes: Vec<ChangeDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

/// What one field was and is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChangeDocument {
    field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// How [`Actor::System`] is written.
const SYSTEM: &str = "system";

impl From<Activity> for ActivityDocument {
    fn from(entry: Activity) -> Self {
        Self {
            id: entry.id.to_string(),
            at: date(entry.at),
            actor: entry.actor.to_string(),
            action: entry.action.as_str().to_owned(),
            subject: entry.subject.to_string(),
            changes: entry
                .changes
                .into_iter()
                .map(|RecordedChange { field, before, after }| ChangeDocument { field, before, after })
                .collect(),
            request_id: entry.request_id,
        }
    }
}

impl TryFrom<ActivityDocument> for Activity {
    type Error = CorruptDocument;

    fn try_from(document: ActivityDocument) -> Result<Self, CorruptDocument> {
        let fields = Fields::of("activity", &document.id);
        let actor = match document.actor.as_str() {
            SYSTEM => Actor::System,
            user => Actor::User(fields.read("actor", UserId::parse(user))?),
        };
        Ok(Self {
            id: fields.read("_id", ActivityId::parse(&document.id))?,
            at: instant(document.at),
            actor,
            action: fields.known("action", Action::parse(&document.action))?,
            subject: fields.known("subject", Subject::parse(&document.subject))?,
            changes: document
                .changes
                .into_iter()
                .map(|ChangeDocument { field, before, after }| RecordedChange { field, before, after })
                .collect(),
            request_id: document.request_id,
        })
    }
}
