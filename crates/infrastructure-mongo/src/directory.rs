//! The port that finds out who calls: the only one that is asked before there is a scope.

use async_trait::async_trait;
use bson::{Document, doc};
use convene_application::{
    failure::Fault,
    ports::{Directory, OrganizationReference},
};
use convene_domain::{
    id::OrganizationId,
    member::Member,
    text::{Slug, UserId},
};
use mongodb::Collection;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    database::Database,
    deadline::{DATABASE_CALL, within},
    documents::{
        convert::Fields,
        member::{ACTIVE, MemberDocument},
    },
    error::StorageError,
    schema::{self, CollectionSchema},
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
        let found: Option<MemberDocument> = self.find_one(&schema::MEMBERS, filter).await?;
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
        let found: Option<Identified> = self.find_one(&schema::ORGANIZATIONS, filter).await?;
        let read = |Identified { id }| {
            Fields::of(schema::ORGANIZATIONS.name, &id).read("_id", OrganizationId::parse(&id))
        };
        Ok(found.map(read).transpose()?)
    }

    async fn find_one<D: DeserializeOwned + Send + Sync>(
        &self,
        schema: &CollectionSchema,
        filter: Document,
    ) -> Result<Option<D>, StorageError> {
        #[expect(clippy::disallowed_methods, reason = "who asks here has no scope yet: the answer makes one")]
        let collection: Collection<D> = self.0.driver().collection(schema.name);
        within(DATABASE_CALL, async { collection.find_one(filter).max_time(DATABASE_CALL).await }).await
    }
}
