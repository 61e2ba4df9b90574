use convene_application::{failure::Field, ports};
use convene_domain::activity::{Action, Actor, Subject};
use juniper::{GraphQLInputObject, ID};

use super::registration::check_window;
use crate::graphql::{problems::Problems, scalars::DateTime};

/// A filter of activity log entries. Fields that are left out select everything.
#[derive(Clone, Debug, Default, GraphQLInputObject)]
pub struct ActivityFilter {
    /// Entries about the object with this id.
    pub subject_id: Option<ID>,
    /// Entries of this actor: a user id, or `system`.
    pub actor: Option<String>,
    /// Entries of this action, such as `event.created`.
    pub action: Option<String>,
    /// Entries at or after this instant.
    pub from: Option<DateTime>,
    /// Entries before this instant.
    pub to: Option<DateTime>,
}

impl ActivityFilter {
    /// The checked filter, or `None` if a problem was noted.
    pub(crate) fn check(&self, problems: &mut Problems) -> Option<ports::ActivityFilter> {
        let subject = problems.check_optional(Field::SubjectId, self.subject_id.as_ref(), |id| {
            Subject::parse(id).map(|subject| subject.to_string()).ok_or("is not a valid id")
        });
        let actor = problems.check_optional(Field::Actor, self.actor.as_deref(), Actor::parse);
        let action = problems.check_optional(Field::Action, self.action.as_deref(), |text| {
            Action::parse(text).map(|action| action.to_string()).ok_or("is not an action of the log")
        });
        let window = check_window(problems, self.from.as_ref(), self.to.as_ref());
        let (from, to) = window?;
        Some(ports::ActivityFilter { subject: subject?, actor: actor?, action: action?, from, to })
    }
}
