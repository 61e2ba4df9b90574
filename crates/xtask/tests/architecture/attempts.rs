//! The tests that `docs/testing.md` names.

use std::{collections::HashSet, fs, path::Path};

use crate::{assert_none, sources::sources};

/// The names in the table of attempts.
fn named(document: &str) -> Vec<&str> {
    let (_, rest) = document.split_once("<!-- attempts:begin -->").unwrap();
    let (table, _) = rest.split_once("<!-- attempts:end -->").unwrap();
    let names = table.lines().flat_map(|row| row.split('`').skip(1).step_by(2));
    names.filter(|name| name.contains('_')).collect()
}

fn missing(document: &str, functions: &HashSet<&str>) -> Vec<String> {
    let missing = named(document).into_iter().filter(|name| !functions.contains(name));
    missing.map(|name| format!("docs/testing.md names {name}, which is no test")).collect()
}

/// The names of all functions in a text.
fn functions(text: &str) -> impl Iterator<Item = &str> {
    text.split("fn ").skip(1).filter_map(|rest| rest.split_once('(').map(|(name, _)| name))
}

#[test]
fn every_attempt_has_tests_that_exist() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/testing.md");
    let document = fs::read_to_string(path).unwrap();
    let sources = sources();
    let functions: HashSet<&str> = sources.iter().flat_map(|source| functions(&source.text)).collect();
    assert!(named(&document).len() > 30, "the search sees what is there");
    assert_none(&missing(&document, &functions));
}

#[test]
fn a_name_without_a_test_is_found() {
    let document =
        "<!-- attempts:begin -->\n| `cargo x` | `known_one`, `unknown_one` |\n<!-- attempts:end -->";
    let missing = missing(document, &functions("fn known_one() {}").collect());
    assert_eq!(missing, ["docs/testing.md names unknown_one, which is no test"]);
}
