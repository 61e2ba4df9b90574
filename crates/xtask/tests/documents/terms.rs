//! Documents, the descriptions of the API and the identifiers of the code use the terms of the glossary.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use crate::assert_none;
use crate::repository::Repository;

const GLOSSARY: &str = "docs/glossary.md";
const SCHEMA: &str = "docs/schema.graphql";

/// The endings with which words are also found.
const ENDINGS: [&str; 5] = ["", "s", "es", "d", "ed"];

/// Words that identifiers may contain: those of Rust and of libraries, and those that mean something else in a queue, a ledger or a
/// rate limit.
const OF_CODE: [&str; 8] =
    ["account", "blocked", "clone", "disabled", "normalized", "quota", "reset", "trail"];

/// A term that is not used, and the one to use.
struct Unused {
    words: Vec<String>,
    instead: String,
}

/// The terms of the glossary's last columns. Those in italics also have meanings in which they are used.
fn unused_terms(glossary: &str) -> Vec<Unused> {
    let rows = glossary.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.map(|row| row.split(" | ").collect::<Vec<_>>());
    let terms =
        rows.filter_map(|row| Some((*row.first()?, *row.get(2)?))).filter(|(term, _)| *term != "term");
    terms
        .flat_map(|(term, unused)| unused.split(", ").map(move |unused| (term, unused)))
        .filter(|(_, unused)| !unused.is_empty() && !unused.starts_with('*'))
        .map(|(term, unused)| Unused { words: words(unused), instead: term.to_owned() })
        .collect()
}

/// The words of a text in lower case.
fn words(text: &str) -> Vec<String> {
    let is_part = |letter: char| letter.is_alphanumeric() || "-'".contains(letter);
    let words = text.split(|letter: char| !is_part(letter)).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// The identifiers of a file of code.
fn identifiers(tokens: TokenStream) -> BTreeSet<String> {
    let identifiers = tokens.into_iter().flat_map(|token| match token {
        TokenTree::Ident(identifier) => BTreeSet::from([identifier.to_string()]),
        TokenTree::Group(group) => identifiers(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => BTreeSet::new(),
    });
    identifiers.collect()
}

/// The words of an identifier in lower case.
fn words_of_identifier(identifier: &str) -> Vec<String> {
    let mut text = String::new();
    let mut was_lower = false;
    for letter in identifier.chars() {
        if letter.is_uppercase() && was_lower {
            text.push(' ');
        }
        was_lower = letter.is_lowercase();
        text.push(if letter == '_' { ' ' } else { letter });
    }
    words(&text)
}

fn has(words: &[String], term: &[String]) -> bool {
    let is_form = |word: &str, base: &str| {
        word.strip_prefix(base).is_some_and(|ending| ENDINGS.contains(&ending))
            || word.strip_suffix("ing").is_some_and(|stem| stem == base || format!("{stem}e") == base)
    };
    words.windows(term.len()).any(|window| window.iter().zip(term).all(|(word, base)| is_form(word, base)))
}

fn uses_in_code(repository: &Repository, unused: &[Unused]) -> Vec<String> {
    let is_of_code = |term: &&Unused| !OF_CODE.contains(&term.words.join(" ").as_str());
    let unused: Vec<&Unused> = unused.iter().filter(is_of_code).collect();
    let mut found = Vec::new();
    for (path, text) in repository.sources().filter(|(path, _)| path.ends_with(".rs")) {
        for identifier in identifiers(text.parse().unwrap()) {
            let words = words_of_identifier(&identifier);
            let used = unused.iter().filter(|term| has(&words, &term.words));
            found.extend(used.map(|term| format!("{path}: {identifier} instead of: {}", term.instead)));
        }
    }
    found
}

fn uses_of_unused_terms(repository: &Repository) -> Vec<String> {
    let unused = unused_terms(repository.text(GLOSSARY).unwrap_or_default());
    let documents = repository.documents().filter(|(path, _)| *path != GLOSSARY);
    let texts = documents.flat_map(|(path, document)| {
        let blocks = document.blocks.into_iter();
        blocks.map(move |block| (path, block.line, block.prose)).collect::<Vec<_>>()
    });
    let schema = repository.text(SCHEMA).unwrap_or_default();
    let descriptions = (1..).zip(schema.lines()).map(|(line, text)| (SCHEMA, line, text.to_owned()));
    let mut found = uses_in_code(repository, &unused);
    for (path, line, text) in texts.chain(descriptions) {
        let words = words(&text);
        let used = unused.iter().filter(|term| has(&words, &term.words));
        found.extend(
            used.map(|term| {
                format!("{path}:{line}: \"{}\" instead of: {}", term.words.join(" "), term.instead)
            }),
        );
    }
    found
}

#[test]
fn documents_and_code_use_the_terms_of_the_glossary() {
    let repository = Repository::read();
    let unused = unused_terms(repository.text(GLOSSARY).unwrap());
    assert!(unused.len() > 30, "the glossary is read");
    assert_none(&uses_of_unused_terms(&repository));
}

#[test]
fn unused_terms_are_found_in_their_forms() {
    let glossary = "| term | meaning | do not use |\n|---|---|---|\n| cancel | Mark. | call off, *drop* |\n\
                    | series | Dates. | *sequence*, clone |\n| limit | A maximum. | |\n";
    let document = "Drop the sequence.\n\n- It is called\n  off; `clone`\n\n| cloning | a Clone's |\n|---|---|\n| off call | cloned |\n";
    let schema = "\"Calling off\"\ntype A\n";
    let code = "/// Call it off.\nfn call_off(CloneCallOff { is_called_off, .. }: &Sequence) { \"call off\".clone() }\n";
    let files = [(GLOSSARY, glossary), ("a.md", document), ("a.rs", code), (SCHEMA, schema)];
    assert_eq!(
        uses_of_unused_terms(&Repository::of(&files)),
        [
            "a.rs: CloneCallOff instead of: cancel",
            "a.rs: call_off instead of: cancel",
            "a.rs: is_called_off instead of: cancel",
            "a.md:3: \"call off\" instead of: cancel",
            "a.md:6: \"clone\" instead of: series",
            "a.md:8: \"clone\" instead of: series",
            "docs/schema.graphql:1: \"call off\" instead of: cancel",
        ]
    );
}
