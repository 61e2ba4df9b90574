//! The settings of authentication.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use secrecy::SecretString;

use super::{
    environment::Reader,
    key_source::{discovered_keys, key_source},
    providers,
    roots::roots,
};
use crate::auth::{
    Authenticator, ClaimMapping, ClaimPath, ClaimRules, IdentityProvider, KeySource, OperatorMark,
    ProviderClient, TokenIssuer, TokenVerifier, UnixClock, VerificationKeys,
};

const SECRET: &str = "CONVENE_JWT_SECRET";
const PUBLIC_KEY: &str = "CONVENE_JWT_PUBLIC_KEY";
const KEY_SET: &str = "CONVENE_JWT_JWKS";
const ISSUER: &str = "CONVENE_JWT_ISSUER";
const AUDIENCE: &str = "CONVENE_JWT_AUDIENCE";
const USER: &str = "CONVENE_JWT_USER_CLAIM";
const ORGANIZATION: &str = "CONVENE_JWT_ORGANIZATION_CLAIM";
const OPERATOR: &str = "CONVENE_JWT_OPERATOR_CLAIM";
const OPERATOR_VALUE: &str = "CONVENE_JWT_OPERATOR_VALUE";
const PROVIDERS: &str = "CONVENE_JWT_PROVIDERS";
const ROOTS: &str = "CONVENE_JWT_CA";
const LEEWAY: &str = "CONVENE_JWT_LEEWAY";

/// The settings of keys, which exclude one another.
const KEYS: [&str; 3] = [SECRET, PUBLIC_KEY, KEY_SET];

/// The settings of a single provider, which a list of providers replaces.
const OF_ONE_PROVIDER: [&str; 9] =
    [SECRET, PUBLIC_KEY, KEY_SET, ISSUER, AUDIENCE, USER, ORGANIZATION, OPERATOR, OPERATOR_VALUE];

/// The settings of tokens beside those of a single provider.
const OF_ALL_PROVIDERS: [&str; 3] = [PROVIDERS, ROOTS, LEEWAY];

/// The largest leeway. A clock that is further off should be set.
pub const MAX_LEEWAY: Duration = Duration::from_secs(60);

/// The leeway for tokens of an identity provider: the clocks of two machines with NTP differ by less.
const DEFAULT_LEEWAY: Duration = Duration::from_secs(5);

/// The way in which callers authenticate.
#[derive(Debug)]
pub enum AuthConfig {
    /// Signed tokens.
    Jwt(Arc<TokenVerifier>),
    /// Plain headers, for development on one machine.
    Headers,
}

impl AuthConfig {
    /// The authenticator of requests, with this clock.
    #[must_use]
    pub fn authenticator(&self, clock: UnixClock) -> Authenticator {
        match self {
            Self::Jwt(verifier) => Authenticator::Jwt { verifier: Arc::clone(verifier), clock },
            Self::Headers => Authenticator::Headers,
        }
    }
}

