//! The files of the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::markdown::Document;

/// Folders that are not part of the repository: those of Git, of builds and of tools.
pub(crate) const GENERATED: [&str; 6] =
    [".git", ".convene", "target", "clients/node_modules", "clients/.examples", "docker/secrets"];

/// The files of the repository: the text of each by its path from the root. Files that are not UTF-8 have no text.
pub(crate) struct Repository {
    files: BTreeMap<String, String>,
    folders: BTreeSet<String>,
}

impl Repository {
    pub(crate) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let mut files = BTreeMap::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                if is_generated(&name) {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.insert(name, String::from_utf8(fs::read(&path).unwrap()).unwrap_or_default());
                }
            }
        }
        Self::from_files(files)
    }

    /// Creates a repository of these paths and texts.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self::from_files(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    fn from_files(files: BTreeMap<String, String>) -> Self {
        let folders_of = |path: &str| -> Vec<String> {
            path.match_indices('/').map(|(end, _)| path[..end].to_owned()).collect()
        };
        let folders = files.keys().flat_map(|path| folders_of(path)).chain([String::new()]).collect();
        Self { files, folders }
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    pub(crate) fn is_folder(&self, path: &str) -> bool {
        self.folders.contains(path)
    }

    /// The paths of files and folders.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().chain(&self.folders).map(String::as_str)
    }

    /// The Markdown files, parsed.
    pub(crate) fn documents(&self) -> impl Iterator<Item = (&str, Document)> {
        let documents = self.files.iter().filter(|(path, _)| path.ends_with(".md"));
        documents.map(|(path, text)| (path.as_str(), Document::parse(text)))
    }

    /// The paths and texts of all other files.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        let sources = self.files.iter().filter(|(path, _)| !path.ends_with(".md"));
        sources.map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

/// Tests if a path is in a folder that is not part of the repository.
pub(crate) fn is_generated(path: &str) -> bool {
    GENERATED
        .iter()
        .any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
        || path.ends_with("__pycache__")
}

#[test]
fn the_repository_is_read_without_what_tools_made() {
    let repository = Repository::read();
    assert!(repository.text("README.md").is_some_and(|text| text.starts_with("# Convene")));
    assert!(repository.is_folder("crates/xtask"));
    assert!(repository.documents().count() > 40, "the search sees what is there");
    assert!(!repository.paths().any(is_generated));
}
