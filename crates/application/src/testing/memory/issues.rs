use async_trait::async_trait;
use convene_domain::{id::IssueId, issue::Issue};

use super::{InMemory, folded_texts::FoldedTexts, pages, transaction::Transaction};
use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Failure, Fault, Outcome, Refusal},
    issue::{self, references::References},
    page::{BoundedPage, PageRequest},
    ports::{IssueFilter, IssuePatch, IssuePosition, Issues, NewIssue},
    version::check_version,
};

#[async_trait]
impl Issues for InMemory {
    async fn create(&self, scope: &TenantScope, issue: NewIssue, change: &Change) -> Outcome<Issue> {
        self.transact(scope, change, |transaction| {
            transaction.check_references((&issue).into())?;
            transaction.tenant.last_issue_number += 1;
            let issue = issue.numbered(transaction.tenant.last_issue_number, change.at);
            transaction.tenant.issues.insert(issue.number, issue.clone());
            transaction.log(issue::log::created(&issue));
            Ok(issue)
        })
    }

    async fn update(
        &self,
        scope: &TenantScope,
        id: IssueId,
        patch: IssuePatch,
        change: &Change,
    ) -> Outcome<Issue> {
        self.transact(scope, change, |transaction| {
            let before = transaction.issue(id)?;
            let at = transaction.follow(before.updated_at);
            let after = patch.apply(&before, at)?;
            transaction.check_references(References::set_by(&patch, &before))?;
            let Some(after) = after else { return Ok(before) };
            transaction.tenant.issues.insert(after.number, after.clone());
            transaction.log(issue::log::updated(&before, &after));
            Ok(after)
        })
    }

    async fn delete(
        &self,
        scope: &TenantScope,
        id: IssueId,
        expected_version: Option<u32>,
        change: &Change,
    ) -> Outcome<IssueId> {
        self.transact(scope, change, |transaction| {
            let issue = transaction.issue(id)?;
            transaction.follow(issue.updated_at);
            check_version(expected_version, issue.version)?;
            transaction.tenant.issues.remove(&issue.number);
            transaction.log(issue::log::deleted(&issue));
            Ok(id)
        })
    }

    async fn get_many(&self, scope: &TenantScope, ids: &[IssueId]) -> Result<Vec<Issue>, Fault> {
        let tenant = self.read(scope)?;
        Ok(tenant.issues.values().filter(|issue| ids.contains(&issue.id)).cloned().collect())
    }

    async fn get_by_number(&self, scope: &TenantScope, number: u32) -> Result<Option<Issue>, Fault> {
        Ok(self.read(scope)?.issues.get(&number).cloned())
    }

    async fn list(
        &self,
        scope: &TenantScope,
        filter: IssueFilter,
        page: PageRequest<IssuePosition>,
    ) -> Result<BoundedPage<Issue, IssuePosition>, Fault> {
        let tenant = self.read(scope)?;
        let found = tenant.issues.values().filter(|issue| matches(&self.texts, issue, &filter)).cloned();
        Ok(pages::page(found, &page, |issue| IssuePosition::of(issue, page.order.field)).into())
    }

    async fn count(&self, scope: &TenantScope, filter: IssueFilter) -> Result<Option<u32>, Fault> {
        let tenant = self.read(scope)?;
        Ok(pages::count(tenant.issues.values().filter(|issue| matches(&self.texts, issue, &filter))))
    }
}

fn matches(texts: &FoldedTexts, issue: &Issue, filter: &IssueFilter) -> bool {
    let IssueFilter { statuses, priorities, assignees, created_by, event, search } = filter;
    statuses.as_ref().is_none_or(|wanted| wanted.contains(&issue.status))
        && priorities.as_ref().is_none_or(|wanted| wanted.contains(&issue.priority))
        && assignees.as_ref().is_none_or(|any| issue.assignee.is_some_and(|assignee| any.contains(&assignee)))
        && created_by.is_none_or(|wanted| issue.created_by == wanted)
        && event.is_none_or(|wanted| issue.event == Some(wanted))
        && search.as_ref().is_none_or(|wanted| {
            let text = texts.of(issue.id.to_string(), issue.updated_at, &issue.title, &issue.description);
            text.contains(&wanted.folded())
        })
}

impl Transaction<'_> {
    fn issue(&self, id: IssueId) -> Result<Issue, Refusal> {
        let found = self.tenant.issues.values().find(|issue| issue.id == id);
        found.cloned().ok_or_else(issue::refusals::not_found)
    }

    fn check_references(&self, references: References) -> Result<(), Failure> {
        let References { assignee, event } = references;
        let assignee_exists = assignee.is_none_or(|id| self.tenant.member(id).is_some());
        let event_exists = event.is_none_or(|id| self.tenant.events.contains_key(&id));
        Ok(References::check(assignee_exists, event_exists)?)
    }
}
