//! The port that finds out who calls: the only one that is asked before there is a scope.

use async_trait::async_trait;
use bson::doc;
use convene_application::{
    failure::Fault,
    ports::{Directory, OrganizationReference},
};
use convene_domain::{
    id::OrganizationId,
    member::Member,
    text::{Slug, UserId},
};
use serde::Deserialize;

use crate::{
    database::Database,
    documents::{
        convert::Fields,
        member::{ACTIVE, MemberDocument},
    },
    error::StorageError,
    schema,
    unscoped::find_one,
};

/// The directory in MongoDB.
#[derive(Clone)]
pub(crate) struct MongoDirectory(pub(crate) Database);

#[async_trait]
impl Directory for MongoDirectory {
    async fn find_membership(
        &self,
        organization: &OrganizationReference,
        user: &UserId,
    ) -> Result<Option<(OrganizationId, Member)>, Fault> {
        let organization = match organization {
            OrganizationReference::Id(id) => *id,
            OrganizationReference::Slug(slug) => match self.organization_called(slug).await? {
                Some(id) => id,
                None => return Ok(None),
            },
        };
        let filter =
            doc! { "organization": organization.to_string(), "userId": user.as_str(), "status": ACTIVE };
        let found: Option<MemberDocument> = find_one(&self.0, &schema::MEMBERS, filter).await?;
        let member = found.map(Member::try_from).transpose().map_err(StorageError::from)?;
        Ok(member.map(|member| (organization, member)))
    }
}

#[derive(Deserialize)]
struct Identified {
    #[serde(rename = "_id")]
    id: String,
}

impl MongoDirectory {
    async fn organization_called(&self, slug: &Slug) -> Result<Option<OrganizationId>, StorageError> {
        let filter = doc! { "slug": slug.as_str() };
        let found: Option<Identified> = find_one(&self.0, &schema::ORGANIZATIONS, filter).await?;
        let read = |Identified { id }| {
            Fields::of(schema::ORGANIZATIONS.name, &id).read("_id", OrganizationId::parse(&id))
        };
        Ok(found.map(read).transpose()?)
    }
}
