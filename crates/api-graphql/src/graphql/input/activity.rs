use convene_application::ports;
use convene_domain::{
    activity::{Action, Subject},
    text::UserId,
};
use juniper::{GraphQLInputObject, ID};

use super::registration::check_window;
use crate::graphql::{problems::Problems, scalars::DateTime};

/// Which entries of the activity log are wanted. What is left out asks nothing.
#[derive(Clone, Debug, Default, GraphQLInputObject)]
pub struct ActivityFilter {
    /// Those about the thing with this id.
    pub subject_id: Option<ID>,
    /// Those of this actor: a user id, or `system`.
    pub actor: Option<String>,
    /// Those of this action, such as `event.created`.
    pub action: Option<String>,
    /// Those at or after this.
    pub from: Option<DateTime>,
    /// Those before this.
    pub to: Option<DateTime>,
}

impl ActivityFilter {
    /// The filter, or `None` with every problem noted.
    pub(crate) fn check(&self, problems: &mut Problems) -> Option<ports::ActivityFilter> {
        let subject = problems.check_optional("subjectId", self.subject_id.as_ref(), |id| {
            Subject::parse(id).map(|subject| subject.to_string()).ok_or("is not a valid id")
        });
        let actor = problems.check_optional("actor", self.actor.as_deref(), UserId::parse);
        let action = problems.check_optional("action", self.action.as_deref(), |text| {
            Action::parse(text).map(|action| action.to_string()).ok_or("is not an action of the log")
        });
        let window = check_window(problems, self.from.as_ref(), self.to.as_ref());
        let (from, to) = window?;
        Some(ports::ActivityFilter { subject: subject?, actor: actor?, action: action?, from, to })
    }
}
