use convene_application::personal_data::redacted_value;
use convene_domain::{
    activity::{Action, Activity, Actor, RecordedChange, Subject},
    id::ActivityId,
};
use serde::{Deserialize, Serialize};

use super::{
    convert::{Fields, date, instant},
    dates::read_date,
};
use crate::{error::CorruptDocument, schema};

/// A stored entry of the activity log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActivityDocument {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    #[serde(deserialize_with = "read_date")]
    pub(crate) at: bson::DateTime,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) changes: Vec<ChangeDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChangeDocument {
    field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl ActivityDocument {
    /// Replaces the values that identify the member whom the entry is about. Returns whether there were any.
    pub(crate) fn redact(&mut self, pseudonym: &str) -> bool {
        let mut redacted = false;
        for change in &mut self.changes {
            let Some(with) = redacted_value(&change.field, pseudonym) else { continue };
            for value in [&mut change.before, &mut change.after].into_iter().flatten() {
                redacted |= value != with;
                with.clone_into(value);
            }
        }
        redacted
    }
}

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
        let fields = Fields::of(&schema::ACTIVITY, &document.id);
        Ok(Self {
            id: fields.read("_id", ActivityId::parse(&document.id))?,
            at: instant(document.at),
            actor: fields.read("actor", Actor::parse(&document.actor))?,
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

#[cfg(test)]
mod tests {
    use convene_application::ports::PERSONAL_FIELDS;

    use super::*;

    #[test]
    fn personal_fields_and_no_others_are_redacted() {
        let change = |field: &str| ChangeDocument {
            field: field.to_owned(),
            before: Some(String::from("Ada")),
            after: None,
        };
        let mut entry = ActivityDocument {
            id: String::new(),
            at: bson::DateTime::MIN,
            actor: String::new(),
            action: String::new(),
            subject: String::new(),
            changes: PERSONAL_FIELDS.into_iter().chain(["role"]).map(change).collect(),
            request_id: None,
        };
        assert!(entry.redact("erased-1"));
        let kept = entry.changes.iter().filter(|change| change.before.as_deref() == Some("Ada"));
        assert_eq!(kept.map(|change| change.field.as_str()).collect::<Vec<_>>(), ["role"]);
        assert!(entry.changes.iter().all(|change| change.after.is_none()), "nothing is made up");
        assert!(!entry.redact("erased-1"), "there is nothing left to replace");
    }
}
