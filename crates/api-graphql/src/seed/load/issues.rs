use std::collections::HashMap;

use convene_application::{
    caller::Admin,
    change::RequestMetadata,
    failure::{Failure, Outcome},
    issue::{CreateIssueCommand, UpdateIssueCommand},
    ports::{IssueFilter, IssuePatch, IssuePosition},
};
use convene_domain::{
    issue::{Issue, IssueStatus},
    text::Title,
};

use super::{LoadError, Loader, People, events::LoadedEvent, pages::all_pages};
use crate::seed::{Count, IssueSeed};

impl Loader<'_> {
    /// Reports missing issues.
    pub(super) async fn issues(
        &self,
        admin: Admin<'_>,
        seeds: &[IssueSeed],
        events: &[LoadedEvent<'_>],
        people: &People,
    ) -> Result<Count, LoadError> {
        let existing = self.existing_issues(admin).await.map_err(self.failed("issues"))?;
        let mut count = Count::default();
        for seed in seeds {
            let found = existing.get(&seed.title);
            let outcome = async {
                let issue = match found {
                    Some(issue) => issue.clone(),
                    None => self.report_issue(seed, events, people).await?,
                };
                self.set_status(admin, seed, &issue).await
            };
            outcome.await.map_err(self.failed(&seed.item))?;
            count.add(found.is_none());
        }
        Ok(count)
    }

    /// The issues by title. Of several with one title, the oldest can be that of the file.
    async fn existing_issues(&self, admin: Admin<'_>) -> Result<HashMap<Title, Issue>, Failure> {
        let list = &self.use_cases.list_issues;
        let fetch = async |page| list.execute(&admin, IssueFilter::default(), page).await;
        let issues = all_pages(fetch, |issue: &Issue| IssuePosition::Number(issue.number)).await?;
        let mut existing = HashMap::new();
        for issue in issues {
            existing.entry(issue.title.clone()).or_insert(issue);
        }
        Ok(existing)
    }

    async fn report_issue(
        &self,
        seed: &IssueSeed,
        events: &[LoadedEvent<'_>],
        people: &People,
    ) -> Outcome<Issue> {
        let event_of = |title: &Title| events.iter().find(|loaded| loaded.seed.title == *title);
        let command = CreateIssueCommand {
            title: seed.title.clone(),
            description: seed.description.clone(),
            priority: seed.priority,
            assignee: seed.assignee.as_ref().map(|user| people.member(user)).transpose()?,
            event: seed.event.as_ref().and_then(event_of).map(|loaded| loaded.event.id),
        };
        let reporter = people.caller(&seed.reported_by)?;
        self.use_cases.create_issue.execute(reporter, command, RequestMetadata::default()).await
    }

    /// Sets the status of the file, because issues are reported as open. An issue that was changed since stays unchanged.
    async fn set_status(&self, admin: Admin<'_>, seed: &IssueSeed, issue: &Issue) -> Outcome<()> {
        let is_unchanged = issue.updated_at == issue.created_at && issue.status == IssueStatus::Open;
        if !is_unchanged || seed.status == issue.status {
            return Ok(());
        }
        let patch = IssuePatch { status: Some(seed.status), ..IssuePatch::default() };
        let command = UpdateIssueCommand { issue: issue.id, patch };
        self.use_cases.update_issue.execute(admin, command, RequestMetadata::default()).await.map(drop)
    }
}
