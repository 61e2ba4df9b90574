//! The list of several identity providers, in YAML or JSON.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::key_source::{discovered_keys, key_source};
use crate::auth::{
    ClaimMapping, ClaimPath, ClaimPathSyntaxError, ClaimRules, IdentityProvider, OperatorMark, ProviderClient,
};

/// The maximum number of identity providers. Each has a task and a request every few minutes.
pub const MAX_PROVIDERS: usize = 16;

/// One provider, as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    issuer: String,
    audience: String,
    jwks: Option<String>,
    user_claim: Option<String>,
    user_prefix: Option<String>,
    organization_claim: Option<String>,
    organizations: Option<BTreeSet<String>>,
    operator_claim: Option<String>,
    operator_value: Option<String>,
}

/// The providers in this text.
///
/// # Errors
/// All problems, each to be read after the name of the setting.
pub(super) fn read(
    text: &str,
    client: &ProviderClient,
    leeway: i64,
) -> Result<Vec<IdentityProvider>, Vec<String>> {
    let entries: Vec<Entry> = serde_yaml_ng::from_str(text)
        .map_err(|problem| vec![format!("is not a list of providers: {problem}")])?;
    if !(1..=MAX_PROVIDERS).contains(&entries.len()) {
        return Err(vec![format!(
            "must have from 1 to {MAX_PROVIDERS} providers, and has {}",
            entries.len()
        )]);
    }
    let (mut providers, mut problems, mut issuers) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (number, entry) in (1..).zip(entries) {
        let mut problem = |field: &str, reason: &str| {
            problems.push(format!("has a problem in provider {number}: {field} {reason}"));
        };
        if !issuers.insert(entry.issuer.clone()) {
            problem("issuer", "is that of another provider");
        }
        providers.extend(entry.provider(client, leeway, &mut problem));
    }
    if problems.is_empty() { Ok(providers) } else { Err(problems) }
}

impl Entry {
    fn provider(
        self,
        client: &ProviderClient,
        leeway: i64,
        problem: &mut impl FnMut(&str, &str),
    ) -> Option<IdentityProvider> {
        let Self { issuer, audience, jwks, .. } = &self;
        for (field, text) in [("issuer", issuer), ("audience", audience)] {
            if text.trim().is_empty() {
                problem(field, "is empty");
            }
        }
        let (field, keys) = match jwks {
            Some(text) => ("jwks", key_source(text.trim(), issuer, client)),
            None => ("issuer", discovered_keys(issuer, client)),
        };
        let keys = keys.map_err(|reason| problem(field, &reason)).ok();
        let (issuer, audience) = (issuer.clone(), audience.clone());
        let rules = ClaimRules { issuer, audience, mapping: self.mapping(problem)?, leeway };
        Some(IdentityProvider { rules, keys: keys? })
    }

    fn mapping(self, problem: &mut impl FnMut(&str, &str)) -> Option<ClaimMapping> {
        let mut path = |field: &str, text: Option<&str>, default: &str| -> Option<ClaimPath> {
            let path = text.unwrap_or(default).parse();
            path.map_err(|reason: ClaimPathSyntaxError| problem(field, &reason.to_string())).ok()
        };
        let user = path("userClaim", self.user_claim.as_deref(), "sub");
        let organization = path("organizationClaim", self.organization_claim.as_deref(), "org");
        let operator = match &self.operator_claim {
            None => None,
            Some(claim) => Some(OperatorMark {
                claim: path("operatorClaim", Some(claim), "")?,
                value: self.operator_value.clone(),
            }),
        };
        if operator.is_none() && self.operator_value.is_some() {
            problem("operatorValue", "needs operatorClaim");
        }
        Some(ClaimMapping {
            user: user?,
            user_prefix: self.user_prefix.unwrap_or_default(),
            organization: organization?,
            organizations: self.organizations,
            operator,
        })
    }
}
