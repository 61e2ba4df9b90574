use convene_domain::{
    id::OrganizationId,
    organization::{Organization, OrganizationStatus},
    text::{OrganizationName, Slug},
    time::zone::Zone,
};
use serde::{Deserialize, Serialize};

use super::{
    convert::{Fields, date, instant},
    dates::read_date,
};
use crate::{error::CorruptDocument, schema};

/// A stored organization, with its counters.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganizationDocument {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) time_zone: String,
    /// The number of admins, at least one.
    pub(crate) admin_count: i32,
    /// The revision of the catalogue.
    pub(crate) revision: i64,
    pub(crate) last_issue_number: i32,
    /// The number of members that were added; see `members::add`.
    pub(crate) additions: i64,
    pub(crate) status: String,
    pub(crate) version: i32,
    #[serde(deserialize_with = "read_date")]
    pub(crate) created_at: bson::DateTime,
    #[serde(deserialize_with = "read_date")]
    pub(crate) updated_at: bson::DateTime,
}

impl OrganizationDocument {
    /// The document of a new organization, which has one admin.
    pub(crate) fn new(organization: &Organization) -> Self {
        Self {
            id: organization.id.to_string(),
            slug: organization.slug.to_string(),
            name: organization.name.to_string(),
            time_zone: organization.time_zone.name().to_owned(),
            admin_count: 1,
            revision: 0,
            last_issue_number: 0,
            additions: 0,
            status: organization.status.as_str().to_owned(),
            version: organization.version.cast_signed(),
            created_at: date(organization.created_at),
            updated_at: date(organization.updated_at),
        }
    }
}

impl TryFrom<OrganizationDocument> for Organization {
    type Error = CorruptDocument;

    fn try_from(document: OrganizationDocument) -> Result<Self, CorruptDocument> {
        let fields = Fields::of(&schema::ORGANIZATIONS, &document.id);
        Ok(Self {
            id: fields.read("_id", OrganizationId::parse(&document.id))?,
            slug: fields.read("slug", Slug::parse(&document.slug))?,
            name: fields.read("name", OrganizationName::from_stored(document.name))?,
            time_zone: fields.read("timeZone", Zone::parse(&document.time_zone))?,
            status: fields.known("status", OrganizationStatus::parse(&document.status))?,
            version: fields.read("version", u32::try_from(document.version))?,
            created_at: instant(document.created_at),
            updated_at: instant(document.updated_at),
        })
    }
}
