use convene_application::ports::{EventFilter, IssueFilter, MemberFilter, RegistrationFilter};

use super::numbers::int;
use crate::graphql::{context::Context, errors::FieldProblem};

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
    /// A list without items.
    Nothing,
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
            Self::Nothing => Ok(Some(0)),
        };
        Ok(context.found(count)?.map(int))
    }
}
