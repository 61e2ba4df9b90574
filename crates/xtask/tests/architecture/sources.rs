//! Rules for source files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::assert_none;

/// The maximum number of lines in a file.
const MAX_LINES: usize = 600;

/// Words for unfinished work or disabled checks. They are concatenated, so that this file passes.
const UNFINISHED: [&str; 7] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("#[", "allow("),
    concat!("#![", "allow("),
    concat!("#[", "ignore"),
];

/// Prefixes of paths on a personal machine.
const MACHINE_PATHS: [&str; 3] = [concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/")];

/// The crate with the adapters.
const ADAPTERS: &str = "convene_infrastructure_mongo";
/// The place that may name the adapters.
const WIRING: [&str; 1] = ["wiring.rs"];

/// The authority that needs no credentials.
const LOCAL_AUTHORITY: &str = "LocalOperator";
/// The places that may name it: commands, which need access to the database anyway.
const LOCAL_PLACES: [&str; 3] = ["wiring.rs", "commands/", "seed/"];

/// The use case that turns credentials into authority, and the only place that may run it.
const AUTHENTICATION: &str = "Authenticate::";
const AUTHENTICATION_PLACES: [&str; 1] = ["callers.rs"];
/// An adapter of the port that authority comes from: one in this crate could give any.
const DIRECTORY: &str = "Directory for ";

/// The registration queue, which must work with any storage.
const QUEUE: &str = "crates/infrastructure-mongo/src/registration/queue/";
/// Names of the database that the queue must not use.
const DATABASE_NAMES: [&str; 3] = ["bson", "mongodb", "documents"];

/// A file and its text.
pub(crate) struct Source {
    /// The path from the root of the workspace, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) fn sources() -> Vec<Source> {
    let root = root();
    let mut folders = vec![root.join("crates")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source {
                    path: path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(),
                    text,
                });
            }
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    assert!(
        found.iter().any(|source| source.path == "crates/xtask/src/main.rs"),
        "the search sees what is there"
    );
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn too_long(sources: &[Source]) -> Vec<String> {
    let lines = sources.iter().map(|source| (&source.path, source.text.lines().count()));
    lines
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(path, lines)| format!("{path} has {lines} lines: which separate things does it hold?"))
        .collect()
}

fn lines_with(sources: &[Source], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for Source { path, text } in sources {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                found.push(format!("{path}:{number} has {word}"));
            }
        }
    }
    found
}

/// Finds modules with submodules that are not `mod.rs` in their folder: `a.rs` beside a folder `a`.
fn modules_beside_their_folder(sources: &[Source]) -> Vec<String> {
    let beside = sources.iter().filter(|source| {
        let folder = source.path.strip_suffix(".rs").map(|module| format!("{module}/"));
        folder.is_some_and(|folder| sources.iter().any(|other| other.path.starts_with(&folder)))
    });
    beside.map(|source| format!("{} belongs into its folder, as mod.rs", source.path)).collect()
}

/// Files of the API crate that contain the name, except those in the allowed places.
fn named_beyond(sources: &[Source], name: &str, allowed: &[&str]) -> Vec<String> {
    let is_allowed = |path: &str| {
        allowed.iter().any(|place| path == *place || (place.ends_with('/') && path.starts_with(place)))
    };
    let beyond = sources.iter().filter(|source| {
        let path = source.path.strip_prefix("crates/api-graphql/src/");
        path.is_some_and(|path| !is_allowed(path)) && source.text.contains(name)
    });
    beyond.map(|source| format!("{} names {name}; only {} may", source.path, allowed.join(", "))).collect()
}

fn database_names_in_the_queue(sources: Vec<Source>) -> Vec<String> {
    let queue: Vec<Source> = sources.into_iter().filter(|source| source.path.starts_with(QUEUE)).collect();
    assert!(!queue.is_empty(), "the registration queue is in {QUEUE}");
    lines_with(&queue, &DATABASE_NAMES)
}

#[test]
fn files_are_short() {
    assert_none(&too_long(&sources()));
}

#[test]
fn nothing_is_unfinished_or_silenced() {
    assert_none(&lines_with(&sources(), &UNFINISHED));
}

