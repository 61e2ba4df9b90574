//! Decoding of stored documents.

use bson::{Bson, Document, RawDocument, RawDocumentBuf, de::Deserializer};
use convene_application::pace::Pace;
use serde::de::DeserializeOwned;

use crate::{
    error::{CorruptDocument, StorageError},
    schema::CollectionSchema,
};

/// The bytes of a document that are decoded in one step.
const BYTES: usize = 256;

/// Decodes documents of the collection in parts.
///
/// # Errors
/// Those of [`decode`].
pub(crate) async fn decode_all<D: DeserializeOwned + Send>(
    schema: &CollectionSchema,
    documents: Vec<RawDocumentBuf>,
) -> Result<Vec<D>, StorageError> {
    let mut pace = Pace::default();
    let mut decoded = Vec::with_capacity(documents.len());
    for document in documents {
        pace.steps(1 + document.as_bytes().len() / BYTES).await;
        decoded.push(decode(schema, &document)?);
    }
    Ok(decoded)
}

/// Decodes a document of the collection.
///
/// # Errors
/// [`StorageError::Corrupt`] names the document and the path of the invalid field.
pub(crate) fn decode<D: DeserializeOwned>(
    schema: &CollectionSchema,
    document: &RawDocument,
) -> Result<D, StorageError> {
    bson::deserialize_from_slice(document.as_bytes())
        .map_err(|error| corrupt::<D>(schema, document, &error).into())
}

/// Finds the path of the invalid field. Tracking the path costs time, so it is done after a failure only.
fn corrupt<D: DeserializeOwned>(
    schema: &CollectionSchema,
    document: &RawDocument,
    error: &bson::error::Error,
) -> CorruptDocument {
    let whole = Document::try_from(document).unwrap_or_default();
    let id = match whole.get("_id") {
        None => "without _id".to_owned(),
        Some(Bson::String(id)) => id.clone(),
        // The fields of a compound id may be personal.
        Some(id @ (Bson::Document(_) | Bson::Array(_))) => {
            format!("with an _id of type {:?}", id.element_type())
        }
        Some(id) => id.to_string(),
    };
    let read: Result<D, _> = serde_path_to_error::deserialize(Deserializer::new(Bson::Document(whole)));
    let reason = match read {
        Err(at_path) => format!("{}: {}", at_path.path(), without_value(&at_path.inner().to_string())),
        Ok(_) => without_value(&error.to_string()),
    };
    CorruptDocument { collection: schema.name, id, field: "document", reason }
}

/// The message of an error without the stored value that it quotes, which may be personal and would be logged.
fn without_value(message: &str) -> String {
    if let Some((_, expected)) = message.rsplit_once(", expected ") {
        return format!("not {}", expected.trim_end_matches('.'));
    }
    // Such a message quotes the name of a field only.
    let missing = message.split_once("missing field ").map(|(_, field)| format!("missing field {field}"));
    missing.unwrap_or_else(|| String::from("invalid"))
}

#[cfg(test)]
mod tests {
    use bson::rawdoc;
    use serde::Deserialize;

    use super::*;
    use crate::schema::AGENDAS;

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(rename = "list")]
        _list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[serde(rename = "number")]
        _number: i32,
    }

    fn error(document: &RawDocumentBuf) -> String {
        decode::<Outer>(&AGENDAS, document).unwrap_err().to_string()
    }

    #[test]
    fn an_error_names_the_path_of_the_invalid_field() {
        let wrong = rawdoc! { "_id": "mbr_1", "list": [{ "number": 1 }, { "number": "two" }] };
        let message = error(&wrong);
        assert!(
            message.starts_with("document mbr_1 of agendas is corrupt at document: list[1].number: "),
            "{message}"
        );
        assert!(!message.contains("two"), "{message}");
        let message = error(&rawdoc! { "_id": "mbr_1", "list": [{ "number": "ada, expected \"x\"" }] });
        assert!(message.ends_with("list[0].number: not i32"), "{message}");
        let message = error(&rawdoc! { "_id": 7, "list": [{}] });
        assert!(
            message.contains("document 7 of agendas")
                && message.contains("list[0]: ")
                && message.contains("missing field `number`"),
            "{message}"
        );
        assert!(error(&rawdoc! {}).contains("document without _id"));
        let key = rawdoc! { "_id": { "organization": "org_1", "actor": "ada", "key": "k" }, "list": 1 };
        let message = error(&key);
        assert!(message.starts_with("document with an _id of type EmbeddedDocument of agendas"), "{message}");
        assert!(!message.contains("ada"), "{message}");
    }
}
