//! The adapter of [`Members`].

pub(crate) mod add;
mod remove;
mod update;

use async_trait::async_trait;
use bson::{Document, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome, Refusal},
    limits::{COUNTED, FILTER_VALUES, SEARCHED_MEMBERS},
    member::{self, admins::AdminChange},
    page::{BoundedPage, Page, PageRequest},
    ports::{MemberFilter, MemberPatch, MemberRemoved, Members},
};
use convene_domain::{id::MemberId, member::Member, text::UserId};

use futures::{FutureExt, future::BoxFuture};

use crate::{
    change::StoredResult,
    database::Database,
    documents::{
        idempotency::ResultDocument,
        ids::texts,
        job::{JobDocument, JobKind, Step},
        member::{ACTIVE, MemberDocument},
        read_all,
    },
    error::{Attempt, StorageError},
    registration::seats,
    schema,
    scoped::{Query, Sorting},
    transaction::Transaction,
};

/// The work of a step of a job about a removed member.
pub(crate) fn step<'t>(
    transaction: &'t mut Transaction<'_>,
    job: &'t JobDocument,
    change: &'t Change,
    size: usize,
) -> BoxFuture<'t, Attempt<Step>> {
    async move {
        match job.kind()? {
            JobKind::RemoveMember(member) => seats::remove_step(transaction, member, change, size).await,
            JobKind::CancelRegistrations(_) | JobKind::DeleteEvent(_) | JobKind::DeleteOrganization(_) => {
                Err(Fault::internal(format!("{} is not about a member", job.id)).into())
            }
        }
    }
    .boxed()
}

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
        self.find(scope, filter.into()).await
    }

    async fn get_many_with_removed(
        &self,
        scope: &TenantScope,
        ids: &[MemberId],
    ) -> Result<Vec<Member>, Fault> {
        self.find(scope, with_ids(ids).into()).await
    }

    async fn find_by_user_id(&self, scope: &TenantScope, user: &UserId) -> Result<Option<Member>, Fault> {
        let filter = doc! { "userId": user.as_str(), "status": ACTIVE };
        Ok(self.find(scope, filter.into()).await?.into_iter().next())
    }

    async fn memberships(&self, scope: &TenantScope, user: &UserId) -> Result<Vec<MemberId>, Fault> {
        let query = Query::from(doc! { "userId": user.as_str() }).sorted(doc! { "_id": -1 });
        let query = query.limited(FILTER_VALUES).hinted("by_user");
        Ok(self.0.collection(scope, &schema::MEMBERS).ids(query).await?)
    }

    async fn list(
        &self,
        scope: &TenantScope,
        filter: MemberFilter,
        page: PageRequest<MemberId>,
    ) -> Result<BoundedPage<Member, MemberId>, Fault> {
        let sorting = Sorting::of(&page, &["_id"]);
        let from = page.from.map(|id| vec![id.to_string().into()]);
        let index = if filter.role.is_some() { "by_role" } else { "by_id" };
        let query = sorting.query(conditions(&filter), from.as_deref()).hinted(index);
        if filter.search.is_none() {
            let found = self.find(scope, query.probing(page.size)).await?;
            return Ok(Page::from_probe(found, &page).into());
        }
        // Names are short, so a search reads the members and folds their names.
        let mut found = self.find(scope, query.limited(SEARCHED_MEMBERS + 1)).await?;
        let is_end = found.len() <= SEARCHED_MEMBERS;
        found.truncate(SEARCHED_MEMBERS);
        let examined = found.last().map(|member| member.id).filter(|_| !is_end);
        found.retain(|member| filter.matches(member));
        Ok(BoundedPage::from_probe(found, &page, examined))
    }

    async fn count(&self, scope: &TenantScope, filter: MemberFilter) -> Result<Option<u32>, Fault> {
        let conditions = conditions(&filter);
        if filter.search.is_none() {
            return Ok(self.0.collection(scope, &schema::MEMBERS).count_up_to(conditions, COUNTED).await?);
        }
        let found = self.find(scope, Query::from(conditions).limited(SEARCHED_MEMBERS + 1)).await?;
        let count = found.iter().filter(|member| filter.matches(member)).count();
        Ok(u32::try_from(count).ok().filter(|_| found.len() <= SEARCHED_MEMBERS))
    }
}

fn conditions(filter: &MemberFilter) -> Document {
    let mut conditions = doc! { "status": ACTIVE };
    conditions.extend(filter.role.map(|role| ("role".to_owned(), role.as_str().into())));
    conditions
}

impl MongoMembers {
    async fn find(&self, scope: &TenantScope, query: Query) -> Result<Vec<Member>, Fault> {
        let documents: Vec<MemberDocument> = self.0.collection(scope, &schema::MEMBERS).find(query).await?;
        Ok(read_all(documents).map_err(StorageError::from)?)
    }
}

fn with_ids(ids: &[MemberId]) -> Document {
    doc! { "_id": { "$in": texts(ids) } }
}

/// Finds a member who was not removed.
async fn find(transaction: &mut Transaction<'_>, id: MemberId) -> Attempt<Member> {
    find_where(transaction, doc! { "_id": id.to_string(), "status": ACTIVE }).await
}

async fn find_where(transaction: &mut Transaction<'_>, filter: Document) -> Attempt<Member> {
    let found: Option<MemberDocument> = transaction.collection(&schema::MEMBERS).find_one(filter).await?;
    Ok(Member::try_from(found.ok_or_else(member::refusals::not_found)?)?)
}

/// Updates the organization's number of admins, if at least one is left.
///
/// Concurrent changes of admins conflict on this document, so the later one sees the result of the earlier one.
async fn count_admins(transaction: &mut Transaction<'_>, change: AdminChange) -> Attempt<()> {
    if change == AdminChange::None {
        return Ok(());
    }
    let one_is_left = doc! { "adminCount": { "$gte": change.least_admins() } };
    let count = doc! { "$inc": { "adminCount": change.delta() } };
    let updated = transaction.collection(&schema::ORGANIZATIONS).update_one(one_is_left, count).await?;
    if updated.matched == 1 {
        return Ok(());
    }
    let is_stored = transaction.collection(&schema::ORGANIZATIONS).count(doc! {}).await? == 1;
    Err(if is_stored { Refusal::LastAdmin } else { Refusal::OrganizationSuspended }.into())
}

#[async_trait]
impl StoredResult for Member {
    fn to_document(&self) -> ResultDocument {
        ResultDocument::of(self.id)
    }

    async fn load(transaction: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        let id = stored.subject_as(MemberId::parse)?;
        find_where(transaction, doc! { "_id": id.to_string() }).await
    }
}
