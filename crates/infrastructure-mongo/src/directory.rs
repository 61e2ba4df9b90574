//! The directory port: lookups of organizations and memberships before there is a tenant scope.

use std::collections::{BTreeMap, HashMap};

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
use moka::sync::Cache;
use serde::Deserialize;

use crate::{
    coalesced::CoalescedLookup,
    database::Database,
    documents::{
        convert::Fields,
        member::{ACTIVE, MemberDocument},
        read_all,
    },
    error::StorageError,
    schema,
    unscoped::{self, find_one},
};

/// The queries of one lookup that are in flight at a time, each for one organization.
const MAX_QUERIES: usize = 8;

/// The number of cached slugs.
const SLUG_CACHE_SIZE: u64 = 10_000;

/// The directory in MongoDB.
///
/// Every request looks up a membership, so concurrent lookups are coalesced. Memberships are never cached: a removed
/// member is an unknown member with the next request.
#[derive(Clone)]
pub(crate) struct MongoDirectory {
    database: Database,
    memberships: CoalescedLookup<Membership, Option<Member>>,
    /// Organizations are never deleted and keep their slugs, so a cached slug is looked up again for unknown members
    /// only.
    slugs: Cache<Slug, OrganizationId>,
}

/// The key of a membership: at most one is active.
type Membership = (OrganizationId, UserId);

impl MongoDirectory {
    /// The directory of this database. A process needs one.
    pub(crate) fn new(database: Database) -> Self {
        let reader = database.clone();
        let memberships = CoalescedLookup::new(move |asked| find_all(reader.clone(), asked));
        Self { database, memberships, slugs: Cache::new(SLUG_CACHE_SIZE) }
    }
}

#[async_trait]
impl Directory for MongoDirectory {
    async fn find_membership(
        &self,
        organization: &OrganizationReference,
        user: &UserId,
    ) -> Result<Option<(OrganizationId, Member)>, Fault> {
        let slug = match organization {
            // A member of the organization proves that it exists.
            OrganizationReference::Id(id) => {
                return Ok(self.member(*id, user).await?.map(|member| (*id, member)));
            }
            OrganizationReference::Slug(slug) => slug,
        };
        if let Some(id) = self.slugs.get(slug) {
            if let Some(member) = self.member(id, user).await? {
                return Ok(Some((id, member)));
            }
            // An unknown member, or a database that was restored to a state in which another organization has the slug.
            self.slugs.invalidate(slug);
        }
        let Some(id) = self.organization_with_slug(slug).await? else { return Ok(None) };
        self.slugs.insert(slug.clone(), id);
        Ok(self.member(id, user).await?.map(|member| (id, member)))
    }

    async fn find_organization(
        &self,
        organization: &OrganizationReference,
    ) -> Result<Option<OrganizationId>, Fault> {
        let filter = match organization {
            OrganizationReference::Id(id) => doc! { "_id": id.to_string() },
            OrganizationReference::Slug(slug) => doc! { "slug": slug.as_str() },
        };
        Ok(self.organization(filter).await?)
    }
}

/// Finds the active memberships, in the order of their keys.
async fn find_all(database: Database, asked: Vec<Membership>) -> Result<Vec<Option<Member>>, Fault> {
    let mut users: BTreeMap<OrganizationId, Vec<&str>> = BTreeMap::new();
    for (organization, user) in &asked {
        users.entry(*organization).or_default().push(user.as_str());
    }
    let users: Vec<(OrganizationId, Vec<&str>)> = users.into_iter().collect();
    let mut members: HashMap<Membership, Member> = HashMap::new();
    for users in users.chunks(MAX_QUERIES) {
        let queries =
            users.iter().map(|(organization, users)| find_in_organization(&database, *organization, users));
        members.extend(futures::future::try_join_all(queries).await?.into_iter().flatten());
    }
    // A key may occur twice.
    Ok(asked.iter().map(|membership| members.get(membership).cloned()).collect())
}

/// Finds the active memberships of these users in one organization.
async fn find_in_organization(
    database: &Database,
    organization: OrganizationId,
    users: &[&str],
) -> Result<Vec<(Membership, Member)>, StorageError> {
    let filter =
        doc! { "organization": organization.to_string(), "userId": { "$in": users }, "status": ACTIVE };
    let found: Vec<MemberDocument> = unscoped::find_all(database, &schema::MEMBERS, filter).await?;
    let members: Vec<Member> = read_all(found)?;
    Ok(members.into_iter().map(|member| ((organization, member.user_id.clone()), member)).collect())
}

#[derive(Deserialize)]
struct Identified {
    #[serde(rename = "_id")]
    id: String,
}

impl MongoDirectory {
    async fn member(&self, organization: OrganizationId, user: &UserId) -> Result<Option<Member>, Fault> {
        self.memberships.get((organization, user.clone())).await
    }

    async fn organization_with_slug(&self, slug: &Slug) -> Result<Option<OrganizationId>, StorageError> {
        self.organization(doc! { "slug": slug.as_str() }).await
    }

    async fn organization(&self, filter: Document) -> Result<Option<OrganizationId>, StorageError> {
        let found: Option<Identified> = find_one(&self.database, &schema::ORGANIZATIONS, filter).await?;
        let read = |Identified { id }| {
            Fields::of(schema::ORGANIZATIONS.name, &id).read("_id", OrganizationId::parse(&id))
        };
        Ok(found.map(read).transpose()?)
    }
}
