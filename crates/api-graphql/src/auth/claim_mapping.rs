//! The claims in which an identity provider states the user, the organization and the operator.

use std::collections::BTreeSet;

use convene_application::authentication::Credentials;
use serde_json::Value;

use super::{claim_path::ClaimPath, credentials::from_parts};

/// The claims in which a provider states who the caller is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimMapping {
    /// The claim with the user id.
    pub user: ClaimPath,
    /// Text that is put before the user id, to distinguish the users of several providers.
    pub user_prefix: String,
    /// The claim with the id or the slug of the organization.
    pub organization: ClaimPath,
    /// The only organizations for which the provider may issue tokens, written as its tokens write them; `None` for all.
    pub organizations: Option<BTreeSet<String>>,
    /// The mark of the operator; `None` if the provider may not issue tokens of the operator.
    pub operator: Option<OperatorMark>,
}

/// The mark of tokens of the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorMark {
    pub claim: ClaimPath,
    /// The text that the claim has, alone or in a list; `None` if the claim is `true`.
    pub value: Option<String>,
}

impl Default for ClaimMapping {
    /// The claims `sub`, `org` and `operator`, for all organizations.
    fn default() -> Self {
        let [user, organization, operator] = ["sub", "org", "operator"].map(ClaimPath::of_name);
        Self {
            user,
            user_prefix: String::new(),
            organization,
            organizations: None,
            operator: Some(OperatorMark { claim: operator, value: None }),
        }
    }
}

impl ClaimMapping {
    /// The credentials in these claims; `None` if a claim is missing or has another type, or the provider may not issue
    /// tokens for the organization.
    pub(super) fn credentials(&self, claims: &Value) -> Option<Credentials> {
        let operator = match &self.operator {
            None => false,
            Some(mark) => mark.is_in(claims)?,
        };
        let organization = match self.organization.find(claims) {
            None => None,
            Some(value) => Some(value.as_str().filter(|name| self.allows(name))?),
        };
        let user = self.user.find(claims)?.as_str().filter(|user| !user.is_empty())?;
        from_parts(organization, &format!("{}{user}", self.user_prefix), operator, None)
    }

    fn allows(&self, organization: &str) -> bool {
        self.organizations.as_ref().is_none_or(|allowed| allowed.contains(organization))
    }
}

impl OperatorMark {
    /// Returns true if the claims have the mark, `None` if the claim has another type.
    fn is_in(&self, claims: &Value) -> Option<bool> {
        let Some(claim) = self.claim.find(claims) else { return Some(false) };
        match (&self.value, claim) {
            (None, Value::Bool(operator)) => Some(*operator),
            (Some(value), Value::String(text)) => Some(text == value),
            (Some(value), Value::Array(items)) => {
                items.iter().all(Value::is_string).then(|| items.iter().any(|item| item == value))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use convene_application::ports::OrganizationReference;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> ClaimPath {
        text.parse().unwrap()
    }

    fn keycloak() -> ClaimMapping {
        ClaimMapping {
            organization: path("organization"),
            operator: Some(OperatorMark {
                claim: path("/realm_access/roles"),
                value: Some("convene-operator".to_owned()),
            }),
            ..ClaimMapping::default()
        }
    }

    #[rstest]
    #[case::in_a_list(json!({"roles": ["user", "convene-operator"]}), Some(true))]
    #[case::alone(json!({"roles": "convene-operator"}), Some(true))]
    #[case::not_in_the_list(json!({"roles": ["user"]}), Some(false))]
    #[case::a_part_of_a_text(json!({"roles": "user convene-operator"}), Some(false))]
    #[case::another_case(json!({"roles": ["Convene-Operator"]}), Some(false))]
    #[case::absent(json!({}), Some(false))]
    #[case::no_object(json!("convene-operator"), Some(false))]
    #[case::boolean(json!({"roles": true}), None)]
    #[case::list_with_a_number(json!({"roles": ["convene-operator", 1]}), None)]
    #[case::nested_list(json!({"roles": [["convene-operator"]]}), None)]
    #[case::object(json!({"roles": {"convene-operator": true}}), None)]
    #[case::null(json!({"roles": null}), None)]
    fn a_text_marks_the_operator(#[case] access: Value, #[case] expected: Option<bool>) {
        let claims = json!({"sub": "alice", "organization": "acme", "realm_access": access});
        assert_eq!(keycloak().credentials(&claims).map(|credentials| credentials.operator), expected);
    }

    #[rstest]
    #[case(json!(true), Some(true))]
    #[case(json!(false), Some(false))]
    #[case(json!("true"), None)]
    #[case(json!(1), None)]
    #[case(json!(["true"]), None)]
    #[case(json!(null), None)]
    fn true_marks_the_operator(#[case] operator: Value, #[case] expected: Option<bool>) {
        let claims = json!({"sub": "root", "org": "acme", "operator": operator});
        let credentials = ClaimMapping::default().credentials(&claims);
        assert_eq!(credentials.map(|credentials| credentials.operator), expected);
    }

    #[test]
    fn a_provider_without_a_mark_issues_no_tokens_of_the_operator() {
        let mapping = ClaimMapping { operator: None, ..ClaimMapping::default() };
        let member = mapping.credentials(&json!({"sub": "root", "org": "acme", "operator": true})).unwrap();
        assert!(!member.operator);
        assert_eq!(mapping.credentials(&json!({"sub": "root", "operator": true})), None);
    }

    #[rstest]
    #[case("choir", true)]
    #[case("theatre", false)]
    #[case("Choir", false)]
    fn a_provider_is_bound_to_its_organizations(#[case] organization: &str, #[case] accepted: bool) {
        let organizations = Some(BTreeSet::from(["choir".to_owned()]));
        let mapping = ClaimMapping { organizations, ..ClaimMapping::default() };
        for operator in [false, true] {
            let claims = json!({"sub": "alice", "org": organization, "operator": operator});
            assert_eq!(mapping.credentials(&claims).is_some(), accepted);
        }
    }

    #[test]
    fn a_prefix_distinguishes_the_users_of_providers() {
        let mapping = ClaimMapping {
            user: path("oid"),
            user_prefix: "entra|".to_owned(),
            organization: path("tid"),
            ..ClaimMapping::default()
        };
        let tenant = "8a1f3f0e-6a52-4d4b-9c1c-1f6f2f4b7a10";
        let credentials = mapping.credentials(&json!({"oid": "7", "sub": "other", "tid": tenant})).unwrap();
        assert_eq!(credentials.user.as_str(), "entra|7");
        assert_eq!(credentials.organization, OrganizationReference::parse(tenant));
        assert_eq!(mapping.credentials(&json!({"oid": "", "tid": tenant})), None);
        assert_eq!(mapping.credentials(&json!({"sub": "7", "tid": tenant})), None);
    }
}
