//! From what is stored to what the code works with.

use bson::{Bson, Document, RawDocument, de::Deserializer};
use serde::de::DeserializeOwned;

use crate::{
    error::{CorruptDocument, StorageError},
    schema::CollectionSchema,
};

/// Reads a document of the collection.
///
/// # Errors
/// [`StorageError::Corrupt`] names the document, and the path of what is wrong in it.
pub(crate) fn decode<D: DeserializeOwned>(
    schema: &CollectionSchema,
    document: &RawDocument,
) -> Result<D, StorageError> {
    bson::deserialize_from_slice(document.as_bytes())
        .map_err(|error| corrupt::<D>(schema, document, &error).into())
}

/// To keep track of the path costs time with every document, so it is looked for only once something is wrong.
fn corrupt<D: DeserializeOwned>(
    schema: &CollectionSchema,
    document: &RawDocument,
    error: &bson::error::Error,
) -> CorruptDocument {
    let whole = Document::try_from(document).unwrap_or_default();
    let id = match whole.get("_id") {
        None => "without _id".to_owned(),
        Some(Bson::String(id)) => id.clone(),
        Some(id) => id.to_string(),
    };
    let read: Result<D, _> = serde_path_to_error::deserialize(Deserializer::new(Bson::Document(whole)));
    let reason = read.map_or_else(|at_path| at_path.to_string(), |_| error.to_string());
    CorruptDocument { collection: schema.name, id, field: "document", reason }
}

#[cfg(test)]
mod tests {
    use bson::{RawDocumentBuf, rawdoc};
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

    fn refused(document: &RawDocumentBuf) -> String {
        decode::<Outer>(&AGENDAS, document).unwrap_err().to_string()
    }

    #[test]
    fn tells_where_a_document_is_wrong() {
        let wrong = rawdoc! { "_id": "mbr_1", "list": [{ "number": 1 }, { "number": "two" }] };
        let told = refused(&wrong);
        assert!(
            told.starts_with("document mbr_1 of agendas is corrupt at document: list[1].number: "),
            "{told}"
        );
        let told = refused(&rawdoc! { "_id": 7, "list": [{}] });
        assert!(
            told.contains("document 7 of agendas")
                && told.contains("list[0]: ")
                && told.contains("missing field `number`"),
            "{told}"
        );
        assert!(refused(&rawdoc! {}).contains("document without _id"));
    }
}
