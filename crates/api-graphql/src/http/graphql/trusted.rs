//! Trusted documents: the only ones that a server runs if it has any.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::Path,
    sync::Arc,
};

use super::reference::DocumentHash;

/// The extension of the files of documents.
const EXTENSION: &str = "graphql";

/// Documents from a folder, by their hashes.
#[derive(Clone, Debug, Default)]
pub struct TrustedDocuments(HashMap<DocumentHash, TrustedDocument>);

#[derive(Clone, Debug)]
struct TrustedDocument {
    text: Arc<str>,
    /// The name of the file, for messages.
    file: String,
}

impl TrustedDocuments {
    /// Reads the files with the extension `graphql` in a folder and the folders inside it. A text counts with and without
    /// the white space around it, because editors add line breaks.
    ///
    /// # Errors
    ///
    /// A folder or file that cannot be read or is not UTF-8; the message names it.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let named = |path: &Path, error: io::Error| {
            io::Error::new(error.kind(), format!("{} cannot be read: {error}", path.display()))
        };
        let mut documents = HashMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(|error| named(&folder, error))? {
                let path = entry.map_err(|error| named(&folder, error))?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == EXTENSION) {
                    let text = fs::read_to_string(&path).map_err(|error| named(&path, error))?;
                    // Some editors write a byte order mark, which clients do not send.
                    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
                    for text in [text.trim(), text] {
                        let document =
                            TrustedDocument { text: text.into(), file: path.display().to_string() };
                        documents.insert(DocumentHash::of(text), document);
                    }
                }
            }
        }
        Ok(Self(documents))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, hash: DocumentHash) -> Option<Arc<str>> {
        self.0.get(&hash).map(|document| Arc::clone(&document.text))
    }

    /// The names of the files and their texts, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<str>)> {
        let all = self.0.values().map(|document| (document.file.as_str(), &document.text));
        all.collect::<BTreeMap<_, _>>().into_iter()
    }
}
