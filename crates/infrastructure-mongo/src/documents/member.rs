use convene_domain::{
    id::MemberId,
    member::{Member, Role},
    text::{DisplayName, Email, UserId},
};
use serde::{Deserialize, Serialize};

use super::{
    convert::{Fields, date, instant},
    dates::{read_date, read_optional_date},
};
use crate::{error::CorruptDocument, schema};

pub(crate) const ACTIVE: &str = "ACTIVE";
pub(crate) const REMOVED: &str = "REMOVED";

/// A stored member. [`ScopedCollection`](crate::scoped::ScopedCollection) adds the organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberDocument {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    pub(crate) role: String,
    pub(crate) status: String,
    pub(crate) version: i32,
    #[serde(deserialize_with = "read_date")]
    pub(crate) created_at: bson::DateTime,
    #[serde(deserialize_with = "read_date")]
    pub(crate) updated_at: bson::DateTime,
    #[serde(default, deserialize_with = "read_optional_date", skip_serializing_if = "Option::is_none")]
    pub(crate) removed_at: Option<bson::DateTime>,
}

impl From<&Member> for MemberDocument {
    fn from(member: &Member) -> Self {
        Self {
            id: member.id.to_string(),
            user_id: member.user_id.to_string(),
            display_name: member.display_name.to_string(),
            email: member.email.as_ref().map(ToString::to_string),
            role: member.role.as_str().to_owned(),
            status: ACTIVE.to_owned(),
            version: member.version.cast_signed(),
            created_at: date(member.created_at),
            updated_at: date(member.updated_at),
            removed_at: None,
        }
    }
}

impl TryFrom<MemberDocument> for Member {
    type Error = CorruptDocument;

    fn try_from(document: MemberDocument) -> Result<Self, CorruptDocument> {
        let fields = Fields::of(&schema::MEMBERS, &document.id);
        Ok(Self {
            id: fields.read("_id", MemberId::parse(&document.id))?,
            user_id: fields.read("userId", UserId::parse(&document.user_id))?,
            display_name: fields.read("displayName", DisplayName::from_stored(document.display_name))?,
            email: document.email.map(|email| fields.read("email", Email::parse(&email))).transpose()?,
            role: fields.known("role", Role::parse(&document.role))?,
            version: fields.read("version", u32::try_from(document.version))?,
            created_at: instant(document.created_at),
            updated_at: instant(document.updated_at),
        })
    }
}