#[test]
fn no_file_contains_a_machine_path() {
    let here = format!("{}/", root().display());
    assert_none(&lines_with(&sources(), &[MACHINE_PATHS.as_slice(), &[&here]].concat()));
}

#[test]
fn modules_with_submodules_are_mod_rs() {
    assert_none(&modules_beside_their_folder(&sources()));
}

#[test]
fn a_module_beside_its_folder_is_found() {
    let found = modules_beside_their_folder(
        &["a/b.rs", "a/b/c.rs", "a/d.rs", "a/e/mod.rs"].map(|path| source(path, "")),
    );
    assert_eq!(found, ["a/b.rs belongs into its folder, as mod.rs"]);
}

#[test]
fn only_the_wiring_names_the_adapters() {
    assert_none(&named_beyond(&sources(), ADAPTERS, &WIRING));
}

#[test]
fn only_commands_act_without_credentials() {
    assert_none(&named_beyond(&sources(), LOCAL_AUTHORITY, &LOCAL_PLACES));
    let bad = source("crates/api-graphql/src/rest/call.rs", "LocalOperator::new(directory)");
    assert_eq!(named_beyond(&[bad], LOCAL_AUTHORITY, &LOCAL_PLACES).len(), 1);
}

#[test]
fn only_the_resolver_of_callers_authenticates() {
    assert_none(&named_beyond(&sources(), AUTHENTICATION, &AUTHENTICATION_PLACES));
    assert_none(&named_beyond(&sources(), DIRECTORY, &[]));
    let bad = |text: &str| [source("crates/api-graphql/src/rest/call.rs", text)];
    let authentication = bad("Authenticate::new(Arc::new(Forged))");
    assert_eq!(named_beyond(&authentication, AUTHENTICATION, &AUTHENTICATION_PLACES).len(), 1);
    assert_eq!(named_beyond(&bad("impl Directory for Forged {}"), DIRECTORY, &[]).len(), 1);
}

#[test]
fn the_registration_queue_does_not_name_the_database() {
    assert_none(&database_names_in_the_queue(sources()));
}

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn one_line_too_many_is_found() {
    let lines = |count| source(&format!("crates/{count}.rs"), &"x\n".repeat(count));
    let found = too_long(&[lines(MAX_LINES), lines(MAX_LINES + 1)]);
    assert_eq!(found, ["crates/601.rs has 601 lines: which separate things does it hold?"]);
}

#[test]
fn every_unfinished_word_is_found_with_its_line() {
    for word in UNFINISHED.into_iter().chain(MACHINE_PATHS) {
        let bad = source("crates/bad.rs", &format!("fn good() {{}}\n// {word}x\n"));
        let found = lines_with(&[source("crates/good.rs", "fn good() {}"), bad], &[word]);
        assert_eq!(found, [format!("crates/bad.rs:2 has {word}")]);
    }
}

#[test]
fn an_adapter_beyond_the_wiring_is_found() {
    let import = format!("use {ADAPTERS}::connect;");
    let place = |path: &str| source(&format!("crates/api-graphql/{path}"), &import);
    assert_none(&named_beyond(&["src/wiring.rs", "tests/server.rs"].map(place), ADAPTERS, &WIRING));
    let bad = [
        "src/graphql/query.rs",
        "src/commands/seed.rs",
        "src/wiring_of_another_kind.rs",
        "src/http/wiring.rs",
    ];
    assert_eq!(named_beyond(&bad.map(place), ADAPTERS, &WIRING).len(), bad.len());
}

#[test]
fn a_database_name_in_the_queue_is_found() {
    let names = DATABASE_NAMES.map(|name| format!("use {name}::doc;\n")).concat();
    let found = database_names_in_the_queue(vec![source(&format!("{QUEUE}lane.rs"), &names)]);
    assert_eq!(found.len(), DATABASE_NAMES.len());
    let elsewhere = source("crates/infrastructure-mongo/src/scoped/mod.rs", &names);
    let clean = source(&format!("{QUEUE}mod.rs"), "mod lane;");
    assert_none(&database_names_in_the_queue(vec![elsewhere, clean]));
}
