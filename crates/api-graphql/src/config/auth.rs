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

pub(super) fn read(reader: &mut Reader<'_>) -> Option<AuthConfig> {
    match reader.value("CONVENE_AUTH")?.as_str() {
        "headers" => Some(AuthConfig::Headers),
        "jwt" => providers(reader).map(|providers| AuthConfig::Jwt(Arc::new(TokenVerifier::new(providers)))),
        _ => reader.problem("CONVENE_AUTH", "must be jwt or headers"),
    }
}

/// The token issuer for `convene token`.
pub(super) fn token_issuer(reader: &mut Reader<'_>) -> Option<TokenIssuer> {
    let secret = reader.required(SECRET).map(SecretString::from);
    let (issuer, audience) = (reader.value(ISSUER), reader.value(AUDIENCE));
    if mapping(reader)? != ClaimMapping::default() {
        return reader.problem(
            SECRET,
            "issues tokens with sub, org and operator only, and the settings of claims name others",
        );
    }
    let token_issuer = TokenIssuer::new(&secret?, issuer?, audience?);
    reader.check(SECRET, token_issuer)
}

fn providers(reader: &mut Reader<'_>) -> Option<Vec<IdentityProvider>> {
    let client = client(reader);
    let leeway = match reader.optional(LEEWAY) {
        None => None,
        Some(_) => Some(reader.seconds(LEEWAY, 0..=MAX_LEEWAY.as_secs())?),
    };
    let Some(text) = reader.optional(PROVIDERS) else {
        return provider(reader, client, leeway).map(|provider| vec![provider]);
    };
    let others: Vec<_> =
        OF_ONE_PROVIDER.into_iter().filter(|setting| reader.optional(setting).is_some()).collect();
    if !others.is_empty() {
        return reader.problem(PROVIDERS, format!("and {} exclude one another", others.join(", ")));
    }
    let text = if is_file(&text, &['-', '[']) { reader.file(PROVIDERS, Path::new(&text))? } else { text };
    let leeway = seconds(leeway.unwrap_or(DEFAULT_LEEWAY));
    providers::read(&text, &client?, leeway)
        .map_err(|problems| {
            for problem in problems {
                reader.problem::<()>(PROVIDERS, problem);
            }
        })
        .ok()
}

fn client(reader: &mut Reader<'_>) -> Option<ProviderClient> {
    roots(reader, ROOTS).map(|roots| ProviderClient::new(&roots))
}

/// The provider of the settings for a single one.
fn provider(
    reader: &mut Reader<'_>,
    client: Option<ProviderClient>,
    leeway: Option<Duration>,
) -> Option<IdentityProvider> {
    let (issuer, audience, mapping) = (reader.value(ISSUER), reader.value(AUDIENCE), mapping(reader));
    let given: Vec<_> =
        KEYS.into_iter().filter_map(|name| reader.optional(name).map(|value| (name, value))).collect();
    let issuer = issuer?;
    let keys = match <[_; 1]>::try_from(given) {
        Ok([(SECRET, secret)]) => fixed(reader, SECRET, VerificationKeys::from_secret(&SecretString::from(secret))),
        Ok([(PUBLIC_KEY, text)]) => public_key(reader, text),
        Ok([(_, text)]) => {
            let text = if is_file(&text, &['{']) { reader.file(KEY_SET, Path::new(&text))? } else { text };
            let keys = key_source(&text, &issuer, &client?);
            reader.check(KEY_SET, keys)
        }
        Err(given) if !given.is_empty() => {
            reader.problem(SECRET, "and the other CONVENE_JWT_* keys exclude one another")
        }
        // None of them can be used, which is a problem already.
        Err(_) if KEYS.iter().any(|setting| reader.is_given(setting)) => None,
        Err(_) if issuer.contains("://") => {
            let keys = discovered_keys(&issuer, &client?);
            reader.check(ISSUER, keys)
        }
        Err(_) => reader.problem(
            SECRET,
            "is missing: CONVENE_AUTH is jwt, so set this, CONVENE_JWT_PUBLIC_KEY or CONVENE_JWT_JWKS, or set \
             CONVENE_JWT_ISSUER to the URL of an identity provider",
        ),
    };
    // A shared secret is used on the machines of the operator, whose clocks the operator sets.
    let is_shared = reader.optional(SECRET).is_some();
    let leeway = leeway.unwrap_or(if is_shared { Duration::ZERO } else { DEFAULT_LEEWAY });
    let rules = ClaimRules { issuer, audience: audience?, mapping: mapping?, leeway: seconds(leeway) };
    Some(IdentityProvider { rules, keys: keys? })
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
