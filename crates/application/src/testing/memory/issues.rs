use async_trait::async_trait;
use convene_domain::{
    activity::Action,
    id::{EventId, IssueId, MemberId},
    issue::{Issue, IssueStatus},
};

use super::{InMemory, entries, pages, transaction::Transaction};
use crate::{
    caller::TenantScope,
    change::Change,
    failure::{Failure, Fault, Outcome, Refusal},
    page::{Page, PageRequest},
    ports::{IssueFilter, IssuePatch, Issues, NewIssue},
};

#[async_trait]
impl Issues for InMemory {
    async fn create(&self, scope: &TenantScope, issue: NewIssue, change: &Change) -> Outcome<Issue> {
        self.transact(scope, change, |transaction| {
            transaction.check_references(issue.assignee, issue.event)?;
            transaction.tenant.last_issue_number += 1;
            let NewIssue { id, title, description, priority, assignee, event, created_by } = issue;
            let issue = Issue {
                id,
                number: transaction.tenant.last_issue_number,
                title,
                description,
                status: IssueStatus::Open,
                priority,
                assignee,
                event,
                created_by,
                created_at: change.at,
                updated_at: change.at,
            };
            transaction.tenant.issues.insert(issue.number, issue.clone());
            transaction.log(entries::issue(Action::IssueCreated, id, None, Some(&issue)));
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
            transaction.check_references(patch.assignee.flatten(), patch.event.flatten())?;
            let IssuePatch { title, description, status, priority, assignee, event } = patch;
            let mut after = Issue {
                title: title.unwrap_or_else(|| before.title.clone()),
                description: description.unwrap_or_else(|| before.description.clone()),
                status: status.unwrap_or(before.status),
                priority: priority.unwrap_or(before.priority),
                assignee: assignee.unwrap_or(before.assignee),
                event: event.unwrap_or(before.event),
                ..before.clone()
            };
            if after != before {
                after.updated_at = change.at;
                transaction.tenant.issues.insert(after.number, after.clone());
                transaction.log(entries::issue(Action::IssueUpdated, id, Some(&before), Some(&after)));
            }
            Ok(after)
        })
    }

    async fn delete(&self, scope: &TenantScope, id: IssueId, change: &Change) -> Outcome<IssueId> {
        self.transact(scope, change, |transaction| {
            let issue = transaction.issue(id)?;
            transaction.tenant.issues.remove(&issue.number);
            transaction.log(entries::issue(Action::IssueDeleted, id, Some(&issue), None));
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
        page: PageRequest<u32>,
    ) -> Result<Page<Issue>, Fault> {
        let tenant = self.read(scope)?;
        let wanted = tenant.issues.values().filter(|issue| passes(issue, &filter)).cloned();
        Ok(pages::ascending(wanted, &page, |issue| issue.number))
    }
}

fn passes(issue: &Issue, filter: &IssueFilter) -> bool {
    let IssueFilter { statuses, priorities, assignee, search } = filter;
    statuses.as_ref().is_none_or(|wanted| wanted.contains(&issue.status))
        && priorities.as_ref().is_none_or(|wanted| wanted.contains(&issue.priority))
        && assignee.is_none_or(|wanted| issue.assignee == Some(wanted))
        && search.as_ref().is_none_or(|wanted| {
            let is_in = |text| pages::holds(text, wanted.as_str());
            is_in(issue.title.as_str()) || is_in(issue.description.as_str())
        })
}

impl Transaction<'_> {
    fn issue(&self, id: IssueId) -> Result<Issue, Refusal> {
        let found = self.tenant.issues.values().find(|issue| issue.id == id);
        found.cloned().ok_or_else(|| Refusal::not_found("issueId"))
    }

    /// What an issue refers to must be there; all that is not is told at once.
    fn check_references(&self, assignee: Option<MemberId>, event: Option<EventId>) -> Result<(), Failure> {
        let mut refusals = Vec::new();
        if assignee.is_some_and(|assignee| self.tenant.member(assignee).is_none()) {
            refusals.push(Refusal::not_found("assigneeId"));
        }
        if event.is_some_and(|event| !self.tenant.events.contains_key(&event)) {
            refusals.push(Refusal::not_found("eventId"));
        }
        if refusals.is_empty() { Ok(()) } else { Err(Failure::Refused(refusals)) }
    }
}
