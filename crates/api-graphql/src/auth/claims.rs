//! The claims of a token with a verified signature.

use convene_application::authentication::Credentials;
use serde_json::Value;

use super::{claim_mapping::ClaimMapping, rejection::Rejection};

/// The accepted values of `typ` and `token_use`, for issuers that put the kind of a token into the claims. A refresh or
/// id token of the same issuer has a valid signature, but must not give access.
const ACCESS_KINDS: [&str; 2] = ["access", "Bearer"];

/// The claims that a provider's tokens must have.
#[derive(Debug)]
pub struct ClaimRules {
    /// `iss`, exactly.
    pub issuer: String,
    /// A name in `aud`.
    pub audience: String,
    pub mapping: ClaimMapping,
    /// The seconds by which the clocks of the provider and of the server may differ.
    pub leeway: i64,
}

impl ClaimRules {
    /// The rules for `sub`, `org` and `operator`, without leeway.
    #[must_use]
    pub fn new(issuer: String, audience: String) -> Self {
        Self { issuer, audience, mapping: ClaimMapping::default(), leeway: 0 }
    }

    /// The credentials in these claims.
    ///
    /// # Errors
    /// A claim is missing, has the wrong type or another audience, or is not valid at `now`.
    pub(super) fn credentials(&self, claims: &Value, now: i64) -> Result<Credentials, Rejection> {
        for name in ["typ", "token_use"] {
            if !claims.get(name).is_none_or(is_access_kind) {
                return Err(Rejection::Kind);
            }
        }
        if issuer(claims) != Some(&self.issuer) {
            return Err(Rejection::Issuer);
        }
        if !claims.get("aud").is_some_and(|audience| names_audience(audience, &self.audience)) {
            return Err(Rejection::Audience);
        }
        let (starts, expires) = validity(claims).ok_or(Rejection::Claims)?;
        if now < starts.saturating_sub(self.leeway) {
            return Err(Rejection::Early);
        }
        if now >= expires.saturating_add(self.leeway) {
            return Err(Rejection::Expired);
        }
        self.mapping.credentials(claims).ok_or(Rejection::Claims)
    }
}

/// The issuer that the claims name.
pub(super) fn issuer(claims: &Value) -> Option<&str> {
    claims.get("iss")?.as_str()
}

fn is_access_kind(value: &Value) -> bool {
    value.as_str().is_some_and(|kind| ACCESS_KINDS.iter().any(|known| known.eq_ignore_ascii_case(kind)))
}

/// `aud` is one name or a list of names (RFC 7519, section 4.1.3).
fn names_audience(claim: &Value, audience: &str) -> bool {
    match claim {
        Value::String(name) => name == audience,
        Value::Array(names) => {
            names.iter().all(Value::is_string) && names.iter().any(|name| name == audience)
        }
        _ => false,
    }
}

/// The times from which and until which the claims are valid; `None` if a time is missing or not a number.
fn validity(claims: &Value) -> Option<(i64, i64)> {
    let expires = seconds(claims.get("exp")?)?;
    let starts = match claims.get("nbf") {
        None => i64::MIN,
        Some(value) => seconds(value)?,
    };
    if let Some(issued) = claims.get("iat") {
        seconds(issued)?;
    }
    Some((starts, expires))
}

