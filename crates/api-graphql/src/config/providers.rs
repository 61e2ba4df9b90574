//! The list of several identity providers, in YAML or JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, de::DeserializeOwned};
use serde_yaml_ng::Value;

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
    let entries: Vec<Entry> = parsed(text)?;
    if !(1..=MAX_PROVIDERS).contains(&entries.len()) {
        return Err(vec![format!(
            "must have from 1 to {MAX_PROVIDERS} providers, and has {}",
            entries.len()
        )]);
    }
    let written: Vec<BTreeMap<String, Value>> = parsed(text)?;
    let (mut providers, mut problems, mut issuers) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (number, (entry, written)) in (1..).zip(entries.into_iter().zip(written)) {
        let mut fields = BTreeSet::new();
        // The first problem of a field is the reason of its others.
        let mut problem = |field: &str, reason: &str| {
            if fields.insert(field.to_owned()) {
                problems.push(format!("has a problem in provider {number}: {field} {reason}"));
            }
        };
        for (field, _) in written.iter().filter(|(_, value)| is_empty(value)) {
            problem(field, "is empty");
        }
        if !issuers.insert(entry.issuer.clone()) {
            problem("issuer", "is that of another provider");
        }
        providers.extend(entry.provider(client, leeway, &mut problem));
    }
    if problems.is_empty() { Ok(providers) } else { Err(problems) }
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, Vec<String>> {
    serde_yaml_ng::from_str(text).map_err(|problem| vec![format!("is not a list of providers: {problem}")])
}

/// Tests whether a field is written without a value. That is no way to leave it out: mostly, a template had no value for it.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

impl Entry {
    fn provider(
        self,
        client: &ProviderClient,
        leeway: i64,
        problem: &mut impl FnMut(&str, &str),
    ) -> Option<IdentityProvider> {
        let Self { issuer, audience, jwks, .. } = &self;
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
