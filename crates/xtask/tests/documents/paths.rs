//! Paths of files and folders in the documents, and documents and anchors that other files name, exist.

use crate::assert_none;
use crate::markdown::{Document, Found};
use crate::repository::{Repository, is_generated};

/// The endings of names of files.
const ENDINGS: [&str; 11] =
    [".graphql", ".js", ".json", ".jsonl", ".lock", ".md", ".rs", ".sh", ".toml", ".yaml", ".yml"];

/// Names of files of other projects, and of alternatives that were not chosen.
const FOREIGN: [&str; 2] = ["build.rs", "tsconfig.json"];

/// The folder of these tests, whose examples name files that do not exist.
const EXAMPLES: &str = "crates/xtask/tests/documents/";

/// Characters that belong to the text around a path.
const AROUND: [char; 10] = ['"', '\'', '(', ')', ',', ':', ';', '=', '[', ']'];

fn missing_paths(repository: &Repository) -> Vec<String> {
    let mut found = Vec::new();
    // The changelog also describes what is gone.
    for (path, document) in repository.documents().filter(|(path, _)| *path != "CHANGELOG.md") {
        let names = document.code.iter().flat_map(words).filter(|word| is_path(repository, word));
        let commands = document.code_lines.iter().flat_map(words).filter(|word| is_rooted(repository, word));
        let missing = names.chain(commands).filter(|word| !exists(repository, &word.text));
        found.extend(missing.map(|word| format!("{path}:{}: {} does not exist", word.line, word.text)));
    }
    found
}

/// The words of a code, with each alternative of `{a,b}`.
fn words(code: &Found) -> Vec<Found> {
    let words = code.text.split_whitespace().flat_map(alternatives);
    words
        .flat_map(|word| word.split(AROUND).map(str::to_owned).collect::<Vec<_>>())
        .map(|word| word.trim_end_matches('.').trim_start_matches("./").to_owned())
        .filter(|word| !word.is_empty() && !is_generated(word) && !FOREIGN.contains(&word.as_str()))
        .map(|text| Found { line: code.line, text })
        .collect()
}

fn alternatives(word: &str) -> Vec<String> {
    let parts = word.split_once('{').and_then(|(start, rest)| Some((start, rest.split_once('}')?)));
    let Some((start, (list, end))) = parts else {
        return vec![word.to_owned()];
    };
    list.split(',').flat_map(|part| alternatives(&format!("{start}{part}{end}"))).collect()
}

/// Tests if a word begins with a file or folder of the root.
fn is_rooted(repository: &Repository, word: &Found) -> bool {
    let first = word.text.split_once('/').map(|(first, _)| first);
    first.is_some_and(|first| !first.is_empty() && repository.is_folder(first))
}

fn is_path(repository: &Repository, word: &Found) -> bool {
    let text = word.text.as_str();
    let has_ending = ENDINGS
        .iter()
        .any(|ending| text.strip_suffix(ending).is_some_and(|name| !name.is_empty() && !name.ends_with('/')));
    let is_name = has_ending || text.ends_with('/');
    is_rooted(repository, word) || is_name && !text.starts_with(['/', '-', '*'])
}

/// Tests if a path is the end of the path of a file or folder, and all of it if it begins at the root. `<name>` and `*`
/// stand for any text.
fn exists(repository: &Repository, word: &str) -> bool {
    let pattern = placeholders_to_stars(word.trim_end_matches('/'));
    let is_rooted = pattern.split_once('/').is_some_and(|(first, _)| repository.is_folder(first));
    repository.paths().any(|path| match (is_rooted, pattern.contains('*')) {
        (true, false) => path == pattern,
        (true, true) => path.split('/').count() == pattern.split('/').count() && ends_with(path, &pattern),
        (false, _) => ends_with(path, &pattern),
    })
}

/// Tests if the last parts of a path match those of a pattern.
fn ends_with(path: &str, pattern: &str) -> bool {
    let mut parts = path.rsplit('/');
    pattern.rsplit('/').all(|pattern| parts.next().is_some_and(|part| matches(pattern, part)))
}

