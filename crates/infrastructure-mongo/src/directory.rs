//! The port that finds out who calls: the only one that is asked before there is a scope.

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
    database::Database,
    documents::{
        convert::Fields,
        member::{ACTIVE, MemberDocument},
        read_all,
    },
    error::StorageError,
    gather::Gather,
    schema,
    unscoped::{find_all_of_any, find_one},
};

/// How many organizations' slugs are remembered.
const MOST_SLUGS: u64 = 10_000;

/// The directory in MongoDB.
///
/// Every request asks it, so memberships are looked up together where many ask at once. They are never remembered:
/// who is removed is a stranger with the next request.
#[derive(Clone)]
pub(crate) struct MongoDirectory {
    database: Database,
    memberships: Gather<Membership, Option<Member>>,
    /// An organization keeps its slug, and stays: what was found once is looked up again for strangers only.
    slugs: Cache<Slug, OrganizationId>,
}

/// Whose membership of which organization.
type Membership = (OrganizationId, UserId);

impl MongoDirectory {
    /// The directory of this database. One is enough for a process.
    pub(crate) fn new(database: Database) -> Self {
        let reader = database.clone();
        let memberships = Gather::new(move |asked| find_all(reader.clone(), asked));
        Self { database, memberships, slugs: Cache::new(MOST_SLUGS) }
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
            // That a member belongs to it is proof enough that it is there.
            OrganizationReference::Id(id) => {
                return Ok(self.member(*id, user).await?.map(|member| (*id, member)));
            }
            OrganizationReference::Slug(slug) => slug,
        };
        if let Some(id) = self.slugs.get(slug) {
            if let Some(member) = self.member(id, user).await? {
                return Ok(Some((id, member)));
            }
            // A stranger; or the database was restored to a state in which somebody else has the slug.
            self.slugs.invalidate(slug);
        }
        let Some(id) = self.organization_called(slug).await? else { return Ok(None) };
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

/// The active memberships among these.
async fn find_all(database: Database, asked: Vec<Membership>) -> Result<Vec<Option<Member>>, Fault> {
    let mut users: BTreeMap<OrganizationId, Vec<&str>> = BTreeMap::new();
    for (organization, user) in &asked {
        users.entry(*organization).or_default().push(user.as_str());
    }
    let of_each = users.into_iter().map(|(organization, users)| find_some(&database, organization, users));
    let members: HashMap<Membership, Member> =
        futures::future::try_join_all(of_each).await?.into_iter().flatten().collect();
    // The same user may ask twice at once.
    Ok(asked.iter().map(|membership| members.get(membership).cloned()).collect())
}

/// The active memberships of these users in an organization.
async fn find_some(
    database: &Database,
    organization: OrganizationId,
    users: Vec<&str>,
) -> Result<Vec<(Membership, Member)>, StorageError> {
    let filter =
        doc! { "organization": organization.to_string(), "userId": { "$in": users }, "status": ACTIVE };
    let found: Vec<MemberDocument> = find_all_of_any(database, &schema::MEMBERS, filter).await?;
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
        self.memberships.ask((organization, user.clone())).await
    }

    async fn organization_called(&self, slug: &Slug) -> Result<Option<OrganizationId>, StorageError> {
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
