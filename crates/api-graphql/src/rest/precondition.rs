//! `ETag`, `If-Match` and `If-None-Match`: a client changes an issue only as it saw it, and reads it only if it has changed
//! (RFC 9110, sections 8.8.3, 13.1.1 and 13.1.2).

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use sha2::{Digest, Sha256};

use super::input::Problems;
use crate::{errors::RequestError, http::error::HttpError};

/// A version that no object has.
pub(super) const NO_VERSION: u32 = 0;

const NO_TAG: &str =
    "If-Match has no tag of an issue. A weak tag, such as W/\"3\", never matches (RFC 9110, section 13.1.1).";
const FORM: &str = "must be * or entity tags such as \"3\", with commas between them";

/// The entity tag of an issue with this version and assignee. An erasure replaces the user id of an assignee, and does not change the
/// issue: a client that has the issue must not keep the erased id.
pub(super) fn etag(version: u32, assignee: Option<&str>) -> String {
    let Some(user) = assignee else { return format!("\"{version}\"") };
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(user).into();
    format!("\"{version}-{:08x}\"", u32::from_be_bytes([a, b, c, d]))
}

/// The version that a tag of [`etag`] names; [`NO_VERSION`] for other tags.
fn version_of(tag: &str) -> u32 {
    let name = tag.trim_matches('"');
    let number = name.split_once('-').map_or(name, |(number, _)| number);
    // A version has one spelling.
    number.parse().ok().filter(|version: &u32| version.to_string() == number).unwrap_or(NO_VERSION)
}

/// The conditions of a request.
#[derive(Debug)]
pub(super) struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

/// The value of a condition.
#[derive(Debug, PartialEq, Eq)]
enum Tags {
    /// `*`, which matches what exists.
    Any,
    /// Entity tags with their quotes. A tag that matches nothing is empty.
    Listed(Vec<String>),
}

impl Tags {
    fn include(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags.iter().any(|tag| tag == etag),
        }
    }

    fn include_version(&self, version: u32) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags.iter().any(|tag| version_of(tag) == version),
        }
    }
}

impl Conditions {
    /// Reads the conditions; `None` if a problem was noted.
    pub(super) fn read(headers: &HeaderMap, problems: &mut Problems) -> Option<Self> {
        let if_match = problems.check_header("If-Match", tags(headers, &IF_MATCH));
        let if_none_match = problems.check_header("If-None-Match", tags(headers, &IF_NONE_MATCH));
        Some(Self { if_match: if_match?, if_none_match: if_none_match? })
    }

    /// Tests whether the client of a read has the object with this tag already.
    ///
    /// # Errors
    /// 412: the object has no tag of `If-Match`.
    pub(super) fn is_known(&self, etag: &str) -> Result<bool, HttpError> {
        if self.if_match.as_ref().is_some_and(|tags| !tags.include(etag)) {
            return Err(failed("If-Match"));
        }
        Ok(self.if_none_match.as_ref().is_some_and(|tags| tags.include(etag)))
    }

    /// The version that a change of an object with this version expects; `None` for any. The change compares it with that of
    /// the object, unless it is a repeat.
    ///
    /// # Errors
    /// 412: the object has a version of `If-None-Match`, or `If-Match` has no tag that a version can have.
    pub(super) fn expected_version(&self, version: u32) -> Result<Option<u32>, HttpError> {
        if self.if_none_match.as_ref().is_some_and(|tags| tags.include_version(version)) {
            return Err(failed("If-None-Match"));
        }
        match &self.if_match {
            Some(matching @ Tags::Listed(_)) if matching.include_version(version) => Ok(Some(version)),
            Some(Tags::Listed(tags)) => {
                let other = tags.iter().map(|tag| version_of(tag)).find(|other| *other != NO_VERSION);
                let none = || HttpError::with_message(RequestError::PreconditionFailed, NO_TAG.to_owned());
                other.map(Some).ok_or_else(none)
            }
            Some(Tags::Any) | None => Ok(self.if_none_match.is_some().then_some(version)),
        }
    }

    /// Checks the conditions of a request to a list, which exists and has no version.
    ///
    /// # Errors
    /// 412: `If-Match` has tags, or `If-None-Match` is `*`.
    pub(super) fn check_list(&self) -> Result<(), HttpError> {
        match (&self.if_match, &self.if_none_match) {
            (Some(Tags::Listed(_)), _) => Err(failed("If-Match")),
            (_, Some(Tags::Any)) => Err(failed("If-None-Match")),
            _ => Ok(()),
        }
    }

    /// The conditions as a part of the fingerprint of a change, which `If-Match: *` does not change.
    pub(super) fn fingerprint(&self) -> String {
        let matching = match &self.if_match {
            Some(Tags::Listed(tags)) => tags.iter().map(|tag| format!(" {}", version_of(tag))).collect(),
            Some(Tags::Any) | None => String::new(),
        };
        let excluded = match &self.if_none_match {
            Some(Tags::Listed(tags)) => tags.iter().map(|tag| format!(" not {}", version_of(tag))).collect(),
            Some(Tags::Any) => " not *".to_owned(),
            None => String::new(),
        };
        matching + &excluded
    }
}

