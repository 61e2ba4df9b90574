//! The `Idempotency-Key` header: a caller's key for a change, which makes repeats of the change safe.

use actix_web::http::header::{HeaderMap, HeaderName};
use convene_application::{change::RequestMetadata, idempotency::Idempotency};
use convene_domain::text::IdempotencyKey;
use serde_json::{Map, Value};

use super::input::Problems;
use crate::{fingerprint::fingerprint, request_id::RequestId};

pub(super) const HEADER: &str = "Idempotency-Key";

/// The metadata of the request of a change, or `None` if a problem was noted.
///
/// The key may have the quotes that the draft standard of the header requires. `operation` names the change and its
/// object; with the input it makes up the fingerprint.
pub(super) fn metadata(
    headers: &HeaderMap,
    request_id: &RequestId,
    operation: &str,
    input: Map<String, Value>,
    problems: &mut Problems,
) -> Option<RequestMetadata> {
    let key = match given(headers) {
        Ok(None) => None,
        Ok(Some(text)) => Some(problems.check_header(HEADER, IdempotencyKey::parse(text))?),
        Err(problem) => return problems.check_header(HEADER, Err(problem)),
    };
    let idempotency =
        key.map(|key| Idempotency { key, fingerprint: fingerprint(operation, Value::from(input)) });
    Some(RequestMetadata { request_id: Some(request_id.as_str().to_owned()), idempotency, is_dry_run: false })
}

fn given(headers: &HeaderMap) -> Result<Option<&str>, &'static str> {
    let mut values = headers.get_all(HeaderName::from_static("idempotency-key"));
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err("may be given once");
    }
    let text = value.to_str().map_err(|_| "must be of printable ASCII characters")?;
    Ok(Some(text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::none(&[], Ok(None))]
    #[case::plain(&["k-1"], Ok(Some("k-1")))]
    #[case::quoted(&["\"k-1\""], Ok(Some("k-1")))]
    #[case::half_quoted(&["\"k-1"], Ok(Some("\"k-1")))]
    #[case::two(&["k-1", "k-1"], Err("may be given once"))]
    #[case::not_ascii(&["schlüssel"], Err("must be of printable ASCII characters"))]
    fn a_key_is_given_once(
        #[case] values: &[&str],
        #[case] expected: Result<Option<&'static str>, &'static str>,
    ) {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(HeaderName::from_static("idempotency-key"), value);
        }
        assert_eq!(given(&headers), expected);
    }
}
