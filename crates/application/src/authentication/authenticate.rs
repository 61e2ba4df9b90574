use std::sync::Arc;

use convene_domain::{member::Role, organization::OrganizationStatus, text::UserId};

use super::{
    Deadline,
    directory::{ActiveMembership, Directory, OrganizationReference},
};
use crate::{
    caller::{Caller, Identity, Operator, Principal},
    failure::Fault,
};

/// The content of verified credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The organization that the request is for.
    pub organization: Option<OrganizationReference>,
    /// The subject.
    pub user: UserId,
    /// True for the platform's operator.
    pub operator: bool,
    /// A role to act in, instead of the membership's, where the kind of authentication allows it.
    pub role: Option<Role>,
}

/// Turns verified credentials into a principal.
pub struct Authenticate {
    directory: Arc<dyn Directory>,
}

impl Authenticate {
    /// The use case over this port.
    #[must_use]
    pub const fn new(directory: Arc<dyn Directory>) -> Self {
        Self { directory }
    }

    /// Looks up the principal that the credentials stand for, who waits until the deadline. An organization that does
    /// not exist gives the same result as one that the user is no member of. Only members learn that theirs is suspended.
    ///
    /// # Errors
    /// [`Fault`] if the directory could not be read.
    #[tracing::instrument(name = "authenticate", skip_all)]
    pub async fn execute(&self, credentials: Credentials, deadline: Deadline) -> Result<Principal, Fault> {
        let membership = match &credentials.organization {
            Some(organization) => self.directory.find_membership(organization, &credentials.user).await?,
            None => None,
        };
        let is_suspended = |it: &ActiveMembership| it.status == OrganizationStatus::Suspended;
        let (suspended, membership) = match membership {
            Some(membership) if is_suspended(&membership) => (Some(membership), None),
            membership => (None, membership),
        };
        let caller =
            membership.map(|ActiveMembership { organization, member, catalogue_revision, .. }| {
                let role = credentials.role.unwrap_or(member.role);
                Caller::new(organization, &member, role, deadline).at_revision(catalogue_revision)
            });
        let operator = credentials.operator.then(|| Operator::new(credentials.user));
        Ok(match (caller, operator) {
            (Some(caller), Some(operator)) => {
                Principal::Authenticated(Identity::MemberAndOperator(caller, operator))
            }
            (Some(caller), None) => Principal::Authenticated(Identity::Member(caller)),
            (None, Some(operator)) => Principal::Authenticated(Identity::Operator(operator)),
            (None, None) => suspended.map_or(Principal::Anonymous, |membership| Principal::Suspended {
                organization: membership.organization,
                member: membership.member.id,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use rstest::rstest;

    use super::*;
    use crate::{fixtures, ports::MockDirectory};

    fn authenticate(found: bool) -> Authenticate {
        authenticate_in(OrganizationStatus::Active, found)
    }

    fn authenticate_in(status: OrganizationStatus, found: bool) -> Authenticate {
        let mut directory = MockDirectory::new();
        directory.expect_find_membership().returning(move |_, _| {
            let member = fixtures::member(fixtures::ADA, Role::Member);
            let organization = fixtures::organization_id();
            Ok(found.then_some(ActiveMembership {
                organization,
                member,
                catalogue_revision: Some(7),
                status,
            }))
        });
        Authenticate::new(Arc::new(directory))
    }

    fn credentials(organization: bool, operator: bool, role: Option<Role>) -> Credentials {
        let organization = organization.then(|| OrganizationReference::Id(fixtures::organization_id()));
        Credentials { organization, user: fixtures::user(fixtures::ADA), operator, role }
    }

    fn identity(principal: Principal) -> Option<Identity> {
        match principal {
            Principal::Authenticated(identity) => Some(identity),
            Principal::Anonymous | Principal::Suspended { .. } => None,
        }
    }

    #[rstest]
    #[case::member(true, true, false, Some((true, false)))]
    #[case::member_and_operator(true, true, true, Some((true, true)))]
    #[case::operator_of_no_organization(false, true, true, Some((false, true)))]
    #[case::operator_who_is_no_member(true, false, true, Some((false, true)))]
    #[case::no_organization(false, true, false, None)]
    #[case::no_member(true, false, false, None)]
    #[tokio::test]
    async fn finds_the_member_and_the_operator(
        #[case] names_organization: bool,
        #[case] is_member: bool,
        #[case] is_operator: bool,
        #[case] expected: Option<(bool, bool)>,
    ) {
        let principal = authenticate(is_member)
            .execute(credentials(names_organization, is_operator, None), Deadline::NONE)
            .await
            .unwrap();
        let found =
            identity(principal).map(|identity| (identity.caller().is_some(), identity.operator().is_some()));
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case::own(None, Role::Member)]
    #[case::overridden(Some(Role::Admin), Role::Admin)]
    #[tokio::test]
    async fn the_role_is_that_of_the_membership_unless_the_credentials_name_one(
        #[case] role: Option<Role>,
        #[case] expected: Role,
    ) {
        let deadline = Deadline::at(Instant::now() + Duration::from_secs(10));
        let principal = authenticate(true).execute(credentials(true, false, role), deadline).await.unwrap();
        let identity = identity(principal).unwrap();
        let caller = identity.caller().unwrap();
        assert_eq!(caller.role(), expected);
        assert_eq!(caller.scope().organization(), fixtures::organization_id());
        assert_eq!(caller.scope().catalogue_revision(), Some(7));
        assert_eq!((caller.scope().member(), caller.scope().deadline()), (Some(caller.member()), deadline));
    }

    #[rstest]
    #[case::member(true, false, None, true)]
    #[case::stranger(false, false, None, false)]
    #[case::operator(false, true, Some((false, true)), false)]
    #[case::operator_who_is_a_member(true, true, Some((false, true)), false)]
    #[tokio::test]
    async fn a_suspended_organization_admits_the_operator_only(
        #[case] is_member: bool,
        #[case] is_operator: bool,
        #[case] expected: Option<(bool, bool)>,
        #[case] is_told: bool,
    ) {
        let principal = authenticate_in(OrganizationStatus::Suspended, is_member)
            .execute(credentials(true, is_operator, None), Deadline::NONE)
            .await
            .unwrap();
        let told = Principal::Suspended {
            organization: fixtures::organization_id(),
            member: fixtures::member(fixtures::ADA, Role::Member).id,
        };
        assert_eq!(principal == told, is_told);
        let found =
            identity(principal).map(|identity| (identity.caller().is_some(), identity.operator().is_some()));
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn a_fault_of_the_directory_is_not_an_anonymous_principal() {
        let mut directory = MockDirectory::new();
        directory.expect_find_membership().returning(|_, _| Err(Fault::Overloaded));
        let authenticate = Authenticate::new(Arc::new(directory));
        let outcome = authenticate.execute(credentials(true, true, None), Deadline::NONE).await;
        assert!(matches!(outcome, Err(Fault::Overloaded)));
    }
}
