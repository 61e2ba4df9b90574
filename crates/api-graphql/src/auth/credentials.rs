//! What a request claims to be, once its headers have been proven.

/// The longest user id that is accepted, in bytes. User ids come from an identity provider; `OpenID` Connect allows a
/// subject of 255 characters.
const LONGEST_USER_ID: usize = 255;

/// The longest reference to an organization, in bytes: room for a slug of 63 characters and for any id.
const LONGEST_ORGANIZATION: usize = 64;

/// The role a member has in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// May change the organization, its members and its events.
    Admin,
    /// May see events and hold seats.
    Member,
}

/// Proven credentials: who calls, and for which organization. Whether the organization exists and the user is a
/// member of it is not known yet; that is the job of a [`CallerResolver`](super::CallerResolver).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The id or the slug of the organization. Only the platform operator may come without one.
    pub organization: Option<String>,
    /// The user, by the id their identity provider gave them.
    pub user_id: String,
    /// Whether the caller is the operator of the platform.
    pub operator: bool,
    /// The role to act with, instead of the one stored with the membership. Only the `headers` mode of development
    /// sets it.
    pub role_override: Option<Role>,
}

impl Credentials {
    /// Credentials out of proven parts. `None` where a part cannot be one: an empty or too long id, one with
    /// control characters, or no organization for anybody but the operator.
    pub(super) fn from_parts(
        organization: Option<&str>,
        user_id: &str,
        operator: bool,
        role_override: Option<Role>,
    ) -> Option<Self> {
        if !is_sane(user_id, LONGEST_USER_ID) {
            return None;
        }
        match organization {
            Some(organization) if !is_sane(organization, LONGEST_ORGANIZATION) => return None,
            None if !operator => return None,
            _ => {}
        }
        Some(Self {
            organization: organization.map(str::to_owned),
            user_id: user_id.to_owned(),
            operator,
            role_override,
        })
    }
}

fn is_sane(value: &str, longest: usize) -> bool {
    !value.trim().is_empty() && value.len() <= longest && !value.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::member(Some("acme"), "alice", false, true)]
    #[case::operator_without_organization(None, "root", true, true)]
    #[case::member_without_organization(None, "alice", false, false)]
    #[case::blank_user(Some("acme"), " ", false, false)]
    #[case::line_break_in_user(Some("acme"), "a\nb", false, false)]
    #[case::empty_organization(Some(""), "alice", false, false)]
    fn parts_are_checked(
        #[case] organization: Option<&str>,
        #[case] user: &str,
        #[case] operator: bool,
        #[case] accepted: bool,
    ) {
        assert_eq!(Credentials::from_parts(organization, user, operator, None).is_some(), accepted);
    }

    #[test]
    fn the_longest_ids_are_accepted_and_no_longer_ones() {
        let user = "u".repeat(LONGEST_USER_ID);
        let organization = "o".repeat(LONGEST_ORGANIZATION);
        assert!(Credentials::from_parts(Some(&organization), &user, false, None).is_some());
        assert!(Credentials::from_parts(Some(&organization), &format!("{user}u"), false, None).is_none());
        assert!(Credentials::from_parts(Some(&format!("{organization}o")), &user, false, None).is_none());
    }
}
