//! The keys of an identity provider, as a setting names them.

use std::sync::Arc;

use crate::auth::{KeyLocation, KeySource, ProviderClient, RefreshTimes, RemoteKeys, VerificationKeys};

/// The keys of a key set, or those that are published at its URL.
pub(super) fn key_source(text: &str, issuer: &str, client: &ProviderClient) -> Result<KeySource, String> {
    if text.starts_with('{') {
        let keys = VerificationKeys::from_jwks(text.as_bytes()).map_err(|problem| problem.to_string())?;
        return Ok(KeySource::Fixed(keys));
    }
    let url = text.parse().map_err(|problem| format!("{problem}"))?;
    Ok(remote(issuer, client, KeyLocation::KeySet(url)))
}

/// The keys at the URL that the configuration of the issuer names.
pub(super) fn discovered_keys(issuer: &str, client: &ProviderClient) -> Result<KeySource, String> {
    let location = KeyLocation::discovered(issuer).map_err(|problem| problem.to_string())?;
    Ok(remote(issuer, client, location))
}

fn remote(issuer: &str, client: &ProviderClient, location: KeyLocation) -> KeySource {
    let keys = RemoteKeys::new(issuer.to_owned(), client.clone(), location, RefreshTimes::default());
    KeySource::Remote(Arc::new(keys))
}
