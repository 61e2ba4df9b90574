//! The directory port: lookups of organizations and memberships before there is a tenant scope.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use bson::{Bson, Document, doc};
use convene_application::{
    failure::Fault,
    ports::{ActiveMembership, Directory, OrganizationReference},
};
use convene_domain::{
    id::OrganizationId,
    member::Member,
    organization::OrganizationStatus,
    text::{Slug, UserId},
};
use moka::sync::Cache;
use serde::Deserialize;

use crate::{
    coalesced::CoalescedLookup,
    database::Database,
    decode::decode,
    documents::{
        convert::Fields,
        ids::read_id,
        member::{ACTIVE, MemberDocument},
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
    memberships: CoalescedLookup<Key, Option<ActiveMembership>>,
    /// Organizations keep their slugs, also when they are deleted, so a cached slug is looked up again for unknown members
    /// only.
    slugs: Cache<Slug, OrganizationId>,
}

/// The key of a membership: at most one is active.
type Key = (OrganizationId, UserId);

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
    ) -> Result<Option<ActiveMembership>, Fault> {
        let slug = match organization {
            // A member of the organization proves that it exists.
            OrganizationReference::Id(id) => {
                return self.membership(*id, user).await;
            }
            OrganizationReference::Slug(slug) => slug,
        };
        if let Some(id) = self.slugs.get(slug) {
            if let Some(membership) = self.membership(id, user).await? {
                return Ok(Some(membership));
            }
            // An unknown member, or a database that was restored to a state in which another organization has the slug.
            self.slugs.invalidate(slug);
        }
        let Some(id) = self.organization_with_slug(slug).await? else { return Ok(None) };
        self.slugs.insert(slug.clone(), id);
        self.membership(id, user).await
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
async fn find_all(database: Database, asked: Vec<Key>) -> Result<Vec<Option<ActiveMembership>>, Fault> {
    let mut users: BTreeMap<OrganizationId, Vec<&str>> = BTreeMap::new();
    for (organization, user) in &asked {
        users.entry(*organization).or_default().push(user.as_str());
    }
    let users: Vec<(OrganizationId, Vec<&str>)> = users.into_iter().collect();
    let mut found: HashMap<Key, ActiveMembership> = HashMap::new();
    for users in users.chunks(MAX_QUERIES) {
        let queries =
            users.iter().map(|(organization, users)| find_in_organization(&database, *organization, users));
        found.extend(futures::future::try_join_all(queries).await?.into_iter().flatten());
    }
    // A key may occur twice.
    Ok(asked.iter().map(|key| found.get(key).cloned()).collect())
}

/// Finds the active memberships of these users in one organization, its status and the revision of its catalogue, with one
/// command.
async fn find_in_organization(
    database: &Database,
    organization: OrganizationId,
    users: &[&str],
) -> Result<Vec<(Key, ActiveMembership)>, StorageError> {
    let id = organization.to_string();
    let of_organization = vec![
        doc! { "$match": { "_id": &id, "deletedAt": null } },
        doc! { "$project": { "revision": 1, "status": 1 } },
    ];
    let pipeline = vec![
        doc! { "$match": { "organization": &id, "userId": { "$in": users }, "status": ACTIVE } },
        doc! { "$unionWith": { "coll": schema::ORGANIZATIONS.name, "pipeline": of_organization } },
    ];
    let (mut members, mut found_organization) = (Vec::new(), None);
    for document in unscoped::aggregate(database, &schema::MEMBERS, pipeline).await? {
        if document.get_str("_id").is_ok_and(|found| found == id) {
            let found: FoundOrganization = decode(&schema::ORGANIZATIONS, &document)?;
            let fields = Fields::of(&schema::ORGANIZATIONS, &id);
            let status = fields.known("status", OrganizationStatus::parse(&found.status))?;
            found_organization = Some((found.revision, status));
        } else {
            let document: MemberDocument = decode(&schema::MEMBERS, &document)?;
            members.push(Member::try_from(document)?);
        }
    }
    // Without its organization, a membership gives no access.
    let Some((revision, status)) = found_organization else { return Ok(Vec::new()) };
    let membership = |member: Member| {
        let key = (organization, member.user_id.clone());
        let catalogue_revision = Some(revision);
        (key, ActiveMembership { organization, member, catalogue_revision, status })
    };
    Ok(members.into_iter().map(membership).collect())
}

#[derive(Deserialize)]
struct FoundOrganization {
    revision: i64,
    status: String,
}

#[derive(Deserialize)]
struct Identified {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    id: OrganizationId,
}

impl MongoDirectory {
    async fn membership(
        &self,
        organization: OrganizationId,
        user: &UserId,
    ) -> Result<Option<ActiveMembership>, Fault> {
        self.memberships.get((organization, user.clone())).await
    }

    async fn organization_with_slug(&self, slug: &Slug) -> Result<Option<OrganizationId>, StorageError> {
        self.organization(doc! { "slug": slug.as_str() }).await
    }

    async fn organization(&self, mut filter: Document) -> Result<Option<OrganizationId>, StorageError> {
        filter.insert("deletedAt", Bson::Null);
        let found: Option<Identified> = find_one(&self.database, &schema::ORGANIZATIONS, filter).await?;
        Ok(found.map(|Identified { id }| id))
    }
}