/// A `NumericDate` (RFC 7519, section 2), rounded down. Fractions are allowed, negative values are not.
fn seconds(value: &Value) -> Option<i64> {
    /// 2^53: below it, a floating-point number represents every integer exactly.
    const LARGEST: f64 = 9_007_199_254_740_992.0;

    if let Some(whole) = value.as_i64() {
        return (whole >= 0).then_some(whole);
    }
    let fraction = value.as_f64()?;
    if !(0.0..LARGEST).contains(&fraction) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the value is between 0 and 2^53, and the fraction is dropped on purpose"
    )]
    let whole = fraction.floor() as i64;
    Some(whole)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_000_000;

    fn read(change: &Value) -> Result<Credentials, Rejection> {
        read_with(0, change)
    }

    fn read_with(leeway: i64, change: &Value) -> Result<Credentials, Rejection> {
        let mut claims = json!({
            "iss": "convene", "aud": "convene", "sub": "alice", "org": "acme", "exp": NOW + 60,
        });
        for (name, value) in change.as_object().unwrap() {
            if value == "absent" {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        ClaimRules { leeway, ..ClaimRules::new("convene".to_owned(), "convene".to_owned()) }
            .credentials(&claims, NOW)
    }

    #[rstest]
    #[case(json!({"exp": NOW - 4}), true)]
    #[case(json!({"exp": NOW - 5}), false)]
    #[case(json!({"nbf": NOW + 5}), true)]
    #[case(json!({"nbf": NOW + 6}), false)]
    #[case(json!({"exp": i64::MAX}), true)]
    #[case(json!({"exp": 0}), false)]
    fn the_leeway_extends_both_ends(#[case] change: Value, #[case] accepted: bool) {
        assert_eq!(read_with(5, &change).is_ok(), accepted);
    }

    #[rstest]
    #[case::plain(json!({}))]
    #[case::last_second(json!({"exp": NOW + 1}))]
    #[case::fraction(json!({"exp": 1_000_001.5}))]
    #[case::begins_now(json!({"nbf": NOW}))]
    #[case::several_audiences(json!({"aud": ["other", "convene"]}))]
    #[case::operator(json!({"operator": true, "org": "absent"}))]
    #[case::kind(json!({"typ": "Bearer", "token_use": "access"}))]
    fn valid_claims_are_accepted(#[case] change: Value) {
        assert!(read(&change).is_ok());
    }

    #[rstest]
    #[case::expired_one_second_ago(json!({"exp": NOW - 1}), Rejection::Expired)]
    #[case::expires_now(json!({"exp": NOW}), Rejection::Expired)]
    #[case::no_expiry(json!({"exp": "absent"}), Rejection::Claims)]
    #[case::expiry_as_text(json!({"exp": "9999999999"}), Rejection::Claims)]
    #[case::expiry_without_end(json!({"exp": 1e300}), Rejection::Claims)]
    #[case::negative_expiry(json!({"exp": -1}), Rejection::Claims)]
    #[case::not_yet(json!({"nbf": NOW + 1}), Rejection::Early)]
    #[case::odd_begin(json!({"nbf": [1]}), Rejection::Claims)]
    #[case::odd_issue_time(json!({"iat": "yesterday"}), Rejection::Claims)]
    #[case::other_issuer(json!({"iss": "other"}), Rejection::Issuer)]
    #[case::no_issuer(json!({"iss": "absent"}), Rejection::Issuer)]
    #[case::issuers(json!({"iss": ["convene"]}), Rejection::Issuer)]
    #[case::other_audience(json!({"aud": "other"}), Rejection::Audience)]
    #[case::no_audience(json!({"aud": "absent"}), Rejection::Audience)]
    #[case::audience_with_a_number(json!({"aud": ["convene", 1]}), Rejection::Audience)]
    #[case::no_subject(json!({"sub": "absent"}), Rejection::Claims)]
    #[case::subject_as_number(json!({"sub": 7}), Rejection::Claims)]
    #[case::empty_subject(json!({"sub": ""}), Rejection::Claims)]
    #[case::no_organization(json!({"org": "absent"}), Rejection::Claims)]
    #[case::organization_as_list(json!({"org": ["acme"]}), Rejection::Claims)]
    #[case::null_organization(json!({"org": null}), Rejection::Claims)]
    #[case::operator_as_text(json!({"operator": "true"}), Rejection::Claims)]
    #[case::refresh_token(json!({"typ": "refresh"}), Rejection::Kind)]
    #[case::id_token(json!({"token_use": "id"}), Rejection::Kind)]
    fn invalid_claims_are_refused(#[case] change: Value, #[case] reason: Rejection) {
        assert_eq!(read(&change), Err(reason));
    }
}
