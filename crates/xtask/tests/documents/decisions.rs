//! Decisions (ADRs) have a common form, and the index lists each of them.

use crate::assert_none;
use crate::markdown::{Document, Kind};
use crate::repository::Repository;

const FOLDER: &str = "docs/adr/";
const INDEX: &str = "docs/adr/README.md";
/// The sections of a decision, in order.
const SECTIONS: [&str; 4] = ["Context", "Decision", "Alternatives", "Consequences"];
const MIN_ALTERNATIVES: usize = 2;
/// The minimum number of words of an alternative with the reason against it.
const MIN_WORDS: usize = 8;

fn problems_of_decisions(repository: &Repository) -> Vec<String> {
    let index = Document::parse(repository.text(INDEX).unwrap_or_default());
    let cells: Vec<&str> = index.blocks.iter().map(|block| block.text.as_str()).collect();
    let decisions = repository.documents().filter(|(path, _)| path.starts_with(FOLDER) && *path != INDEX);
    let mut found = Vec::new();
    for ((path, document), number) in decisions.zip(1..) {
        let file = path.strip_prefix(FOLDER).unwrap_or(path);
        let title = document.blocks.first().map(|block| block.text.as_str()).unwrap_or_default();
        if !file.starts_with(&format!("{number:04}-")) {
            found.push(format!("{path}: the next number is {number:04}"));
        }
        if !title.starts_with(&format!("{number}. ")) {
            found.push(format!("{path}: the title does not begin with {number}."));
        }
        if !(index.links.iter().any(|link| link.text == file) && cells.contains(&title)) {
            found.push(format!("{path}: {INDEX} does not list \"{title}\" with a link"));
        }
        found.extend(problems_of_decision(&document).into_iter().map(|problem| format!("{path}: {problem}")));
    }
    found
}

fn problems_of_decision(document: &Document) -> Vec<String> {
    let mut found = Vec::new();
    if document.blocks.get(1).is_none_or(|block| !block.text.starts_with("Status: ")) {
        found.push("no status below the title".to_owned());
    }
    let headings = document.blocks.iter().filter(|block| block.kind == Kind::Heading(2));
    let headings: Vec<&str> = headings.map(|heading| heading.text.as_str()).collect();
    if !headings.iter().filter(|heading| SECTIONS.contains(heading)).eq(&SECTIONS) {
        found.push(format!("the sections are not {}", SECTIONS.join(", ")));
    }
    let empty = SECTIONS.iter().filter(|section| document.section(section).is_empty());
    found.extend(empty.map(|section| format!("nothing in section {section}")));
    let alternatives = document.section("Alternatives");
    let alternatives: Vec<_> = alternatives.iter().filter(|block| block.kind == Kind::Item).collect();
    if alternatives.len() < MIN_ALTERNATIVES {
        found.push(format!("{} alternatives", alternatives.len()));
    }
    let short = alternatives.iter().filter(|block| block.text.split_whitespace().count() < MIN_WORDS);
    found.extend(short.map(|block| format!("line {} gives no reason against the alternative", block.line)));
    found
}

#[test]
fn every_decision_has_the_common_form_and_is_listed() {
    let repository = Repository::read();
    let decisions = repository.paths().filter(|path| path.starts_with(FOLDER)).count();
    assert!(decisions > 20, "the search sees what is there");
    assert_none(&problems_of_decisions(&repository));
}

#[test]
fn deviations_of_decisions_are_found() {
    let good = "# 1. Good\n\nStatus: accepted\n\n## Context\n\nx\n\n## Decision\n\nx\n\n## Measurement\n\n## Alternatives\n\n\
                - **One.** It is not as good as the other ones.\n- **Two.** It is not as good as the other ones.\n\n## Consequences\n\nx\n";
    let bad = "# 4. Bad\n\n## Context\n\nx\n\n## Alternatives\n\n- **One.** Bad.\n\n## Consequences\n";
    let files = [
        (INDEX, "| ADR |\n|---|\n| [1. Good](0001-good.md) |\n"),
        ("docs/adr/0001-good.md", good),
        ("docs/adr/0003-bad.md", bad),
    ];
    let found = problems_of_decisions(&Repository::of(&files));
    let expected = [
        "the next number is 0002",
        "the title does not begin with 2.",
        "docs/adr/README.md does not list \"4. Bad\" with a link",
        "no status below the title",
        "the sections are not Context, Decision, Alternatives, Consequences",
        "nothing in section Decision",
        "nothing in section Consequences",
        "1 alternatives",
        "line 9 gives no reason against the alternative",
    ];
    assert_eq!(found, expected.map(|problem| format!("docs/adr/0003-bad.md: {problem}")));
}
