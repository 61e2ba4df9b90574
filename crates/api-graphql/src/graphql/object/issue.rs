use std::sync::Arc;

use convene_domain::issue;
use juniper::{ID, graphql_object};

use super::{Event, Member, NodeValue, mirror::mirror_enum, numbers::int};
use crate::graphql::{context::Context, errors::FieldProblem, scalars::DateTime};

mirror_enum! {
    /// How far an issue is.
    IssueStatus = issue::IssueStatus {
        /// Reported.
        Open,
        /// Somebody works on it.
        InProgress,
        /// Settled.
        Done,
    }
}

mirror_enum! {
    /// How pressing an issue is.
    IssuePriority = issue::IssuePriority {
        /// It can wait.
        Low,
        /// The usual.
        Medium,
        /// Before all else.
        High,
    }
}

/// An open point of the organization: what is broken, missing or to be done.
#[derive(Clone, Debug)]
pub struct Issue(Arc<issue::Issue>);

impl From<issue::Issue> for Issue {
    fn from(issue: issue::Issue) -> Self {
        Self(Arc::new(issue))
    }
}

/// An open point of the organization: what is broken, missing or to be done.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Issue {
    /// Its id.
    fn id(&self) -> ID {
        ID::from(self.0.id.to_string())
    }

    /// Its number within the organization: 1, 2, 3 and so on.
    fn number(&self) -> i32 {
        int(self.0.number)
    }

    /// What it is about.
    fn title(&self) -> &str {
        self.0.title.as_str()
    }

    /// The details.
    fn description(&self) -> &str {
        self.0.description.as_str()
    }

    /// How far it is.
    fn status(&self) -> IssueStatus {
        self.0.status.into()
    }

    /// How pressing it is.
    fn priority(&self) -> IssuePriority {
        self.0.priority.into()
    }

    /// Who takes care of it.
    async fn assignee(&self, context: &Context) -> Result<Option<Member>, FieldProblem> {
        match self.0.assignee {
            None => Ok(None),
            Some(id) => Member::named(context, id).await.map(Some),
        }
    }

    /// The event it belongs to; null also for one that was deleted.
    async fn event(&self, context: &Context) -> Result<Option<Event>, FieldProblem> {
        match self.0.event {
            None => Ok(None),
            Some(id) => Event::find(context, id).await,
        }
    }

    /// Who reported it.
    async fn created_by(&self, context: &Context) -> Result<Member, FieldProblem> {
        Member::named(context, self.0.created_by).await
    }

    /// When it was reported.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it last changed.
    fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }
}
