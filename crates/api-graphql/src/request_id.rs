//! The id of a request, which its response, log lines and activity entries share.

use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest, http::header::HeaderMap};

/// The header an id comes and goes in.
pub const HEADER: &str = "x-request-id";

/// The maximum length of an id that a caller chooses, in characters.
pub const MAX_LENGTH: usize = 128;

/// Makes the ids of requests that came without one; injected, so that tests can set them.
pub type NewRequestId = Arc<dyn Fn() -> String + Send + Sync>;

/// The id of the request at hand: 1 to 128 characters of `A-Za-z0-9._-`, so it is safe in logs and headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The caller's own id where it is a sane one, else a fresh one.
    #[must_use]
    pub fn of(headers: &HeaderMap, fresh: &NewRequestId) -> Self {
        let given = headers.get(HEADER).and_then(|value| value.to_str().ok()).filter(|id| is_sane(id));
        given.map_or_else(|| Self(fresh().into()), |id| Self(id.into()))
    }

    /// The id that was given to this request when it came in; empty outside the server's own stack.
    #[must_use]
    pub fn current(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_else(|| Self("".into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_sane(id: &str) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("abc-1.2_3", true)]
    #[case("", false)]
    #[case("a b", false)]
    #[case("a\tb", false)]
    #[case("{\"level\":\"error\"}", false)]
    fn only_a_sane_id_is_taken_over(#[case] given: &str, #[case] kept: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(HEADER), HeaderValue::from_str(given).unwrap());
        let fresh: NewRequestId = Arc::new(|| "fresh".to_owned());
        assert_eq!(RequestId::of(&headers, &fresh).as_str(), if kept { given } else { "fresh" });
    }

    #[test]
    fn the_longest_id_has_128_characters() {
        assert!(is_sane(&"a".repeat(128)));
        assert!(!is_sane(&"a".repeat(129)));
    }
}
