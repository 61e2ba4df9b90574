//! Fetching the keys that an identity provider publishes, over HTTPS.

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use serde_json::Value;
use ureq::{
    Agent,
    http::{StatusCode, Uri, uri::Scheme},
};

use crate::{
    host,
    outgoing::{self, Roots},
    strict_json,
};

/// The maximum size of an answer in bytes. Key sets with certificates have 30,000.
pub const MAX_ANSWER_BYTES: u64 = 512 * 1024;

/// The time for one answer, from the lookup of the name to the last byte.
pub const FETCH_TIME: Duration = Duration::from_secs(5);

/// The path of the configuration below the URL of an issuer (`OpenID` Connect Discovery 1.0, section 4).
const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

/// A URL that keys may be fetched from: `https`, or `http` on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderUrl(Uri);

/// Text that is not such a URL.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProviderUrlError {
    #[error("is not a URL such as https://id.example.org/keys")]
    Malformed,
    #[error("must begin with https://; http:// is allowed for localhost and loopback addresses only")]
    Insecure,
    #[error("must not contain credentials")]
    Credentials,
}

impl FromStr for ProviderUrl {
    type Err = ProviderUrlError;

    fn from_str(text: &str) -> Result<Self, ProviderUrlError> {
        let uri: Uri = text.parse().map_err(|_| ProviderUrlError::Malformed)?;
        let (scheme, authority) = uri.scheme().zip(uri.authority()).ok_or(ProviderUrlError::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(ProviderUrlError::Credentials);
        }
        if !host::is_complete(authority.host()) {
            return Err(ProviderUrlError::Malformed);
        }
        let is_secure =
            *scheme == Scheme::HTTPS || (*scheme == Scheme::HTTP && is_loopback(authority.host()));
        if is_secure { Ok(Self(uri)) } else { Err(ProviderUrlError::Insecure) }
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The place where a provider publishes its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLocation {
    /// The URL of the key set.
    KeySet(ProviderUrl),
    /// The configuration of the issuer names the URL of the key set.
    Discovery { issuer: String, configuration: ProviderUrl },
}

impl KeyLocation {
    /// The location that the configuration of an issuer names (`OpenID` Connect Discovery 1.0).
    ///
    /// # Errors
    /// The issuer is not a URL that keys may be fetched from.
    pub fn discovered(issuer: &str) -> Result<Self, ProviderUrlError> {
        // The path could be taken for a missing host.
        let _is_url: ProviderUrl = issuer.parse()?;
        let configuration =
            format!("{}{DISCOVERY_PATH}", issuer.strip_suffix('/').unwrap_or(issuer)).parse()?;
        Ok(Self::Discovery { issuer: issuer.to_owned(), configuration })
    }
}

/// The reason why keys could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("{url}: {problem}")]
    Answer { url: String, problem: AnswerError },
    #[error("its configuration is not valid: {0}")]
    Configuration(String),
    #[error("its configuration names a key set whose URL {0}")]
    KeySetUrl(#[from] ProviderUrlError),
}

/// The reason why a URL has no usable answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnswerError {
    #[error("{0}")]
    Request(#[from] ureq::Error),
    #[error("it redirects, which is not followed")]
    Redirect,
    #[error("its status is {}", .0.as_u16())]
    Status(StatusCode),
}

/// A client for the servers of identity providers. A clone is cheap.
#[derive(Clone)]
pub struct ProviderClient(Agent);

impl ProviderClient {
    /// A client that trusts these root certificates.
    #[must_use]
    pub fn new(roots: &Roots) -> Self {
        let client = outgoing::client(roots, FETCH_TIME);
        Self(client.accept("application/json, application/jwk-set+json").build().new_agent())
    }

    /// Fetches the key set at this location. It blocks the thread for [`FETCH_TIME`] at most for each of two requests.
    pub(super) fn key_set(&self, location: &KeyLocation) -> Result<Vec<u8>, FetchError> {
        match location {
            KeyLocation::KeySet(url) => self.get(url),
            KeyLocation::Discovery { issuer, configuration } => {
                let url = key_set_url(&self.get(configuration)?, issuer)?;
                self.get(&url)
            }
        }
    }

    fn get(&self, ProviderUrl(url): &ProviderUrl) -> Result<Vec<u8>, FetchError> {
        self.answer(url).map_err(|problem| FetchError::Answer { url: url.to_string(), problem })
    }

    fn answer(&self, url: &Uri) -> Result<Vec<u8>, AnswerError> {
        let request = self.0.get(url);
        let mut response = if url.scheme() == Some(&Scheme::HTTPS) {
            request.call()?
        } else {
            // This machine is reached without a proxy.
            request.config().proxy(None).build().call()?
        };
        match response.status() {
            StatusCode::OK => Ok(response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?),
            status if status.is_redirection() => Err(AnswerError::Redirect),
            status => Err(AnswerError::Status(status)),
        }
    }
}

impl fmt::Debug for ProviderClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ProviderClient")
    }
}

