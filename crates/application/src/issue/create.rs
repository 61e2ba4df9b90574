use std::sync::Arc;

use convene_domain::{
    id::{EventId, IssueId, MemberId},
    issue::{Issue, IssuePriority, IssueStatus},
    text::{Description, Title},
    time::Instant,
};

use crate::{
    caller::Caller,
    change::RequestMetadata,
    failure::{Field, Outcome},
    mutation_context::ContextFactory,
    ports::{Issues, NewIssue},
};

/// The input of [`CreateIssue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateIssueCommand {
    pub title: Title,
    pub description: Description,
    pub priority: IssuePriority,
    pub assignee: Option<MemberId>,
    pub event: Option<EventId>,
}

/// Creates an issue. Every member may do this.
pub struct CreateIssue {
    pub(crate) contexts: ContextFactory,
    pub(crate) issues: Arc<dyn Issues>,
}

impl CreateIssue {
    /// Creates the issue in the caller's name, under the organization's next number.
    ///
    /// # Errors
    /// Refused with `NotFound` on `assigneeId` or `eventId`, or with `CreatedAndDeleted`.
    #[tracing::instrument(name = "issue.create", skip_all, fields(organization = %caller.scope().organization()))]
    pub async fn execute(
        &self,
        caller: &Caller,
        command: CreateIssueCommand,
        request: RequestMetadata,
    ) -> Outcome<Issue> {
        let issue = NewIssue {
            id: self.contexts.new_id(IssueId::from_uuid),
            title: command.title,
            description: command.description,
            priority: command.priority,
            assignee: command.assignee,
            event: command.event,
            created_by: caller.member(),
        };
        let change = self.contexts.for_member(caller, request);
        let created = self.issues.create(caller.scope(), issue, &change).await;
        created.map_err(|failure| failure.of_creation(Field::IssueId))
    }
}

impl NewIssue {
    /// The issue under its number, open.
    #[must_use]
    pub fn numbered(self, number: u32, at: Instant) -> Issue {
        let Self { id, title, description, priority, assignee, event, created_by } = self;
        Issue {
            id,
            number,
            title,
            description,
            status: IssueStatus::default(),
            priority,
            assignee,
            event,
            created_by,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::member::Role;

    use super::*;
    use crate::{
        failure::Refusal,
        fixtures::{self, refusals},
        ports::MockIssues,
    };

    #[tokio::test]
    async fn an_issue_is_created_in_the_name_of_the_caller() {
        let command = CreateIssueCommand {
            title: Title::parse("Projector").unwrap(),
            description: Description::parse("It hums.").unwrap(),
            priority: IssuePriority::High,
            assignee: Some(fixtures::member_id(fixtures::BOB)),
            event: Some(fixtures::event_id(1)),
        };
        let expected = NewIssue {
            id: IssueId::from_uuid(fixtures::fresh_uuid(0)),
            title: command.title.clone(),
            description: command.description.clone(),
            priority: command.priority,
            assignee: command.assignee,
            event: command.event,
            created_by: fixtures::member_id(fixtures::ADA),
        };
        let mut issues = MockIssues::new();
        issues
            .expect_create()
            .withf(move |_, issue, _| *issue == expected)
            .returning(|_, _, _| Err(Refusal::not_found(Field::AssigneeId).into()));
        let create = CreateIssue { contexts: fixtures::contexts(), issues: Arc::new(issues) };
        let caller = fixtures::caller(fixtures::ADA, Role::Member);
        let outcome = create.execute(&caller, command, RequestMetadata::default()).await;
        assert_eq!(refusals(outcome), [Refusal::not_found(Field::AssigneeId)]);
    }
}
