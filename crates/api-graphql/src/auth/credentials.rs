use convene_application::{authentication::Credentials, ports::OrganizationReference};
use convene_domain::{member::Role, text::UserId};

/// Builds credentials from verified parts. The user id is normalized like that of a member, so that an id which an admin copied from
/// a token is that of the token. `None` if the organization or the user id has a form that is never stored, or if anyone but the
/// operator names no organization.
pub(super) fn from_parts(
    organization: Option<&str>,
    user_id: &str,
    operator: bool,
    role: Option<Role>,
) -> Option<Credentials> {
    let organization = match organization {
        Some(text) => Some(OrganizationReference::parse(text)?),
        None if operator => None,
        None => return None,
    };
    let user = UserId::parse(user_id).ok()?;
    Some(Credentials { organization, user, operator, role })
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
    #[case::user_with_white_space(Some("acme"), "al ice", false, false)]
    #[case::the_platform(Some("acme"), "system", false, false)]
    #[case::user_with_a_line_break(Some("acme"), "a\nb", false, false)]
    #[case::empty_organization(Some(""), "alice", false, false)]
    #[case::neither_an_id_nor_a_slug(Some("Not A Slug"), "alice", false, false)]
    fn parts_are_checked(
        #[case] organization: Option<&str>,
        #[case] user: &str,
        #[case] operator: bool,
        #[case] accepted: bool,
    ) {
        assert_eq!(from_parts(organization, user, operator, None).is_some(), accepted);
    }

    #[rstest]
    #[case::another_normalization_form("e\u{301}va")]
    #[case::white_space_around_it(" e\u{301}va\t")]
    #[case::the_form_that_is_stored("\u{E9}va")]
    fn a_user_id_is_normalized_like_that_of_a_member(#[case] given: &str) {
        let credentials = from_parts(Some("acme"), given, false, None).unwrap();
        assert_eq!(credentials.user, UserId::parse_new(given).unwrap());
        assert_eq!(credentials.user.as_str(), "\u{E9}va");
    }

    #[test]
    fn the_longest_ids_are_accepted_and_longer_ones_refused() {
        let (user, organization) = ("u".repeat(255), "o".repeat(63));
        assert!(from_parts(Some(&organization), &user, false, None).is_some());
        assert!(from_parts(Some(&organization), &format!("{user}u"), false, None).is_none());
        assert!(from_parts(Some(&format!("{organization}o")), &user, false, None).is_none());
    }
}
