use convene_domain::{issue::Issue, time::Instant};

use crate::{failure::Refusal, ports::IssuePatch, version::check_version};

impl IssuePatch {
    /// The issue after the patch, or `None` if the patch changes nothing.
    ///
    /// # Errors
    /// [`Refusal::VersionConflict`].
    pub fn apply(&self, issue: &Issue, at: Instant) -> Result<Option<Issue>, Refusal> {
        let Self { expected_version, title, description, status, priority, assignee, event } = self;
        check_version(*expected_version, issue.version)?;
        let patched = Issue {
            title: title.clone().unwrap_or_else(|| issue.title.clone()),
            description: description.clone().unwrap_or_else(|| issue.description.clone()),
            status: status.unwrap_or(issue.status),
            priority: priority.unwrap_or(issue.priority),
            assignee: assignee.unwrap_or(issue.assignee),
            event: event.unwrap_or(issue.event),
            ..issue.clone()
        };
        let version = patched.version.saturating_add(1);
        Ok((patched != *issue).then_some(Issue { version, updated_at: at, ..patched }))
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::{issue::IssueStatus, text::Title};
    use time::Duration;

    use super::*;
    use crate::{
        fixtures::{self, ADA, BOB},
        testing::builders::IssueBuilder,
    };

    const LATER: Instant = fixtures::NOW.saturating_add(Duration::MINUTE);

    fn issue() -> Issue {
        let new = IssueBuilder::new("Projector", fixtures::member_id(ADA)).assignee(fixtures::member_id(BOB));
        new.build().numbered(1, fixtures::NOW)
    }

    #[test]
    fn current_values_change_nothing() {
        let issue = issue();
        let same = IssuePatch {
            title: Some(issue.title.clone()),
            status: Some(IssueStatus::Open),
            assignee: Some(issue.assignee),
            event: Some(None),
            ..IssuePatch::default()
        };
        for patch in [IssuePatch::default(), same] {
            assert_eq!(patch.apply(&issue, LATER), Ok(None));
        }
    }

    #[test]
    fn changes_only_the_given_fields() {
        let issue = issue();
        let title = Title::parse("Broken projector").unwrap();
        let patch = IssuePatch { title: Some(title.clone()), assignee: Some(None), ..IssuePatch::default() };
        let expected = Issue { title, assignee: None, version: 2, updated_at: LATER, ..issue.clone() };
        assert_eq!(patch.apply(&issue, LATER), Ok(Some(expected)));
    }

    #[test]
    fn an_outdated_version_is_refused_even_if_nothing_would_change() {
        let issue = issue();
        let expecting = |version| IssuePatch { expected_version: Some(version), ..IssuePatch::default() };
        assert_eq!(expecting(1).apply(&issue, LATER), Ok(None));
        assert_eq!(expecting(2).apply(&issue, LATER), Err(Refusal::VersionConflict { current: 1 }));
    }
}
