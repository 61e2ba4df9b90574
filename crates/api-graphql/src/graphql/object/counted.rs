use convene_application::ports::{EventFilter, IssueFilter, MemberFilter, RegistrationFilter};

use convene_domain::{id::EventId, occurrence::OccurrenceKey};

use super::numbers::int;
use crate::graphql::{context::Context, errors::FieldProblem, loaders::RegistrationNumber};

/// The list whose items a connection can count. They are counted only if a client asks for the number.
#[derive(Clone, Debug)]
pub(crate) enum Counted {
    Members(MemberFilter),
    Events(EventFilter),
    Issues(IssueFilter),
    /// Those of all members, for an admin.
    Registrations(RegistrationFilter),
    /// The caller's.
    OwnRegistrations(RegistrationFilter),
    RegistrationsOfOccurrence(RegistrationNumber<OccurrenceKey>),
    RegistrationsOfEvent(RegistrationNumber<EventId>),
}

impl Counted {
    pub(super) async fn count(&self, context: &Context) -> Result<Option<i32>, FieldProblem> {
        let (caller, use_cases) = (context.caller()?, context.use_cases());
        let count = match self.clone() {
            Self::Members(filter) => use_cases.list_members.count(caller, filter).await,
            Self::Events(filter) => use_cases.list_events.count(caller, filter).await,
            Self::Issues(filter) => use_cases.list_issues.count(caller, filter).await,
            Self::Registrations(filter) => {
                use_cases.list_registrations.count(context.asking_admin()?, filter).await
            }
            Self::OwnRegistrations(filter) => use_cases.list_own_registrations.count(caller, filter).await,
            Self::RegistrationsOfOccurrence(number) => {
                return Ok(context.loaders()?.number_of_occurrence(number).await?.map(int));
            }
            Self::RegistrationsOfEvent(number) => {
                return Ok(context.loaders()?.number_of_event(number).await?.map(int));
            }
        };
        Ok(context.found(count)?.map(int))
    }
}
