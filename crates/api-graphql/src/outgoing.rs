//! Requests to other servers: to identity providers, and to a collector of traces.

use std::{str::FromStr, time::Duration};

use rustls::{RootCertStore, pki_types::CertificateDer};
use ureq::{
    Agent,
    config::ConfigBuilder,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
    typestate::AgentScope,
};

/// The root certificates to which those of other servers must lead. The default are those of Mozilla.
#[derive(Clone, Debug)]
pub struct Roots(RootCerts);

impl Default for Roots {
    fn default() -> Self {
        Self(RootCerts::WebPki)
    }
}

/// Text that does not consist of certificates in PEM.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("holds no usable certificates in PEM, or a malformed one")]
pub struct CertificateError;

impl FromStr for Roots {
    type Err = CertificateError;

    fn from_str(pem: &str) -> Result<Self, CertificateError> {
        let certificates: Vec<Certificate<'static>> = parse_pem(pem.as_bytes())
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
                Ok(_) => None,
                Err(_) => Some(Err(CertificateError)),
            })
            .collect::<Result<_, _>>()?;
        // The client leaves out those that it cannot use.
        let usable = certificates.iter().filter(|certificate| {
            RootCertStore::empty().add(CertificateDer::from(certificate.der())).is_ok()
        });
        if usable.count() == 0 {
            return Err(CertificateError);
        }
        Ok(Self(RootCerts::new_with_certs(&certificates)))
    }
}

/// The settings of a client that trusts these root certificates, follows no redirects, and has an answer in this time, from the
/// lookup of the name to the last byte. It blocks the thread.
pub(crate) fn client(roots: &Roots, time: Duration) -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(roots.0.clone()).build())
        .timeout_global(Some(time))
        .max_redirects(0)
        .http_status_as_error(false)
        // The next request is seconds or minutes away.
        .max_idle_connections(0)
        .user_agent(concat!("convene/", env!("CARGO_PKG_VERSION")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_certificates_are_read_from_pem() {
        assert!(include_str!("../tests/data/tls.cert.pem").parse::<Roots>().is_ok());
        let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
        for text in ["", "rubbish", no_certificate, include_str!("../tests/data/rsa.public.pem")] {
            assert_eq!(text.parse::<Roots>().unwrap_err(), CertificateError);
        }
    }
}
