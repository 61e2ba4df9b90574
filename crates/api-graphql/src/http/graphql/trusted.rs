//! Trusted documents: the only ones that a server runs if it has any.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::reference::DocumentHash;

/// The extension of the files of documents.
const EXTENSION: &str = "graphql";

/// The documents that are kept in memory, and their bytes.
const MAX_FILES: usize = 10_000;
const MAX_BYTES: u64 = 64 << 20;

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
    /// Links are followed, and each folder is read once. Folders and files that cannot be read or are not UTF-8 are left out, as are
    /// those beyond 10,000 files or 64 MiB. The texts that are returned with the documents name them and the reasons.
    #[must_use]
    pub fn read(folder: &Path) -> (Self, Vec<String>) {
        let (mut documents, mut problems) = (Self::default(), Vec::new());
        let (mut unread, mut known) = (vec![folder.to_owned()], HashSet::new());
        let (mut files, mut bytes) = (0, 0);
        while let Some(path) = unread.pop() {
            let is_folder = path.is_dir() || path == folder;
            let read = if is_folder {
                paths_in(&path, &mut known).map(|paths| unread.extend(paths))
            } else if path.extension().is_some_and(|extension| extension == EXTENSION) {
                files += 1;
                if files > MAX_FILES {
                    problems.push(format!("it has more than {MAX_FILES} files"));
                    break;
                }
                documents.add(&path, MAX_BYTES - bytes).map(|read| bytes += read)
            } else {
                Ok(())
            };
            if let Err(error) = read {
                problems.push(format!("{} cannot be read: {error}", path.display()));
            }
        }
        problems.sort_unstable();
        (documents, problems)
    }

    /// Adds the document of a file. Returns its bytes.
    fn add(&mut self, path: &Path, max_bytes: u64) -> io::Result<u64> {
        // A device or a pipe may have no end.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        let mut text = String::new();
        let bytes = File::open(path)?.take(max_bytes + 1).read_to_string(&mut text)?;
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        if bytes > max_bytes {
            return Err(io::Error::other(format!("the files have more than {MAX_BYTES} bytes")));
        }
        // Some editors write a byte order mark, which clients do not send.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
        for text in [text.trim(), text] {
            let document = TrustedDocument { text: text.into(), file: path.display().to_string() };
            self.0.insert(DocumentHash::of(text), document);
        }
        Ok(bytes)
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

/// The paths in a folder; none if it is known already. Links can form circles.
fn paths_in(folder: &Path, known: &mut HashSet<PathBuf>) -> io::Result<Vec<PathBuf>> {
    if !known.insert(fs::canonicalize(folder)?) {
        return Ok(Vec::new());
    }
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}