/// The settings of tokens that are given.
pub(super) fn given_settings(reader: &Reader<'_>) -> Vec<&'static str> {
    let settings = OF_ONE_PROVIDER.into_iter().chain(OF_ALL_PROVIDERS);
    settings.filter(|setting| reader.is_given(setting)).collect()
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<AuthConfig> {
    let mode = reader.value("CONVENE_AUTH");
    let is_jwt = match mode.as_deref() {
        Some("headers") => return Some(AuthConfig::Headers),
        Some("jwt") => true,
        Some(_) => reader.problem("CONVENE_AUTH", "must be jwt or headers").unwrap_or_default(),
        None => false,
    };
    let providers = providers(reader, is_jwt)?;
    Some(AuthConfig::Jwt(Arc::new(TokenVerifier::new(providers))))
}

/// The token issuer for `convene token`.
pub(super) fn token_issuer(reader: &mut Reader<'_>) -> Option<TokenIssuer> {
    let secret = reader.required(SECRET).and_then(|text| reader.secret(SECRET, text));
    let secret = secret.map(SecretString::from);
    let (issuer, audience) = (reader.value(ISSUER), reader.value(AUDIENCE));
    if mapping(reader).is_some_and(|mapping| mapping != ClaimMapping::default()) {
        reader.problem::<()>(
            SECRET,
            "issues tokens with sub, org and operator only, and the settings of claims name others",
        );
    }
    let token_issuer = TokenIssuer::new(&secret?, issuer?, audience?);
    reader.check(SECRET, token_issuer)
}

/// The providers. If no key is given, that is a problem only if one is required.
///
/// Each part that depends on a setting that cannot be used is checked with its default: its problem is noted, and no result is
/// used.
fn providers(reader: &mut Reader<'_>, is_required: bool) -> Option<Vec<IdentityProvider>> {
    let client = ProviderClient::new(&roots(reader, ROOTS).unwrap_or_default());
    let leeway = reader.optional(LEEWAY).and_then(|_| reader.seconds(LEEWAY, 0..=MAX_LEEWAY.as_secs()));
    let Some(text) = reader.optional(PROVIDERS) else {
        let is_required = is_required && !reader.is_given(PROVIDERS);
        return provider(reader, &client, leeway, is_required).map(|provider| vec![provider]);
    };
    let others: Vec<_> =
        OF_ONE_PROVIDER.into_iter().filter(|setting| reader.optional(setting).is_some()).collect();
    if !others.is_empty() {
        reader.problem::<()>(PROVIDERS, format!("and {} exclude one another", others.join(", ")));
        provider(reader, &client, leeway, false);
    }
    let text = if is_file(&text, &['-', '[']) { reader.file(PROVIDERS, Path::new(&text))? } else { text };
    let leeway = seconds(leeway.unwrap_or(DEFAULT_LEEWAY));
    providers::read(&text, &client, leeway)
        .map_err(|problems| {
            for problem in problems {
                reader.problem::<()>(PROVIDERS, problem);
            }
        })
        .ok()
}

/// The provider of the settings for a single one.
fn provider(
    reader: &mut Reader<'_>,
    client: &ProviderClient,
    leeway: Option<Duration>,
    is_required: bool,
) -> Option<IdentityProvider> {
    let (issuer, audience, mapping) = (reader.value(ISSUER), reader.value(AUDIENCE), mapping(reader));
    let given: Vec<_> =
        KEYS.into_iter().filter_map(|name| reader.optional(name).map(|value| (name, value))).collect();
    let issuer_text = issuer.as_deref().unwrap_or_default();
    let read = given.into_iter().map(|(name, text)| keys(reader, name, text, issuer_text, client));
    let keys = match <[_; 1]>::try_from(read.collect::<Vec<_>>()) {
        Ok([keys]) => keys,
        Err(read) if !read.is_empty() => {
            reader.problem(SECRET, "and the other CONVENE_JWT_* keys exclude one another")
        }
        // None of them can be used, which is a problem already.
        Err(_) if issuer.is_none() || KEYS.iter().any(|setting| reader.is_given(setting)) => None,
        Err(_) if issuer_text.contains("://") => {
            let keys = discovered_keys(issuer_text, client);
            reader.check(ISSUER, keys)
        }
        Err(_) if is_required => reader.problem(
            SECRET,
            "is missing: CONVENE_AUTH is jwt, so set this, CONVENE_JWT_PUBLIC_KEY or CONVENE_JWT_JWKS, or set \
             CONVENE_JWT_ISSUER to the URL of an identity provider",
        ),
        Err(_) => None,
    };
    // A shared secret is used on the machines of the operator, whose clocks the operator sets.
    let is_shared = reader.optional(SECRET).is_some();
    let leeway = leeway.unwrap_or(if is_shared { Duration::ZERO } else { DEFAULT_LEEWAY });
    let rules =
        ClaimRules { issuer: issuer?, audience: audience?, mapping: mapping?, leeway: seconds(leeway) };
    Some(IdentityProvider { rules, keys: keys? })
}

/// The keys that one of the settings of keys gives.
fn keys(
    reader: &mut Reader<'_>,
    setting: &'static str,
    text: String,
    issuer: &str,
    client: &ProviderClient,
) -> Option<KeySource> {
    match setting {
        SECRET => {
            let secret = SecretString::from(reader.secret(SECRET, text)?);
            fixed(reader, SECRET, VerificationKeys::from_secret(&secret))
        }
        PUBLIC_KEY => public_key(reader, text),
        _ => {
            let text = if is_file(&text, &['{']) { reader.file(KEY_SET, Path::new(&text))? } else { text };
            let keys = key_source(&text, issuer, client);
            reader.check(KEY_SET, keys)
        }
    }
}

fn public_key(reader: &mut Reader<'_>, text: String) -> Option<KeySource> {
    let pem = if text.contains("-----BEGIN") { text } else { reader.file(PUBLIC_KEY, Path::new(&text))? };
    fixed(reader, PUBLIC_KEY, VerificationKeys::from_public_pem(&pem))
}

fn fixed<E: fmt::Display>(
    reader: &mut Reader<'_>,
    setting: &'static str,
    keys: Result<VerificationKeys, E>,
) -> Option<KeySource> {
    reader.check(setting, keys).map(KeySource::Fixed)
}

fn mapping(reader: &mut Reader<'_>) -> Option<ClaimMapping> {
    let mut claim = |setting| -> Option<ClaimPath> {
        let path = reader.value(setting)?.parse();
        reader.check(setting, path)
    };
    let [user, organization, operator] = [USER, ORGANIZATION, OPERATOR].map(&mut claim);
    let operator = Some(OperatorMark { claim: operator?, value: reader.optional(OPERATOR_VALUE) });
    Some(ClaimMapping { user: user?, organization: organization?, operator, ..ClaimMapping::default() })
}

/// Returns true if a setting names a file, and is neither a URL nor a text that begins with one of these characters.
fn is_file(text: &str, beginnings: &[char]) -> bool {
    !text.starts_with(beginnings) && !text.contains("://")
}

fn seconds(leeway: Duration) -> i64 {
    i64::try_from(leeway.as_secs()).unwrap_or_default()
}
