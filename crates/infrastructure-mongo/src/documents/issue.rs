use convene_domain::{
    id::{EventId, IssueId, MemberId},
    issue::{Issue, IssuePriority, IssueStatus},
    text::{Description, FoldedText, Title},
};
use serde::{Deserialize, Serialize};

use super::{
    Converted,
    convert::{Fields, bytes, date, instant},
    dates::read_date,
};
use crate::{error::CorruptDocument, schema};

/// A stored issue. [`ScopedCollection`](crate::scoped::ScopedCollection) adds the organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IssueDocument {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    pub(crate) number: i32,
    pub(crate) title: String,
    pub(crate) description: String,
    /// The folded title and description, for searches.
    #[serde(skip_deserializing)]
    pub(crate) search: String,
    /// The length of `search`.
    #[serde(skip_deserializing)]
    pub(crate) search_bytes: i32,
    pub(crate) status: String,
    pub(crate) priority: String,
    /// The priority as a number, by which lists are sorted.
    #[serde(skip_deserializing)]
    pub(crate) priority_rank: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assignee: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<String>,
    pub(crate) created_by: String,
    pub(crate) version: i32,
    #[serde(deserialize_with = "read_date")]
    pub(crate) created_at: bson::DateTime,
    #[serde(deserialize_with = "read_date")]
    pub(crate) updated_at: bson::DateTime,
}

impl Converted for IssueDocument {}

/// The number of a priority, from low to high.
pub(crate) const fn rank(priority: IssuePriority) -> i32 {
    match priority {
        IssuePriority::Low => 0,
        IssuePriority::Medium => 1,
        IssuePriority::High => 2,
    }
}

impl From<&Issue> for IssueDocument {
    fn from(issue: &Issue) -> Self {
        let search = FoldedText::of_object(&issue.title, &issue.description).into_string();
        Self {
            id: issue.id.to_string(),
            // Numbers come from the counter of the organization, which is a signed 32-bit integer.
            number: issue.number.cast_signed(),
            title: issue.title.to_string(),
            description: issue.description.to_string(),
            search_bytes: bytes(&search),
            search,
            status: issue.status.as_str().to_owned(),
            priority: issue.priority.as_str().to_owned(),
            priority_rank: rank(issue.priority),
            assignee: issue.assignee.map(|member| member.to_string()),
            event: issue.event.map(|event| event.to_string()),
            created_by: issue.created_by.to_string(),
            version: issue.version.cast_signed(),
            created_at: date(issue.created_at),
            updated_at: date(issue.updated_at),
        }
    }
}

impl TryFrom<IssueDocument> for Issue {
    type Error = CorruptDocument;

    fn try_from(document: IssueDocument) -> Result<Self, CorruptDocument> {
        let fields = Fields::of(&schema::ISSUES, &document.id);
        let member = |id: String| fields.read("assignee", MemberId::parse(&id));
        let event = |id: String| fields.read("event", EventId::parse(&id));
        Ok(Self {
            id: fields.read("_id", IssueId::parse(&document.id))?,
            number: fields.read("number", u32::try_from(document.number))?,
            title: fields.read("title", Title::from_stored(document.title))?,
            description: fields.read("description", Description::from_stored(document.description))?,
            status: fields.known("status", IssueStatus::parse(&document.status))?,
            priority: fields.known("priority", IssuePriority::parse(&document.priority))?,
            assignee: document.assignee.map(member).transpose()?,
            event: document.event.map(event).transpose()?,
            created_by: fields.read("createdBy", MemberId::parse(&document.created_by))?,
            version: fields.read("version", u32::try_from(document.version))?,
            created_at: instant(document.created_at),
            updated_at: instant(document.updated_at),
        })
    }
}
