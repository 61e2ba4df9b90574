use std::sync::Arc;

use convene_domain::issue;
use juniper::{ID, graphql_object};

use super::{Event, Member, NodeValue, mirror::mirror_enum, numbers::int};
use crate::graphql::{context::Context, errors::FieldProblem, scalars::DateTime};

mirror_enum! {
    /// The status of an issue.
    IssueStatus = issue::IssueStatus {
        /// The issue was reported.
        Open,
        /// A member works on the issue.
        InProgress,
        /// The issue is resolved.
        Done,
    }
}

mirror_enum! {
    /// The priority of an issue.
    IssuePriority = issue::IssuePriority {
        /// Low priority.
        Low,
        /// Normal priority.
        Medium,
        /// High priority.
        High,
    }
}

/// An issue of the organization: a defect, a request or a task.
#[derive(Clone, Debug)]
pub struct Issue(Arc<issue::Issue>);

impl From<issue::Issue> for Issue {
    fn from(issue: issue::Issue) -> Self {
        Self(Arc::new(issue))
    }
}

impl From<Arc<issue::Issue>> for Issue {
    fn from(issue: Arc<issue::Issue>) -> Self {
        Self(issue)
    }
}

/// An issue of the organization: a defect, a request or a task.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Issue {
    /// The id of the issue.
    pub(super) fn id(&self) -> ID {
        ID::from(self.0.id.to_string())
    }

    /// The number within the organization: 1, 2, 3 and so on.
    fn number(&self) -> i32 {
        int(self.0.number)
    }

    /// The title.
    fn title(&self) -> &str {
        self.0.title.as_str()
    }

    /// The description.
    fn description(&self) -> &str {
        self.0.description.as_str()
    }

    /// The status.
    fn status(&self) -> IssueStatus {
        self.0.status.into()
    }

    /// The priority.
    fn priority(&self) -> IssuePriority {
        self.0.priority.into()
    }

    /// The assigned member.
    async fn assignee(&self, context: &Context) -> Result<Option<Member>, FieldProblem> {
        match self.0.assignee {
            None => Ok(None),
            Some(id) => Member::named(context, id).await.map(Some),
        }
    }

    /// The event that the issue is about; null also if the event was deleted.
    async fn event(&self, context: &Context) -> Result<Option<Event>, FieldProblem> {
        match self.0.event {
            None => Ok(None),
            Some(id) => Event::find(context, id).await,
        }
    }

    /// The member who reported the issue.
    async fn created_by(&self, context: &Context) -> Result<Member, FieldProblem> {
        Member::named(context, self.0.created_by).await
    }

    /// The version, which starts at 1 and grows with each change.
    fn version(&self) -> i32 {
        int(self.0.version)
    }

    /// The time of creation.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// The time of the last change.
    fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }
}
