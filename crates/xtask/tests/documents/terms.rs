//! Documents and the descriptions of the API use the terms of the glossary.

use crate::assert_none;
use crate::repository::Repository;

const GLOSSARY: &str = "docs/glossary.md";
const SCHEMA: &str = "docs/schema.graphql";

/// The endings with which words are also found.
const ENDINGS: [&str; 5] = ["", "s", "es", "d", "ed"];

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

fn has(words: &[String], term: &[String]) -> bool {
    let is_form = |word: &str, base: &str| {
        word.strip_prefix(base).is_some_and(|ending| ENDINGS.contains(&ending))
            || word.strip_suffix("ing").is_some_and(|stem| stem == base || format!("{stem}e") == base)
    };
    words.windows(term.len()).any(|window| window.iter().zip(term).all(|(word, base)| is_form(word, base)))
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
    let mut found = Vec::new();
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
fn the_documents_use_the_terms_of_the_glossary() {
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
    let files = [(GLOSSARY, glossary), ("a.md", document), (SCHEMA, schema)];
    assert_eq!(
        uses_of_unused_terms(&Repository::of(&files)),
        [
            "a.md:3: \"call off\" instead of: cancel",
            "a.md:6: \"clone\" instead of: series",
            "a.md:8: \"clone\" instead of: series",
            "docs/schema.graphql:1: \"call off\" instead of: cancel",
        ]
    );
}
