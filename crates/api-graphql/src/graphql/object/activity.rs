use std::sync::Arc;

use convene_domain::activity;
use juniper::{GraphQLObject, ID, graphql_object};

use super::NodeValue;
use crate::graphql::{context::Context, scalars::DateTime};

/// An entry of the activity log: one change, written with it.
#[derive(Clone, Debug)]
pub struct Activity(Arc<activity::Activity>);

impl From<activity::Activity> for Activity {
    fn from(activity: activity::Activity) -> Self {
        Self(Arc::new(activity))
    }
}

/// An entry of the activity log: one change, written with it.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Activity {
    /// Its id.
    fn id(&self) -> ID {
        ID::from(self.0.id.to_string())
    }

    /// When it was done.
    fn at(&self) -> DateTime {
        self.0.at.into()
    }

    /// Who did it: a user id, or `system`.
    fn actor(&self) -> String {
        self.0.actor.to_string()
    }

    /// What was done, such as `event.created`.
    fn action(&self) -> &str {
        self.0.action.as_str()
    }

    /// The id of what it was done to.
    fn subject_id(&self) -> ID {
        ID::from(self.0.subject.to_string())
    }

    /// The fields that it changed.
    fn changes(&self) -> Vec<FieldChange> {
        self.0.changes.iter().cloned().map(FieldChange::from).collect()
    }

    /// The request in which it was done, as the answer's `x-request-id` names it.
    fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }
}

/// What one field was before and after a change. Personal data are masked.
#[derive(Clone, Debug, GraphQLObject)]
#[graphql(context = Context)]
pub struct FieldChange {
    /// The field's name.
    field: String,
    /// Its value before; null where it had none.
    before: Option<String>,
    /// Its value after; null where it has none.
    after: Option<String>,
}

impl From<activity::RecordedChange> for FieldChange {
    fn from(change: activity::RecordedChange) -> Self {
        Self { field: change.field, before: change.before, after: change.after }
    }
}
