//! The reference of a request to its document: the text, the hash of the text, or both (`extensions.persistedQuery` of
//! Apollo's protocol).

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::malformed::MalformedRequest;

/// The SHA-256 hash of the text of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DocumentHash([u8; 32]);

/// The document of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentReference {
    Text(String),
    /// The hash of a document that the server may know.
    Hash(DocumentHash),
    /// A text, which the server may keep under its hash for later requests.
    Both(String, DocumentHash),
}

impl DocumentHash {
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Parses 64 hexadecimal digits.
    fn parse(digits: &str) -> Option<Self> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
        let bytes: Option<Vec<u8>> =
            pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect();
        bytes?.try_into().ok().map(Self)
    }
}

impl DocumentReference {
    /// Takes the document out of the parameters of a request.
    pub(super) fn take(parameters: &mut Map<String, Value>) -> Result<Self, MalformedRequest> {
        let hash = match parameters.get("extensions") {
            None | Some(Value::Null) => None,
            Some(Value::Object(extensions)) => hash(extensions)?,
            Some(_) => return Err(MalformedRequest::new("`extensions` must be an object.")),
        };
        match (parameters.remove("query"), hash) {
            (Some(Value::String(text)), None) => Ok(Self::Text(text)),
            (Some(Value::String(text)), Some(hash)) => Ok(Self::Both(text, hash)),
            (None | Some(Value::Null), Some(hash)) => Ok(Self::Hash(hash)),
            (None, None) => Err(MalformedRequest::new("`query` is missing.")),
            (Some(_), _) => Err(MalformedRequest::new("`query` must be a string.")),
        }
    }
}

fn hash(extensions: &Map<String, Value>) -> Result<Option<DocumentHash>, MalformedRequest> {
    let persisted = match extensions.get("persistedQuery") {
        None | Some(Value::Null) => return Ok(None),
        Some(persisted) => persisted,
    };
    let hash = persisted.get("sha256Hash").and_then(Value::as_str).and_then(DocumentHash::parse);
    match (persisted.get("version").and_then(Value::as_u64), hash) {
        (Some(1), Some(hash)) => Ok(Some(hash)),
        _ => Err(MalformedRequest::new(
            "`extensions.persistedQuery` must have a `version` of 1 and a `sha256Hash` of 64 hexadecimal digits.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    /// `printf '{ __typename }' | sha256sum`
    const HASH: &str = "7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b";

    fn take(parameters: Value) -> Result<DocumentReference, String> {
        let Value::Object(mut parameters) = parameters else { panic!("{parameters}") };
        DocumentReference::take(&mut parameters).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_hash_is_read_in_either_case() {
        for digits in [HASH.to_owned(), HASH.to_uppercase()] {
            let extensions = json!({"persistedQuery": {"version": 1, "sha256Hash": digits}, "other": 1});
            let hash = DocumentHash::of("{ __typename }");
            assert_eq!(take(json!({"extensions": extensions})), Ok(DocumentReference::Hash(hash)));
            let both = take(json!({"query": "{ a }", "extensions": extensions}));
            assert_eq!(both, Ok(DocumentReference::Both("{ a }".to_owned(), hash)));
        }
    }

    #[rstest]
    #[case::no_object(json!("x"))]
    #[case::no_fields(json!({}))]
    #[case::no_hash(json!({"version": 1}))]
    #[case::no_version(json!({"sha256Hash": HASH}))]
    #[case::other_version(json!({"version": 2, "sha256Hash": HASH}))]
    #[case::version_text(json!({"version": "1", "sha256Hash": HASH}))]
    #[case::short(json!({"version": 1, "sha256Hash": &HASH[1..]}))]
    #[case::short_by_two(json!({"version": 1, "sha256Hash": &HASH[2..]}))]
    #[case::long(json!({"version": 1, "sha256Hash": format!("{HASH}00")}))]
    #[case::no_digits(json!({"version": 1, "sha256Hash": HASH.replace('e', "\u{e9}")}))]
    #[case::sign(json!({"version": 1, "sha256Hash": format!("+{}", &HASH[1..])}))]
    #[case::number(json!({"version": 1, "sha256Hash": 7}))]
    #[case::null(json!({"version": 1, "sha256Hash": null}))]
    fn a_malformed_hash_is_refused(#[case] persisted: Value) {
        for query in [json!("{ a }"), json!(null)] {
            let parameters = json!({"query": query, "extensions": {"persistedQuery": persisted}});
            assert!(take(parameters).unwrap_err().starts_with("`extensions.persistedQuery` must have"));
        }
    }

    #[test]
    fn a_null_counts_as_absent() {
        let text = Ok(DocumentReference::Text("{ a }".to_owned()));
        for extensions in [json!(null), json!({}), json!({"persistedQuery": null})] {
            assert_eq!(take(json!({"query": "{ a }", "extensions": extensions})), text);
        }
    }
}
