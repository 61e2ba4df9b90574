//! The rule that an organization keeps an admin.

use convene_domain::member::{Member, Role};

use crate::failure::Refusal;

/// The effect of a change of a member on the number of the organization's admins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminChange {
    None,
    Added,
    Removed,
}

impl AdminChange {
    /// Compares two states of a member; `None` is the state before it was added or after it was removed.
    #[must_use]
    pub fn between(before: Option<&Member>, after: Option<&Member>) -> Self {
        let is_admin = |member: Option<&Member>| member.is_some_and(|member| member.role == Role::Admin);
        match (is_admin(before), is_admin(after)) {
            (false, true) => Self::Added,
            (true, false) => Self::Removed,
            (false, false) | (true, true) => Self::None,
        }
    }

    /// The amount by which the number of admins changes.
    #[must_use]
    pub const fn delta(self) -> i32 {
        match self {
            Self::None => 0,
            Self::Added => 1,
            Self::Removed => -1,
        }
    }

    /// The least number of admins before the change that leaves one after it.
    #[must_use]
    pub const fn least_admins(self) -> i32 {
        1 - self.delta()
    }

    /// Refuses the change if no admin would be left of `admins`.
    ///
    /// # Errors
    /// [`Refusal::LastAdmin`]
    pub const fn check(self, admins: i32) -> Result<(), Refusal> {
        if admins >= self.least_admins() { Ok(()) } else { Err(Refusal::LastAdmin) }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::fixtures;

    #[rstest]
    #[case::an_added_admin(None, Some(Role::Admin), AdminChange::Added)]
    #[case::a_promoted_member(Some(Role::Member), Some(Role::Admin), AdminChange::Added)]
    #[case::a_demoted_admin(Some(Role::Admin), Some(Role::Member), AdminChange::Removed)]
    #[case::a_removed_admin(Some(Role::Admin), None, AdminChange::Removed)]
    #[case::the_same_role(Some(Role::Admin), Some(Role::Admin), AdminChange::None)]
    #[case::a_removed_member(Some(Role::Member), None, AdminChange::None)]
    fn counts_admins(
        #[case] before: Option<Role>,
        #[case] after: Option<Role>,
        #[case] expected: AdminChange,
    ) {
        let member = |role: Option<Role>| role.map(|role| fixtures::member(fixtures::ADA, role));
        assert_eq!(AdminChange::between(member(before).as_ref(), member(after).as_ref()), expected);
    }

    #[test]
    fn only_removing_the_last_admin_is_refused() {
        assert_eq!(AdminChange::Removed.check(1), Err(Refusal::LastAdmin));
        assert_eq!(AdminChange::Removed.check(2), Ok(()));
        assert_eq!(AdminChange::None.check(1), Ok(()));
        assert_eq!(AdminChange::Added.check(1), Ok(()));
    }
}
