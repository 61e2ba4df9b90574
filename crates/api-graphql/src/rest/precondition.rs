//! `ETag`, `If-Match` and `If-None-Match`: a client changes an issue only as it saw it, and reads it only if it has changed
//! (RFC 9110, sections 8.8.3, 13.1.1 and 13.1.2).

use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{ETAG, EntityTag, HeaderMap, HeaderName, IF_MATCH, IfNoneMatch},
};

use super::input::Problems;

pub(super) const HEADER: &str = "If-Match";

/// A version that no object has.
const NO_VERSION: u32 = 0;

/// The header for a version.
pub(super) fn etag(version: u32) -> (HeaderName, String) {
    (ETAG, format!("\"{version}\""))
}

/// Tests whether the client of a read has this version already. An `If-None-Match` that cannot be read is ignored.
pub(super) fn has_version(request: &HttpRequest, version: u32) -> bool {
    let current = EntityTag::new_strong(version.to_string());
    match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&current)),
        None => false,
    }
}

/// The version that the request expects, or `None` if a problem was noted. Without the header and with `*`, any version is
/// expected.
pub(super) fn expected_version(headers: &HeaderMap, problems: &mut Problems) -> Option<Option<u32>> {
    problems.check(HEADER, given(headers))
}

fn given(headers: &HeaderMap) -> Result<Option<u32>, &'static str> {
    let mut values = headers.get_all(IF_MATCH);
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|_| "must be of printable ASCII characters")?.trim();
    if values.next().is_some() || text.contains(',') {
        return Err("must have one entity tag");
    }
    if text == "*" {
        return Ok(None);
    }
    let (is_weak, tag) = text.strip_prefix("W/").map_or((false, text), |tag| (true, tag));
    let tag = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    let tag = tag.filter(|tag| !tag.contains('"')).ok_or("must be an entity tag such as \"3\", or *")?;
    // Weak tags, and tags of others, never match. The version is that of an issue, so it has one spelling.
    let version = tag.parse().ok().filter(|version: &u32| !is_weak && version.to_string() == tag);
    Ok(Some(version.unwrap_or(NO_VERSION)))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::none(&[], Ok(None))]
    #[case::any(&["*"], Ok(None))]
    #[case::a_version(&["\"3\""], Ok(Some(3)))]
    #[case::weak(&["W/\"3\""], Ok(Some(NO_VERSION)))]
    #[case::of_another_server(&["\"abc\""], Ok(Some(NO_VERSION)))]
    #[case::another_spelling(&["\"03\""], Ok(Some(NO_VERSION)))]
    #[case::with_a_plus(&["\"+3\""], Ok(Some(NO_VERSION)))]
    #[case::too_large(&["\"4294967296\""], Ok(Some(NO_VERSION)))]
    #[case::empty_tag(&["\"\""], Ok(Some(NO_VERSION)))]
    #[case::without_quotes(&["3"], Err("must be an entity tag such as \"3\", or *"))]
    #[case::half_quoted(&["\"3"], Err("must be an entity tag such as \"3\", or *"))]
    #[case::empty(&[""], Err("must be an entity tag such as \"3\", or *"))]
    #[case::a_list(&["\"3\", \"4\""], Err("must have one entity tag"))]
    #[case::two_headers(&["\"3\"", "\"3\""], Err("must have one entity tag"))]
    fn one_version_is_expected(#[case] values: &[&str], #[case] expected: Result<Option<u32>, &'static str>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, HeaderValue::from_str(value).unwrap());
        }
        assert_eq!(given(&headers), expected);
    }
}
