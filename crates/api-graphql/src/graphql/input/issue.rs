use convene_application::{
    failure::Field,
    issue::{CreateIssueCommand, DeleteIssueCommand, UpdateIssueCommand},
    limits,
    ports::{self, IssuePatch},
};
use convene_domain::{
    id::{EventId, IssueId, MemberId},
    issue,
    text::{Description, SearchText, Title},
};
use juniper::{GraphQLInputObject, ID, Nullable};

use super::{Choice, MutationInput, dry_run, expected_version, idempotency_key, known};
use crate::graphql::{
    lists,
    object::{IssuePriority, IssueStatus},
    problems::Problems,
};

/// A filter of issues. Fields that are left out select everything.
#[derive(Clone, Debug, Default, GraphQLInputObject, garde::Validate)]
#[garde(allow_unvalidated)]
pub struct IssueFilter {
    /// Issues of these statuses; at most 100.
    #[garde(adapt(lists), length(max = limits::FILTER_VALUES))]
    pub status: Option<Vec<IssueStatus>>,
    /// Issues of these priorities; at most 100.
    #[garde(adapt(lists), length(max = limits::FILTER_VALUES))]
    pub priority: Option<Vec<IssuePriority>>,
    /// Issues assigned to this member.
    pub assignee_id: Option<ID>,
    /// Issues that this member reported.
    pub created_by_id: Option<ID>,
    /// Issues about this event.
    pub event_id: Option<ID>,
    /// Issues with this text in their title or description, regardless of case and accents; 1 to 200
    /// characters.
    pub search: Option<String>,
}

impl IssueFilter {
    /// The checked filter, or `None` if a problem was noted.
    pub(crate) fn check(&self, problems: &mut Problems) -> Option<ports::IssueFilter> {
        let shape = problems.check_shape(None, self);
        let assignee =
            problems.check_optional(Field::AssigneeId, self.assignee_id.as_ref(), |id| MemberId::parse(id));
        let created_by = problems
            .check_optional(Field::CreatedById, self.created_by_id.as_ref(), |id| MemberId::parse(id));
        let event = problems.check_optional(Field::EventId, self.event_id.as_ref(), |id| EventId::parse(id));
        let search = problems.check_optional(Field::Search, self.search.as_deref(), SearchText::parse);
        shape?;
        Some(ports::IssueFilter {
            statuses: self.status.as_ref().map(|list| list.iter().copied().map(Into::into).collect()),
            priorities: self.priority.as_ref().map(|list| list.iter().copied().map(Into::into).collect()),
            assignees: assignee?.map(|member| vec![member]),
            created_by: created_by?,
            event: event?,
            search: search?,
        })
    }
}

/// An issue to report.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct CreateIssueInput {
    /// The title, 1 to 200 characters.
    pub title: String,
    /// The description, at most 10,000 characters.
    pub description: String,
    /// The priority; MEDIUM if left out.
    #[graphql(default = Some(Choice(issue::IssuePriority::default().into())))]
    pub priority: Option<Choice<IssuePriority>>,
    /// The id of the assigned member.
    pub assignee_id: Option<ID>,
    /// The id of the event that the issue is about.
    pub event_id: Option<ID>,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for CreateIssueInput {
    type Command = CreateIssueCommand;

    idempotency_key!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let title = problems.check(Field::Title, Title::parse(&self.title));
        let description = problems.check(Field::Description, Description::parse(&self.description));
        let assignee =
            problems.check_optional(Field::AssigneeId, self.assignee_id.as_ref(), |id| MemberId::parse(id));
        let event = problems.check_optional(Field::EventId, self.event_id.as_ref(), |id| EventId::parse(id));
        let priority = problems.with_default(Field::Priority, self.priority);
        Some(CreateIssueCommand {
            title: title?,
            description: description?,
            priority: priority.map(|Choice(priority)| priority.into())?,
            assignee: assignee?,
            event: event?,
        })
    }
}

/// Changes of an issue. Fields that are left out stay as they are.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct UpdateIssueInput {
    /// The id of the issue.
    pub issue_id: ID,
    /// A new title, 1 to 200 characters.
    pub title: Nullable<String>,
    /// A new description, at most 10,000 characters.
    pub description: Nullable<String>,
    /// A new status.
    pub status: Nullable<IssueStatus>,
    /// A new priority.
    pub priority: Nullable<IssuePriority>,
    /// The id of the new assignee; null removes the assignee.
    pub assignee_id: Nullable<ID>,
    /// The id of the new event; null removes the event.
    pub event_id: Nullable<ID>,
    /// The version that the change is based on; the change is refused if the issue has another version.
    pub expected_version: Option<i32>,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
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
        let expected_version = expected_version(problems, self.expected_version);
        let issue = problems.check(Field::IssueId, IssueId::parse(&self.issue_id));
        let title = problems.check_given(Field::Title, &self.title, |title| Title::parse(title));
        let description =
            problems.check_given(Field::Description, &self.description, |text| Description::parse(text));
        let status = problems.check_given(Field::Status, &self.status, known);
        let priority = problems.check_given(Field::Priority, &self.priority, known);
        let assignee =
            problems.check_clearable(Field::AssigneeId, &self.assignee_id, |id| MemberId::parse(id));
        let event = problems.check_clearable(Field::EventId, &self.event_id, |id| EventId::parse(id));
        let patch = IssuePatch {
            expected_version: expected_version?,
            title: title?,
            description: description?,
            status: status?,
            priority: priority?,
            assignee: assignee?,
            event: event?,
        };
        Some(UpdateIssueCommand { issue: issue?, patch })
    }
}

/// An issue to delete.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct DeleteIssueInput {
    /// The id of the issue.
    pub issue_id: ID,
    /// The version that the deletion is based on; it is refused if the issue has another version.
    pub expected_version: Option<i32>,
    /// Answers as the mutation would, and stores nothing: no change, no entry of the log, no use of the key. Nested lists
    /// show what is stored.
    #[graphql(default = Some(false))]
    pub dry_run: Option<bool>,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for DeleteIssueInput {
    type Command = DeleteIssueCommand;

    idempotency_key!();
    dry_run!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let expected_version = expected_version(problems, self.expected_version);
        let issue = problems.check(Field::IssueId, IssueId::parse(&self.issue_id));
        Some(DeleteIssueCommand { issue: issue?, expected_version: expected_version? })
    }
}