/// The URL of the key set in a configuration, which must be that of the issuer (`OpenID` Connect Discovery 1.0, section 4.3).
fn key_set_url(configuration: &[u8], issuer: &str) -> Result<ProviderUrl, FetchError> {
    let configuration = strict_json::from_slice(configuration)
        .map_err(|problem| FetchError::Configuration(problem.to_string()))?;
    let text = |name: &str| configuration.get(name).and_then(Value::as_str);
    if text("issuer") != Some(issuer) {
        return Err(FetchError::Configuration("its issuer is another one".to_owned()));
    }
    let url = text("jwks_uri").ok_or_else(|| FetchError::Configuration("it has no jwks_uri".to_owned()))?;
    Ok(url.parse()?)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://id.example.org/keys", Ok(()))]
    #[case("HTTPS://id.example.org", Ok(()))]
    #[case("http://localhost:8080/realms/convene", Ok(()))]
    #[case("http://127.0.0.2/keys", Ok(()))]
    #[case("http://[::1]:8080/keys", Ok(()))]
    #[case("http://id.example.org/keys", Err(ProviderUrlError::Insecure))]
    #[case("http://localhost.example.org/keys", Err(ProviderUrlError::Insecure))]
    #[case("http://127.0.0.1.example.org/keys", Err(ProviderUrlError::Insecure))]
    #[case("http://10.0.0.1/keys", Err(ProviderUrlError::Insecure))]
    #[case("ftp://localhost/keys", Err(ProviderUrlError::Insecure))]
    #[case("file:///etc/keys.json", Err(ProviderUrlError::Malformed))]
    #[case("https://user:password@id.example.org/keys", Err(ProviderUrlError::Credentials))]
    #[case("http://localhost@id.example.org/keys", Err(ProviderUrlError::Credentials))]
    #[case("/etc/keys.json", Err(ProviderUrlError::Malformed))]
    #[case("id.example.org", Err(ProviderUrlError::Malformed))]
    #[case("https://", Err(ProviderUrlError::Malformed))]
    #[case("https://a b/", Err(ProviderUrlError::Malformed))]
    #[case("https:///realms/a", Err(ProviderUrlError::Malformed))]
    #[case("https://:8443/keys", Err(ProviderUrlError::Malformed))]
    #[case("https://.example.org/keys", Err(ProviderUrlError::Malformed))]
    #[case("https://id..org/keys", Err(ProviderUrlError::Malformed))]
    fn keys_are_fetched_securely_or_from_this_machine(
        #[case] text: &str,
        #[case] expected: Result<(), ProviderUrlError>,
    ) {
        assert_eq!(text.parse::<ProviderUrl>().map(drop), expected);
    }

    #[rstest]
    #[case("https://id.example.org", "https://id.example.org/.well-known/openid-configuration")]
    #[case("https://id.example.org/", "https://id.example.org/.well-known/openid-configuration")]
    #[case(
        "https://id.example.org/realms/a",
        "https://id.example.org/realms/a/.well-known/openid-configuration"
    )]
    fn the_configuration_is_below_the_issuer(#[case] issuer: &str, #[case] expected: &str) {
        let expected =
            KeyLocation::Discovery { issuer: issuer.to_owned(), configuration: expected.parse().unwrap() };
        assert_eq!(KeyLocation::discovered(issuer), Ok(expected));
    }

    #[rstest]
    #[case(r#"{"issuer":"https://a","jwks_uri":"https://b/keys"}"#, "")]
    #[case(r#"{"issuer":"https://a/","jwks_uri":"https://b/keys"}"#, "its issuer is another one")]
    #[case(r#"{"jwks_uri":"https://b/keys"}"#, "its issuer is another one")]
    #[case(r#"{"issuer":"https://a"}"#, "it has no jwks_uri")]
    #[case(r#"{"issuer":"https://a","jwks_uri":7}"#, "it has no jwks_uri")]
    #[case(r#"{"issuer":"https://a","jwks_uri":"http://b/keys"}"#, "must begin with https://")]
    #[case(r#"{"issuer":"https://a","jwks_uri":"file:///etc/passwd"}"#, "is not a URL")]
    #[case("<html>", "not valid")]
    #[case("[]", "its issuer is another one")]
    fn a_configuration_names_its_issuer_and_a_key_set(#[case] text: &str, #[case] problem: &str) {
        match key_set_url(text.as_bytes(), "https://a") {
            Ok(url) => assert_eq!((url, problem), ("https://b/keys".parse().unwrap(), "")),
            Err(error) => assert!(!problem.is_empty() && error.to_string().contains(problem), "{error}"),
        }
    }
}
