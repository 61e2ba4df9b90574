//! Trusted documents: the only ones that a server runs if it has any.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
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
    /// Folders and files that cannot be read or are not UTF-8 are left out. The texts that are returned with the documents name them
    /// and the reasons.
    #[must_use]
    pub fn read(folder: &Path) -> (Self, Vec<String>) {
        let (mut documents, mut problems) = (Self::default(), Vec::new());
        let mut unread = vec![folder.to_owned()];
        while let Some(path) = unread.pop() {
            let is_folder = path.is_dir() || path == folder;
            let read = if is_folder {
                paths_in(&path).map(|paths| unread.extend(paths))
            } else {
                documents.add(&path)
            };
            if let Err(error) = read {
                problems.push(format!("{} cannot be read: {error}", path.display()));
            }
        }
        problems.sort_unstable();
        (documents, problems)
    }

    fn add(&mut self, path: &Path) -> io::Result<()> {
        if path.extension().is_none_or(|extension| extension != EXTENSION) {
            return Ok(());
        }
        let text = fs::read_to_string(path)?;
        // Some editors write a byte order mark, which clients do not send.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
        for text in [text.trim(), text] {
            let document = TrustedDocument { text: text.into(), file: path.display().to_string() };
            self.0.insert(DocumentHash::of(text), document);
        }
        Ok(())
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

fn paths_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}
