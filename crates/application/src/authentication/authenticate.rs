use std::sync::Arc;

use convene_domain::{member::Role, text::UserId};

use crate::{
    caller::{Caller, Operator, Principal},
    failure::Fault,
    ports::{Directory, OrganizationReference},
};

/// What verified credentials say about whoever sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The organization that the request is for, if they name one.
    pub organization: Option<OrganizationReference>,
    /// Their subject.
    pub user: UserId,
    /// Whether they are the platform operator's.
    pub operator: bool,
    /// A role that stands in for the membership's own, where the way of authentication allows it.
    pub role: Option<Role>,
}

/// Turns credentials into whoever may call. It is the only way to a tenant's scope.
pub struct Authenticate {
    pub(crate) directory: Arc<dyn Directory>,
}

impl Authenticate {
    /// Who the credentials stand for; `None` if nobody: an organization that does not exist is not told from one
    /// that the user is no member of.
    ///
    /// # Errors
    /// [`Fault`] if the directory could not be asked.
    pub async fn execute(&self, credentials: Credentials) -> Result<Option<Principal>, Fault> {
        let caller = self.caller(&credentials).await?;
        let operator = credentials.operator.then(|| Operator::of_credentials(credentials.user));
        let known = caller.is_some() || operator.is_some();
        Ok(known.then_some(Principal { caller, operator }))
    }

    async fn caller(&self, credentials: &Credentials) -> Result<Option<Caller>, Fault> {
        let Some(organization) = &credentials.organization else { return Ok(None) };
        let membership = self.directory.find_membership(organization, &credentials.user).await?;
        Ok(membership.map(|(organization, member)| {
            let role = credentials.role.unwrap_or(member.role);
            Caller::of_membership(organization, &member, role)
        }))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{fixtures, ports::MockDirectory};

    fn asking(found: bool) -> Authenticate {
        let mut directory = MockDirectory::new();
        directory.expect_find_membership().returning(move |_, _| {
            let member = fixtures::member(fixtures::ADA, Role::Member);
            Ok(found.then(|| (fixtures::organization_id(), member)))
        });
        Authenticate { directory: Arc::new(directory) }
    }

    fn credentials(organization: bool, operator: bool, role: Option<Role>) -> Credentials {
        let organization = organization.then(|| OrganizationReference::Id(fixtures::organization_id()));
        Credentials { organization, user: fixtures::user(fixtures::ADA), operator, role }
    }

    #[rstest]
    #[case::member(true, true, false, Some((true, false)))]
    #[case::member_and_operator(true, true, true, Some((true, true)))]
    #[case::operator_of_no_organization(false, true, true, Some((false, true)))]
    #[case::operator_who_is_no_member(true, false, true, Some((false, true)))]
    #[case::no_organization(false, true, false, None)]
    #[case::no_member(true, false, false, None)]
    #[tokio::test]
    async fn tells_who_calls(
        #[case] names_organization: bool,
        #[case] is_member: bool,
        #[case] is_operator: bool,
        #[case] expected: Option<(bool, bool)>,
    ) {
        let answer =
            asking(is_member).execute(credentials(names_organization, is_operator, None)).await.unwrap();
        let found = answer.map(|principal| (principal.caller.is_some(), principal.operator.is_some()));
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case::own(None, Role::Member)]
    #[case::overridden(Some(Role::Admin), Role::Admin)]
    #[tokio::test]
    async fn takes_the_role_of_the_membership_unless_told_otherwise(
        #[case] role: Option<Role>,
        #[case] expected: Role,
    ) {
        let answer = asking(true).execute(credentials(true, false, role)).await.unwrap();
        let caller = answer.and_then(|principal| principal.caller).unwrap();
        assert_eq!(caller.role(), expected);
        assert_eq!(caller.scope().organization(), fixtures::organization_id());
    }

    #[tokio::test]
    async fn does_not_take_a_fault_for_a_stranger() {
        let mut directory = MockDirectory::new();
        directory.expect_find_membership().returning(|_, _| Err(Fault::Overloaded));
        let answer =
            Authenticate { directory: Arc::new(directory) }.execute(credentials(true, true, None)).await;
        assert!(matches!(answer, Err(Fault::Overloaded)));
    }
}
