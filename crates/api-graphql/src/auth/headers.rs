//! The `headers` mode: credentials for development, which are not verified.

use actix_web::http::header::HeaderMap;
use convene_application::authentication::Credentials;
use convene_domain::member::Role;

use super::credentials::from_parts;

/// The credentials in `x-organization-id` (id or slug), `x-user-id`, `x-user-role` (`ADMIN` or `MEMBER`) and
/// `x-operator` (`true` or `false`). `None` if one is missing, duplicate or invalid.
pub(super) fn credentials(headers: &HeaderMap) -> Option<Credentials> {
    let operator = match single(headers, "x-operator")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return None,
    };
    let role = match single(headers, "x-user-role")? {
        None => None,
        Some(text) => Some(Role::parse(text)?),
    };
    from_parts(
        single(headers, "x-organization-id")?,
        single(headers, "x-user-id")?.unwrap_or_default(),
        operator,
        role,
    )
}

/// The value of an optional header: `Some(None)` if it is absent, `None` if it is duplicate or not text in UTF-8.
#[expect(clippy::option_option, reason = "an absent header differs from an invalid one")]
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<Option<&'a str>> {
    let mut values = headers.get_all(name);
    let Some(value) = values.next() else {
        return Some(None);
    };
    if values.next().is_some() {
        return None;
    }
    Some(Some(str::from_utf8(value.as_bytes()).ok()?))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use convene_application::ports::OrganizationReference;
    use rstest::rstest;

    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> Option<Credentials> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        credentials(&headers)
    }

    #[test]
    fn a_member_may_name_a_role() {
        let credentials =
            read(&[("x-organization-id", "acme"), ("x-user-id", "alice"), ("x-user-role", "ADMIN")]).unwrap();
        assert_eq!(credentials.organization, OrganizationReference::parse("acme"));
        assert_eq!(credentials.user.as_str(), "alice");
        assert_eq!(credentials.role, Some(Role::Admin));
        assert!(!credentials.operator);
    }

    #[test]
    fn a_user_id_may_have_any_letters() {
        for user in ["\u{E9}va", "e\u{301}va"] {
            let credentials = read(&[("x-organization-id", "acme"), ("x-user-id", user)]).unwrap();
            assert_eq!(credentials.user.as_str(), "\u{E9}va");
        }
        let mut headers = HeaderMap::new();
        let latin = HeaderValue::from_bytes(b"\xE9va").unwrap();
        headers.append(HeaderName::from_static("x-user-id"), latin);
        headers.append(HeaderName::from_static("x-operator"), HeaderValue::from_static("true"));
        assert_eq!(credentials(&headers), None);
    }

    #[test]
    fn the_operator_needs_no_organization() {
        let credentials = read(&[("x-user-id", "root"), ("x-operator", "true")]).unwrap();
        assert!(credentials.operator);
        assert_eq!(credentials.organization, None);
    }

    #[rstest]
    #[case::nothing(&[])]
    #[case::no_user(&[("x-organization-id", "acme")])]
    #[case::no_organization(&[("x-user-id", "alice")])]
    #[case::unknown_role(&[("x-organization-id", "acme"), ("x-user-id", "alice"), ("x-user-role", "OWNER")])]
    #[case::odd_operator(&[("x-organization-id", "acme"), ("x-user-id", "alice"), ("x-operator", "1")])]
    #[case::two_users(&[("x-organization-id", "acme"), ("x-user-id", "alice"), ("x-user-id", "bob")])]
    fn invalid_headers_are_refused(#[case] pairs: &[(&'static str, &str)]) {
        assert_eq!(read(pairs), None);
    }
}
