//! The adapter of [`Issues`].

mod create;
mod delete;
mod list;
mod update;

use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    issue::{self, references::References},
    page::{BoundedPage, PageRequest},
    ports::{IssueFilter, IssuePatch, IssuePosition, Issues, NewIssue},
};
use convene_domain::{id::IssueId, issue::Issue};

use crate::{
    change::StoredResult,
    database::Database,
    documents::{
        idempotency::ResultDocument, ids::texts, issue::IssueDocument, member::ACTIVE, read_in_parts,
    },
    error::{Attempt, StorageError},
    schema,
    scoped::Query,
    transaction::Transaction,
};

#[derive(Clone)]
pub(crate) struct MongoIssues(pub(crate) Database);

#[async_trait]
impl Issues for MongoIssues {
    async fn create(&self, scope: &TenantScope, issue: NewIssue, change: &Change) -> Outcome<Issue> {
        create::create(&self.0, scope, &issue, change).await
    }

    async fn update(
        &self,
        scope: &TenantScope,
        id: IssueId,
        patch: IssuePatch,
        change: &Change,
    ) -> Outcome<Issue> {
        update::update(&self.0, scope, id, &patch, change).await
    }

    async fn delete(
        &self,
        scope: &TenantScope,
        id: IssueId,
        expected_version: Option<u32>,
        change: &Change,
    ) -> Outcome<IssueId> {
        delete::delete(&self.0, scope, id, expected_version, change).await
    }

    async fn get_many(&self, scope: &TenantScope, ids: &[IssueId]) -> Result<Vec<Issue>, Fault> {
        self.find(scope, doc! { "_id": { "$in": texts(ids) } }.into()).await
    }

    async fn get_by_number(&self, scope: &TenantScope, number: u32) -> Result<Option<Issue>, Fault> {
        let found = self.find(scope, doc! { "number": i64::from(number) }.into()).await?;
        Ok(found.into_iter().next())
    }

    async fn list(
        &self,
        scope: &TenantScope,
        filter: IssueFilter,
        page: PageRequest<IssuePosition>,
    ) -> Result<BoundedPage<Issue, IssuePosition>, Fault> {
        list::list(self, scope, &filter, &page).await
    }

    async fn count(&self, scope: &TenantScope, filter: IssueFilter) -> Result<Option<u32>, Fault> {
        list::count(self, scope, &filter).await
    }
}

impl MongoIssues {
    async fn find(&self, scope: &TenantScope, query: Query) -> Result<Vec<Issue>, Fault> {
        let documents: Vec<IssueDocument> =
            self.0.collection(scope, &schema::ISSUES).find(query.projected(doc! { "search": 0 })).await?;
        Ok(read_in_parts(documents).await.map_err(StorageError::from)?)
    }
}

async fn find(transaction: &mut Transaction<'_>, id: IssueId) -> Attempt<Issue> {
    let filter = doc! { "_id": id.to_string() };
    let found: Option<IssueDocument> = transaction.collection(&schema::ISSUES).find_one(filter).await?;
    Ok(Issue::try_from(found.ok_or_else(issue::refusals::not_found)?)?)
}

async fn check_references(transaction: &mut Transaction<'_>, references: References) -> Attempt<()> {
    let assignee_exists = match references.assignee {
        Some(id) => {
            let filter = doc! { "_id": id.to_string(), "status": ACTIVE };
            transaction.collection(&schema::MEMBERS).count(filter).await? > 0
        }
        None => true,
    };
    let event_exists = match references.event {
        Some(id) => transaction.collection(&schema::EVENTS).count(doc! { "_id": id.to_string() }).await? > 0,
        None => true,
    };
    Ok(References::check(assignee_exists, event_exists)?)
}

#[async_trait]
impl StoredResult for Issue {
    fn to_document(&self) -> ResultDocument {
        ResultDocument::of(self.id)
    }

    async fn load(transaction: &mut Transaction<'_>, stored: &ResultDocument) -> Attempt<Self> {
        find(transaction, stored.subject_as(IssueId::parse)?).await
    }
}
