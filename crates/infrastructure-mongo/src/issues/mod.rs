//! The adapter of [`Issues`].

mod create;
mod delete;
mod update;

use async_trait::async_trait;
use bson::{Bson, Document, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    issue::{self, references::References},
    page::{BoundedPage, Page, PageRequest},
    ports::{IssueFilter, IssuePatch, Issues, NewIssue},
};
use convene_domain::{id::IssueId, issue::Issue};

use crate::{
    change::StoredResult,
    database::Database,
    documents::{idempotency::ResultDocument, issue::IssueDocument, member::ACTIVE, read_in_parts},
    error::{Attempt, Interruption, StorageError},
    schema,
    scoped::{Found, Query, Search, Sorting},
    transaction::Transaction,
};

const BY_NUMBER: Sorting = Sorting::ascending(&["number"]);

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
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        self.find(scope, doc! { "_id": { "$in": ids } }.into()).await
    }

    async fn get_by_number(&self, scope: &TenantScope, number: u32) -> Result<Option<Issue>, Fault> {
        let found = self.find(scope, doc! { "number": i64::from(number) }.into()).await?;
        Ok(found.into_iter().next())
    }

    async fn list(
        &self,
        scope: &TenantScope,
        filter: IssueFilter,
        page: PageRequest<u32>,
    ) -> Result<BoundedPage<Issue, u32>, Fault> {
        let conditions = conditions(&filter);
        let position = |number: &u32| vec![i64::from(*number).into()];
        let Some(text) = filter.search else {
            let query = BY_NUMBER.page(conditions, &page, position);
            return Ok(Page::from_probe(self.find(scope, query).await?, &page).into());
        };
        let search = Search {
            text: &text.folded(),
            sorting: BY_NUMBER,
            index: "by_number",
            direction: page.direction,
            from: page.from.as_ref().map(position),
            filter: conditions,
            size: page.size,
        };
        let Found { documents, examined } =
            self.0.collection(scope, &schema::ISSUES).search::<IssueDocument>(search).await?;
        let number =
            |position: Vec<Bson>| position.first()?.as_i32().and_then(|number| u32::try_from(number).ok());
        let issues = read_in_parts(documents).await.map_err(StorageError::from)?;
        Ok(BoundedPage::from_probe(issues, &page, examined.and_then(number)))
    }
}

impl MongoIssues {
    async fn find(&self, scope: &TenantScope, query: Query) -> Result<Vec<Issue>, Fault> {
        let documents: Vec<IssueDocument> =
            self.0.collection(scope, &schema::ISSUES).find(query.projected(doc! { "search": 0 })).await?;
        Ok(read_in_parts(documents).await.map_err(StorageError::from)?)
    }
}

fn conditions(filter: &IssueFilter) -> Document {
    let IssueFilter { statuses, priorities, assignee, search: _ } = filter;
    let mut conditions = Document::new();
    if let Some(statuses) = statuses {
        let statuses: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
        conditions.insert("status", doc! { "$in": statuses });
    }
    if let Some(priorities) = priorities {
        let priorities: Vec<&str> = priorities.iter().map(|priority| priority.as_str()).collect();
        conditions.insert("priority", doc! { "$in": priorities });
    }
    if let Some(assignee) = assignee {
        conditions.insert("assignee", assignee.to_string());
    }
    conditions
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
    References::check(assignee_exists, event_exists).map_err(Interruption::Refused)
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