fn placeholders_to_stars(word: &str) -> String {
    match word.split_once('<').and_then(|(start, rest)| Some((start, rest.split_once('>')?.1))) {
        Some((start, end)) => format!("{start}*{}", placeholders_to_stars(end)),
        None => word.to_owned(),
    }
}

fn matches(pattern: &str, part: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == part,
        Some((start, end)) => {
            part.len() >= start.len() + end.len() && part.starts_with(start) && part.ends_with(end)
        }
    }
}

/// Tests if a document exists, with the heading of this anchor if there is one.
fn has_place(repository: &Repository, document: &str, anchor: Option<&str>) -> bool {
    repository.text(document).is_some_and(|text| {
        anchor.is_none_or(|anchor| Document::parse(text).anchors().iter().any(|known| known == anchor))
    })
}

/// Documents, their headings, and decisions that comments, settings, messages and scripts name.
fn missing_documents(repository: &Repository) -> Vec<String> {
    let ends = |letter: char| letter.is_whitespace() || AROUND.contains(&letter) || "`<>*".contains(letter);
    let mut found = Vec::new();
    for (path, text) in repository.sources().filter(|(path, _)| !path.starts_with(EXAMPLES)) {
        let words = text.split(ends).map(|word| word.trim_end_matches('.'));
        let documents = words.filter(|word| word.starts_with("docs/")).filter(|word| {
            let (document, anchor) = word.split_once('#').map_or((*word, None), |(it, to)| (it, Some(to)));
            document.ends_with(".md") && !has_place(repository, document, anchor)
        });
        let numbers = text.split("ADR ").skip(1).filter_map(|rest| {
            let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next();
            digits?.parse::<u32>().ok()
        });
        let decisions = numbers.filter(|number| {
            let start = format!("docs/adr/{number:04}-");
            !repository.paths().any(|path| path.starts_with(&start))
        });
        let names = documents.map(str::to_owned).chain(decisions.map(|number| format!("ADR {number}")));
        found.extend(names.map(|name| format!("{path}: {name} does not exist")));
    }
    found
}

#[test]
fn every_path_in_the_documents_exists() {
    assert_none(&missing_paths(&Repository::read()));
}

#[test]
fn every_document_that_other_files_name_exists() {
    assert_none(&missing_documents(&Repository::read()));
}

#[test]
fn good_paths_are_accepted() {
    let document = "`crates/a/src/{x,y}.rs` `src/x.rs` `y.rs` `crates/<name>/src/` `sh crates/a/run.sh --all` `/a.json`\n\
                    `crates/*/src/x.rs` `target/x.json` `a/b` `.rs` `Type::name`\n\n```sh\n./crates/a/run.sh\nother/y.rs\n```\n";
    let files = [
        ("crates/a/src/x.rs", ""),
        ("crates/a/src/y.rs", ""),
        ("crates/a/run.sh", ""),
        ("README.md", document),
    ];
    assert_none(&missing_paths(&Repository::of(&files)));
}

#[test]
fn missing_paths_are_found_with_their_line() {
    let document = "`crates/a/{x,z}.rs`\n`gone.rs`, `src/`\n`crates/a/*.md` `a/x.rs` `crates/a/`\n\n\
                    ```sh\nsh crates/gone.sh\n```\n";
    let found = missing_paths(&Repository::of(&[("crates/a/x.rs", ""), ("README.md", document)]));
    assert_eq!(
        found,
        [
            "README.md:1: crates/a/z.rs does not exist",
            "README.md:2: gone.rs does not exist",
            "README.md:2: src/ does not exist",
            "README.md:3: crates/a/*.md does not exist",
            "README.md:6: crates/gone.sh does not exist",
        ]
    );
}

#[test]
fn a_missing_document_in_a_comment_is_found() {
    let comment = "// See docs/gone.md, `docs/a.md` and ADR 1, (ADR 2); docs/a.md#one docs/a.md#two.";
    let files = [("src/a.rs", comment), ("docs/a.md", "# One"), ("docs/adr/0002-b.md", "")];
    assert_eq!(
        missing_documents(&Repository::of(&files)),
        ["docs/gone.md", "docs/a.md#two", "ADR 1"].map(|name| format!("src/a.rs: {name} does not exist"))
    );
}
