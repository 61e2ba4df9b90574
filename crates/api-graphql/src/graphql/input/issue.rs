use convene_application::{
    issue::{CreateIssueCommand, UpdateIssueCommand},
    ports::{self, IssuePatch},
};
use convene_domain::{
    id::{EventId, IssueId, MemberId},
    issue,
    text::{Description, SearchText, Title},
};
use juniper::{GraphQLInputObject, ID, Nullable};

use super::{Choice, MutationInput, idempotency_key};
use crate::graphql::{
    object::{IssuePriority, IssueStatus},
    problems::Problems,
};

/// Which issues are wanted. What is left out asks nothing.
#[derive(Clone, Debug, Default, GraphQLInputObject, garde::Validate)]
#[garde(allow_unvalidated)]
pub struct IssueFilter {
    /// Those of these statuses.
    #[garde(length(max = 100))]
    pub status: Option<Vec<IssueStatus>>,
    /// Those of these priorities.
    #[garde(length(max = 100))]
    pub priority: Option<Vec<IssuePriority>>,
    /// Those that this member takes care of.
    pub assignee_id: Option<ID>,
    /// Those with this text in title or description, whatever its case.
    pub search: Option<String>,
}

impl IssueFilter {
    /// The filter, or `None` with every problem noted.
    pub(crate) fn check(&self, problems: &mut Problems) -> Option<ports::IssueFilter> {
        problems.check_shape(None, self);
        let assignee =
            problems.check_optional("assigneeId", self.assignee_id.as_ref(), |id| MemberId::parse(id));
        let search = problems.check_optional("search", self.search.as_deref(), SearchText::parse);
        Some(ports::IssueFilter {
            statuses: self.status.as_ref().map(|list| list.iter().copied().map(Into::into).collect()),
            priorities: self.priority.as_ref().map(|list| list.iter().copied().map(Into::into).collect()),
            assignee: assignee?,
            search: search?,
        })
    }
}

/// An issue to be reported.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct CreateIssueInput {
    /// What it is about.
    pub title: String,
    /// The details.
    pub description: String,
    /// How pressing it is.
    #[graphql(default = Some(Choice(IssuePriority::Medium)))]
    pub priority: Option<Choice<IssuePriority>>,
    /// Who takes care of it.
    pub assignee_id: Option<ID>,
    /// The event it belongs to.
    pub event_id: Option<ID>,
    /// The caller's own name for this mutation: a repeat with it changes nothing and gives the same answer.
    pub idempotency_key: Option<String>,
}

impl MutationInput for CreateIssueInput {
    type Command = CreateIssueCommand;

    idempotency_key!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let title = problems.check("title", Title::parse(&self.title));
        let description = problems.check("description", Description::parse(&self.description));
        let assignee =
            problems.check_optional("assigneeId", self.assignee_id.as_ref(), |id| MemberId::parse(id));
        let event = problems.check_optional("eventId", self.event_id.as_ref(), |id| EventId::parse(id));
        Some(CreateIssueCommand {
            title: title?,
            description: description?,
            priority: self.priority.map_or(issue::IssuePriority::Medium, |Choice(priority)| priority.into()),
            assignee: assignee?,
            event: event?,
        })
    }
}

/// What to change of an issue. What is left out stays as it is.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct UpdateIssueInput {
    /// Which issue.
    pub issue_id: ID,
    /// A new title.
    pub title: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// How far it is now.
    pub status: Option<IssueStatus>,
    /// How pressing it is now.
    pub priority: Option<IssuePriority>,
    /// Who takes care of it now; null: nobody.
    pub assignee_id: Nullable<ID>,
    /// The event it belongs to; null: none.
    pub event_id: Nullable<ID>,
    /// The caller's own name for this mutation: a repeat with it changes nothing and gives the same answer.
    pub idempotency_key: Option<String>,
}

impl MutationInput for UpdateIssueInput {
    type Command = UpdateIssueCommand;

    idempotency_key!();

    fn cleared(&self) -> Vec<&'static str> {
        let fields = [
            ("assigneeId", self.assignee_id.is_explicit_null()),
            ("eventId", self.event_id.is_explicit_null()),
        ];
        fields.into_iter().filter_map(|(field, cleared)| cleared.then_some(field)).collect()
    }

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let issue = problems.check("issueId", IssueId::parse(&self.issue_id));
        let title = problems.check_optional("title", self.title.as_deref(), Title::parse);
        let description =
            problems.check_optional("description", self.description.as_deref(), Description::parse);
        let assignee = problems.check_clearable("assigneeId", &self.assignee_id, |id| MemberId::parse(id));
        let event = problems.check_clearable("eventId", &self.event_id, |id| EventId::parse(id));
        let patch = IssuePatch {
            title: title?,
            description: description?,
            status: self.status.map(Into::into),
            priority: self.priority.map(Into::into),
            assignee: assignee?,
            event: event?,
        };
        Some(UpdateIssueCommand { issue: issue?, patch })
    }
}

/// An issue to be deleted.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct DeleteIssueInput {
    /// Which issue.
    pub issue_id: ID,
    /// The caller's own name for this mutation: a repeat with it changes nothing and gives the same answer.
    pub idempotency_key: Option<String>,
}

impl MutationInput for DeleteIssueInput {
    type Command = IssueId;

    idempotency_key!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        problems.check("issueId", IssueId::parse(&self.issue_id))
    }
}
