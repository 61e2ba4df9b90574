//! `ETag`, `If-Match` and `If-None-Match`: a client changes an issue only as it saw it, and reads it only if it has changed
//! (RFC 9110, sections 8.8.3, 13.1.1 and 13.1.2).

use actix_web::http::header::{ETAG, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};

use super::input::Problems;
use crate::{errors::RequestError, http::error::HttpError};

/// A version that no object has.
const NO_VERSION: u32 = 0;

const NO_TAG: &str =
    "If-Match has no tag of an issue. A weak tag, such as W/\"3\", never matches (RFC 9110, section 13.1.1).";
const FORM: &str = "must be * or entity tags such as \"3\", with commas between them";

/// The header for a version.
pub(super) fn etag(version: u32) -> (HeaderName, String) {
    (ETAG, format!("\"{version}\""))
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
    /// The versions of entity tags. A tag that matches no version counts as [`NO_VERSION`].
    Versions(Vec<u32>),
}

impl Tags {
    fn include(&self, version: u32) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
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

    /// Tests whether the client of a read has the version of the object already.
    ///
    /// # Errors
    /// 412: the object has no version of `If-Match`.
    pub(super) fn is_known(&self, version: u32) -> Result<bool, HttpError> {
        if self.if_match.as_ref().is_some_and(|tags| !tags.include(version)) {
            return Err(failed("If-Match"));
        }
        Ok(self.if_none_match.as_ref().is_some_and(|tags| tags.include(version)))
    }

    /// The version that a change of an object with this version expects; `None` for any. The change compares it with that of
    /// the object, unless it is a repeat.
    ///
    /// # Errors
    /// 412: the object has a version of `If-None-Match`, or `If-Match` has no tag that a version can have.
    pub(super) fn expected_version(&self, version: u32) -> Result<Option<u32>, HttpError> {
        if self.if_none_match.as_ref().is_some_and(|tags| tags.include(version)) {
            return Err(failed("If-None-Match"));
        }
        Ok(match &self.if_match {
            Some(Tags::Versions(versions)) if versions.contains(&version) => Some(version),
            Some(Tags::Versions(versions)) if versions.iter().all(|version| *version == NO_VERSION) => {
                return Err(HttpError::with_message(RequestError::PreconditionFailed, NO_TAG.to_owned()));
            }
            Some(Tags::Versions(versions)) => Some(versions.first().copied().unwrap_or(NO_VERSION)),
            Some(Tags::Any) | None => self.if_none_match.is_some().then_some(version),
        })
    }

    /// Checks the conditions of a request to a list, which exists and has no version.
    ///
    /// # Errors
    /// 412: `If-Match` has tags, or `If-None-Match` is `*`.
    pub(super) fn check_list(&self) -> Result<(), HttpError> {
        match (&self.if_match, &self.if_none_match) {
            (Some(Tags::Versions(_)), _) => Err(failed("If-Match")),
            (_, Some(Tags::Any)) => Err(failed("If-None-Match")),
            _ => Ok(()),
        }
    }

    /// The versions of `If-Match`, as a part of the fingerprint of a change.
    pub(super) fn fingerprint(&self) -> String {
        match &self.if_match {
            Some(Tags::Versions(versions)) => versions.iter().map(|version| format!(" {version}")).collect(),
            Some(Tags::Any) | None => String::new(),
        }
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
    let mut versions = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (is_weak, tag) = rest.strip_prefix("W/").map_or((false, rest), |tag| (true, tag));
        let (tag, after) = tag.strip_prefix('"').and_then(|tag| tag.split_once('"')).ok_or(FORM)?;
        // The tags of this server are strong, so that only a comparison for a read accepts weak ones.
        let counts = !is_weak || name == IF_NONE_MATCH;
        // The version is that of an issue, so it has one spelling.
        let version = tag.parse().ok().filter(|version: &u32| counts && version.to_string() == tag);
        versions.push(version.unwrap_or(NO_VERSION));
        rest = after.trim_start();
        if rest.trim_start_matches([' ', '\t', ',']).is_empty() {
            return Ok(Some(Tags::Versions(versions)));
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
    #[case::any(&["*"], Tags::Any)]
    #[case::any_with_spaces(&["  * "], Tags::Any)]
    #[case::a_version(&["\"3\""], Tags::Versions(vec![3]))]
    #[case::weak(&["W/\"3\""], Tags::Versions(vec![NO_VERSION]))]
    #[case::of_another_server(&["\"abc\""], Tags::Versions(vec![NO_VERSION]))]
    #[case::another_spelling(&["\"03\""], Tags::Versions(vec![NO_VERSION]))]
    #[case::with_a_plus(&["\"+3\""], Tags::Versions(vec![NO_VERSION]))]
    #[case::too_large(&["\"4294967296\""], Tags::Versions(vec![NO_VERSION]))]
    #[case::empty_tag(&["\"\""], Tags::Versions(vec![NO_VERSION]))]
    #[case::a_list(&["\"3\", \"4\""], Tags::Versions(vec![3, 4]))]
    #[case::a_list_without_spaces(&["\"3\",W/\"4\",\"5\""], Tags::Versions(vec![3, NO_VERSION, 5]))]
    #[case::empty_elements(&[" , \"3\" ,, \"4\", "], Tags::Versions(vec![3, 4]))]
    #[case::a_comma_in_a_tag(&["\"a,3\", \"4\""], Tags::Versions(vec![NO_VERSION, 4]))]
    #[case::two_lines(&["\"3\"", "\"4\""], Tags::Versions(vec![3, 4]))]
    fn a_condition_has_any_or_a_list_of_tags(#[case] values: &[&str], #[case] expected: Tags) {
        assert_eq!(read(&IF_MATCH, values), Ok(Some(expected)));
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
        assert_eq!(read(&IF_NONE_MATCH, &["W/\"3\""]), Ok(Some(Tags::Versions(vec![3]))));
        assert_eq!(read(&IF_MATCH, &[]), Ok(None));
    }
}
