use std::ops::Deref;

use convene_domain::member::{Member, Role};

use crate::caller::{Caller, Operator};

/// A member without the data that the reader may not see: the e-mail address is visible to admins and to the member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibleMember(Member);

impl VisibleMember {
    /// The member of the caller's organization, as the caller sees it.
    pub(super) fn to_caller(caller: &Caller, member: Member) -> Self {
        let sees_email = caller.role() == Role::Admin || caller.member() == member.id;
        Self(Member { email: member.email.filter(|_| sees_email), ..member })
    }

    /// The member as the operator sees it.
    pub(crate) fn to_operator(_: &Operator, member: Member) -> Self {
        Self(Member { email: None, ..member })
    }

    /// The members of the caller's organization, as the caller sees them.
    pub(super) fn all_to_caller(caller: &Caller, members: Vec<Member>) -> Vec<Self> {
        members.into_iter().map(|member| Self::to_caller(caller, member)).collect()
    }
}

impl Deref for VisibleMember {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::text::Email;
    use rstest::rstest;

    use super::*;
    use crate::fixtures::{self, ADA, BOB};

    fn bob() -> Member {
        Member { email: Email::parse("bob@example.org").ok(), ..fixtures::member(BOB, Role::Member) }
    }

    #[rstest]
    #[case::the_member(BOB, Role::Member, true)]
    #[case::an_admin(ADA, Role::Admin, true)]
    #[case::another_member(ADA, Role::Member, false)]
    fn the_email_is_visible_to_admins_and_to_the_member(
        #[case] reader: &str,
        #[case] role: Role,
        #[case] visible: bool,
    ) {
        let seen = VisibleMember::to_caller(&fixtures::caller(reader, role), bob());
        assert_eq!(seen.email.is_some(), visible);
        assert_eq!(seen.user_id, bob().user_id);
    }

    #[test]
    fn the_email_is_not_visible_to_the_operator() {
        let operator = Operator::for_tests(fixtures::user("root"));
        assert_eq!(VisibleMember::to_operator(&operator, bob()).email, None);
    }
}
