use std::sync::Arc;

use convene_domain::activity;
use juniper::{GraphQLObject, ID, graphql_object};

use super::NodeValue;
use crate::graphql::{context::Context, errors::FieldProblem, scalars::DateTime};

/// An entry of the activity log. It records one change and is stored together with the change.
#[derive(Clone, Debug)]
pub struct Activity(Arc<activity::Activity>);

impl From<activity::Activity> for Activity {
    fn from(activity: activity::Activity) -> Self {
        Self(Arc::new(activity))
    }
}

/// An entry of the activity log. It records one change and is stored together with the change.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Activity {
    /// The id of the entry.
    fn id(&self) -> ID {
        ID::from(self.0.id.to_string())
    }

    /// The time of the change. The entry appears up to 30 seconds later, when the change is complete.
    fn at(&self) -> DateTime {
        self.0.at.into()
    }

    /// The actor: a user id, or `system`.
    fn actor(&self) -> String {
        self.0.actor.to_string()
    }

    /// The action, such as `event.created`.
    fn action(&self) -> &str {
        self.0.action.as_str()
    }

    /// The id of the changed object.
    fn subject_id(&self) -> ID {
        ID::from(self.0.subject.to_string())
    }

    /// The changed object as it is now; null if it is gone.
    async fn subject(&self, context: &Context) -> Result<Option<NodeValue>, FieldProblem> {
        Ok(context.loaders()?.subject(self.0.subject).await?.map(NodeValue::from))
    }

    /// The changed fields.
    fn changes(&self) -> Vec<FieldChange> {
        self.0.changes.iter().cloned().map(FieldChange::from).collect()
    }

    /// The id of the request, as in the header `x-request-id` of its response.
    fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }
}

/// The values of one field before and after a change. E-mail addresses are masked; user ids and names of members are not.
#[derive(Clone, Debug, GraphQLObject)]
#[graphql(context = Context)]
pub struct FieldChange {
    /// The name of the field.
    field: String,
    /// The value before the change; null if there was none.
    before: Option<String>,
    /// The value after the change; null if there is none.
    after: Option<String>,
}

impl From<activity::RecordedChange> for FieldChange {
    fn from(change: activity::RecordedChange) -> Self {
        Self { field: change.field, before: change.before, after: change.after }
    }
}