fn failed(header: &str) -> HttpError {
    HttpError::with_message(
        RequestError::PreconditionFailed,
        format!("The condition of {header} does not hold."),
    )
}

/// Reads the entity tags of a header. The lines of a header are one list. The parser of the HTTP library is not used, as it
/// drops malformed tags without an error.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, &'static str> {
    let lines: Result<Vec<&str>, _> = headers.get_all(name).map(HeaderValue::to_str).collect();
    let lines = lines.map_err(|_| "must be of printable ASCII characters")?;
    if lines.is_empty() {
        return Ok(None);
    }
    let text = lines.join(",");
    let mut rest = text.trim();
    if rest == "*" {
        return Ok(Some(Tags::Any));
    }
    let mut listed = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (is_weak, tag) = rest.strip_prefix("W/").map_or((false, rest), |tag| (true, tag));
        let (tag, after) = tag.strip_prefix('"').and_then(|tag| tag.split_once('"')).ok_or(FORM)?;
        // The tags of this server are strong, so that only a comparison for a read accepts weak ones.
        let counts = !is_weak || name == IF_NONE_MATCH;
        listed.push(if counts { format!("\"{tag}\"") } else { String::new() });
        rest = after.trim_start();
        if rest.trim_start_matches([' ', '\t', ',']).is_empty() {
            return Ok(Some(Tags::Listed(listed)));
        }
        if !rest.starts_with(',') {
            return Err(FORM);
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const ASCII: &str = "must be of printable ASCII characters";

    fn read(name: &HeaderName, values: &[&str]) -> Result<Option<Tags>, &'static str> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        tags(&headers, name)
    }

    #[rstest]
    #[case::a_version(&["\"3\""], &["\"3\""])]
    #[case::weak(&["W/\"3\""], &[""])]
    #[case::empty_tag(&["\"\""], &["\"\""])]
    #[case::a_list(&["\"3\", \"4\""], &["\"3\"", "\"4\""])]
    #[case::a_list_without_spaces(&["\"3\",W/\"4\",\"5\""], &["\"3\"", "", "\"5\""])]
    #[case::empty_elements(&[" , \"3\" ,, \"4\", "], &["\"3\"", "\"4\""])]
    #[case::a_comma_in_a_tag(&["\"a,3\", \"4\""], &["\"a,3\"", "\"4\""])]
    #[case::two_lines(&["\"3\"", "\"4\""], &["\"3\"", "\"4\""])]
    fn a_condition_has_a_list_of_tags(#[case] values: &[&str], #[case] expected: &[&str]) {
        let expected = expected.iter().map(|&tag| tag.to_owned()).collect();
        assert_eq!(read(&IF_MATCH, values), Ok(Some(Tags::Listed(expected))));
    }

    #[test]
    fn a_condition_may_have_any_tag() {
        for value in ["*", "  * "] {
            assert_eq!(read(&IF_MATCH, &[value]), Ok(Some(Tags::Any)));
        }
    }

    #[rstest]
    #[case::a_version("\"3\"", 3)]
    #[case::with_an_assignee(&etag(3, Some("user-456")), 3)]
    #[case::weak("", NO_VERSION)]
    #[case::of_another_server("\"abc\"", NO_VERSION)]
    #[case::another_spelling("\"03\"", NO_VERSION)]
    #[case::with_a_plus("\"+3\"", NO_VERSION)]
    #[case::too_large("\"4294967296\"", NO_VERSION)]
    #[case::empty_tag("\"\"", NO_VERSION)]
    fn a_tag_names_a_version(#[case] tag: &str, #[case] version: u32) {
        assert_eq!(version_of(tag), version);
    }

    #[test]
    fn the_tag_differs_for_another_assignee() {
        let tags =
            [etag(3, None), etag(4, None), etag(3, Some("user-456")), etag(3, Some("erased-2b1a0c9e8d7f"))];
        assert_eq!(tags.iter().collect::<std::collections::HashSet<_>>().len(), 4, "{tags:?}");
    }

    #[rstest]
    #[case::without_quotes(&["3"], FORM)]
    #[case::half_quoted(&["\"3"], FORM)]
    #[case::empty(&[""], FORM)]
    #[case::commas(&[",,"], FORM)]
    #[case::any_in_a_list(&["*, \"3\""], FORM)]
    #[case::any_after_a_tag(&["\"3\", *"], FORM)]
    #[case::no_comma(&["\"3\" \"4\""], FORM)]
    #[case::lower_case(&["w/\"3\""], FORM)]
    #[case::not_ascii(&["\"é\""], ASCII)]
    fn a_malformed_condition_is_refused(#[case] values: &[&str], #[case] problem: &str) {
        for name in [IF_MATCH, IF_NONE_MATCH] {
            assert_eq!(read(&name, values), Err(problem));
        }
    }

    #[test]
    fn weak_tags_count_for_if_none_match_only() {
        assert_eq!(read(&IF_NONE_MATCH, &["W/\"3\""]), Ok(Some(Tags::Listed(vec!["\"3\"".to_owned()]))));
        assert_eq!(read(&IF_MATCH, &[]), Ok(None));
    }
}
