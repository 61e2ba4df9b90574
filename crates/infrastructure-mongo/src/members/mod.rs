//! The port of members.

pub(crate) mod add;
mod log;
mod remove;
mod update;

use async_trait::async_trait;
use bson::{Document, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome, Refusal},
    page::{Page, PageRequest},
    ports::{MemberPatch, MemberRemoved, Members},
};
use convene_domain::{
    id::MemberId,
    member::{Member, Role},
    text::UserId,
};

use crate::{
    change::StoredResult,
    database::Database,
    documents::{
        idempotency::ResultDocument,
        member::{ACTIVE, MemberDocument},
        read_all,
    },
    error::{Attempt, StorageError},
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// Members in MongoDB.
#[derive(Clone)]
pub(crate) struct MongoMembers(pub(crate) Database);

#[async_trait]
impl Members for MongoMembers {
    async fn add(&self, scope: &TenantScope, member: Member, change: &Change) -> Outcome<Member> {
        add::add(&self.0, scope, &member, change).await
    }

    async fn update(
        &self,
        scope: &TenantScope,
        id: MemberId,
        patch: MemberPatch,
        change: &Change,
    ) -> Outcome<Member> {
        update::update(&self.0, scope, id, &patch, change).await
    }

    async fn remove(&self, scope: &TenantScope, id: MemberId, change: &Change) -> Outcome<MemberRemoved> {
        remove::remove(&self.0, scope, id, change).await
    }

    async fn get_many(&self, scope: &TenantScope, ids: &[MemberId]) -> Result<Vec<Member>, Fault> {
        let mut filter = with_ids(ids);
        filter.insert("status", ACTIVE);
        self.found(scope, filter.into()).await
    }

    async fn get_many_with_removed(
        &self,
        scope: &TenantScope,
        ids: &[MemberId],
    ) -> Result<Vec<Member>, Fault> {
        self.found(scope, with_ids(ids).into()).await
    }

    async fn find_by_user_id(&self, scope: &TenantScope, user: &UserId) -> Result<Option<Member>, Fault> {
        let filter = doc! { "userId": user.as_str(), "status": ACTIVE };
        Ok(self.found(scope, filter.into()).await?.into_iter().next())
    }

    async fn list(
        &self,
        scope: &TenantScope,
        role: Option<Role>,
        page: PageRequest<MemberId>,
    ) -> Result<Page<Member>, Fault> {
        let mut filter = doc! { "status": ACTIVE };
        if let Some(role) = role {
            filter.insert("role", role.as_str());
        }
        if let Some(after) = page.after {
            filter.insert("_id", doc! { "$gt": after.to_string() });
        }
        let query = Query::from(filter).sorted(doc! { "_id": 1 }).probing(page.first);
        Ok(Page::from_probe(self.found(scope, query).await?, page.first))
    }
}

impl MongoMembers {
    async fn found(&self, scope: &TenantScope, query: Query) -> Result<Vec<Member>, Fault> {
        let documents: Vec<MemberDocument> = self.0.collection(scope, &schema::MEMBERS).find(query).await?;
        Ok(read_all(documents).map_err(StorageError::from)?)
    }
}

fn with_ids(ids: &[MemberId]) -> Document {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    doc! { "_id": { "$in": ids } }
}

/// The member, if the organization has it now; the refusal names the field that referred to it.
pub(crate) async fn find(
    transaction: &mut Transaction<'_>,
    id: MemberId,
    field: &'static str,
) -> Attempt<Member> {
    let filter = doc! { "_id": id.to_string(), "status": ACTIVE };
    let found: Option<MemberDocument> = transaction.collection(&schema::MEMBERS).find_one(filter).await?;
    Ok(Member::try_from(found.ok_or_else(|| Refusal::not_found(field))?)?)
}

/// The member, also if it was removed.
pub(crate) async fn find_even_removed(transaction: &mut Transaction<'_>, id: MemberId) -> Attempt<Member> {
    let filter = doc! { "_id": id.to_string() };
    let found: Option<MemberDocument> = transaction.collection(&schema::MEMBERS).find_one(filter).await?;
    Ok(Member::try_from(found.ok_or_else(|| Refusal::not_found("memberId"))?)?)
}

#[async_trait]
impl StoredResult for Member {
    fn to_document(&self) -> ResultDocument {
        ResultDocument::of(self.id)
    }

    async fn load(transaction: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        find_even_removed(transaction, stored.subject_as(MemberId::parse)?).await
    }
}
