//! Requests from pages of other origins (the CORS protocol of the Fetch standard).

use std::str::FromStr;

use actix_cors::Cors;
use actix_web::http::{
    Method,
    header::{ETAG, HeaderName, LINK, LOCATION, RETRY_AFTER},
};
use url::Url;

use super::edge::{RATE_LIMIT, RATE_LIMIT_POLICY};
use crate::{host, request_id};

/// The response headers that a page may read.
const EXPOSED: [HeaderName; 7] = [
    HeaderName::from_static(request_id::HEADER),
    RETRY_AFTER,
    LINK,
    LOCATION,
    ETAG,
    RATE_LIMIT,
    RATE_LIMIT_POLICY,
];

/// The time in seconds for which a browser may keep the answer to a preflight request. Browsers keep it for two hours at
/// most.
const PREFLIGHT_SECONDS: usize = 7_200;

/// The largest number of origins.
const MAX_ORIGINS: usize = 100;

/// The origins whose pages may call the server from a browser.
///
/// Credentials are headers that the page sets, never cookies, so a page can use only a token that it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// The origin of the server only.
    #[default]
    Own,
    Any,
    These(Vec<String>),
}

/// Text that is not a list of origins.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "must be *, or up to {MAX_ORIGINS} origins such as https://app.example.org, without a path, with commas between them"
)]
pub struct OriginSyntaxError;

impl FromStr for AllowedOrigins {
    type Err = OriginSyntaxError;

    /// Reads `*`, or origins with commas between them, as browsers send them: `https://example.org` or
    /// `http://localhost:3000`.
    fn from_str(text: &str) -> Result<Self, OriginSyntaxError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let origins: Vec<_> = text.split(',').map(str::trim).map(str::to_owned).collect();
        let valid = origins.len() <= MAX_ORIGINS && origins.iter().all(|origin| is_origin(origin));
        if valid { Ok(Self::These(origins)) } else { Err(OriginSyntaxError) }
    }
}

impl AllowedOrigins {
    /// Returns true if the middleware is needed.
    pub(crate) fn are_foreign(&self) -> bool {
        *self != Self::Own
    }

    /// The origin that the responses to all requests allow, if it does not depend on the request.
    pub(crate) fn of_any_request(&self) -> Option<&str> {
        match self {
            Self::Any => Some("*"),
            Self::These(origins) => match origins.as_slice() {
                [origin] => Some(origin),
                _ => None,
            },
            Self::Own => None,
        }
    }

    /// The middleware that answers preflight requests and adds the headers of the protocol.
    pub(crate) fn middleware(&self) -> Cors {
        let cors = Cors::default()
            .allowed_methods([Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE])
            .allow_any_header()
            .expose_headers(EXPOSED)
            .max_age(PREFLIGHT_SECONDS);
        match self {
            Self::Own => cors,
            Self::Any => cors.allow_any_origin().send_wildcard(),
            Self::These(origins) => origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin)),
        }
    }
}

/// Tests whether the text is an origin in the form in which browsers send it: in lower case, without path and default port.
fn is_origin(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    matches!(url.scheme(), "http" | "https")
        // No pattern: the comparison is exact.
        && url.host_str().is_some_and(|host| !host.contains('*') && host::is_complete(host))
        && url.origin().ascii_serialization() == text
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://app.example.org", &["https://app.example.org"])]
    #[case("http://localhost:3000, https://a.example", &["http://localhost:3000", "https://a.example"])]
    #[case("http://[::1]:5173", &["http://[::1]:5173"])]
    fn origins_are_read(#[case] text: &str, #[case] expected: &[&str]) {
        let expected = expected.iter().copied().map(str::to_owned).collect();
        assert_eq!(text.parse(), Ok(AllowedOrigins::These(expected)));
    }

    #[rstest]
    fn text_that_no_browser_sends_as_an_origin_is_refused(
        #[values(
            "",
            "example.org",
            "https://example.org/",
            "https://example.org/app",
            "https://Example.org",
            "https://example.org:443",
            "http://example.org:80",
            "https://user@example.org",
            "http://:3000",
            "https://.example.org",
            "ftp://example.org",
            "null",
            "*,https://example.org",
            "https://*.example.org",
            "https://a.example:",
            "https://a.example:08443",
            "https://a.example:99999",
            "http://0x7f.1",
            "https://b\u{fc}cher.example",
            "https://a.example,,https://b.example"
        )]
        text: &str,
    ) {
        assert_eq!(text.parse::<AllowedOrigins>(), Err(OriginSyntaxError));
    }

    #[test]
    fn a_long_list_is_refused() {
        let list = vec!["https://a.example"; MAX_ORIGINS + 1].join(",");
        assert_eq!(list.parse::<AllowedOrigins>(), Err(OriginSyntaxError));
    }
}
