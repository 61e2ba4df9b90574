//! The changelog has the form of Keep a Changelog 1.1.0.

use crate::assert_none;
use crate::markdown::{Document, Kind};
use crate::repository::Repository;

/// The kinds of changes, in the order in which a version lists them.
const KINDS: [&str; 6] = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
const UNRELEASED: &str = "Unreleased";

fn problems_of_changelog(text: &str) -> Vec<String> {
    let document = Document::parse(text);
    let mut found = Vec::new();
    let mut problem = |line: usize, text: &str| found.push(format!("CHANGELOG.md:{line}: {text}"));
    if document.blocks.first().is_none_or(|block| block.text != "Changelog") {
        problem(1, "the title is not Changelog");
    }
    let versions: Vec<_> = document.blocks.iter().filter(|block| block.kind == Kind::Heading(2)).collect();
    if versions.first().is_none_or(|block| without_brackets(&block.text) != UNRELEASED) {
        problem(1, "the first section is not [Unreleased]");
    }
    let mut earlier = None;
    for version in versions.iter().filter(|block| without_brackets(&block.text) != UNRELEASED) {
        let Some((number, date)) = release(&version.text) else {
            problem(version.line, "not of the form [1.2.3] - 2026-01-31");
            continue;
        };
        if earlier.as_ref().is_some_and(|(above, day)| number >= *above || date > *day) {
            problem(version.line, "newer than the version above");
        }
        earlier = Some((number, date));
    }
    let mut kind = None;
    for (index, block) in document.blocks.iter().enumerate() {
        match block.kind {
            Kind::Heading(2) => kind = None,
            Kind::Heading(3) => {
                let position = KINDS.iter().position(|name| *name == block.text);
                if position.is_none() {
                    problem(block.line, "not a kind of change");
                }
                if position.is_some() && position <= kind {
                    problem(block.line, "a kind of change that is repeated or out of order");
                }
                if document.blocks.get(index + 1).is_none_or(|next| next.kind != Kind::Item) {
                    problem(block.line, "a kind without changes");
                }
                kind = position;
            }
            _ => {}
        }
    }
    found
}

/// A heading without the brackets of a link, which are part of the text only if the link has no target.
fn without_brackets(heading: &str) -> String {
    heading.replace(['[', ']'], "")
}

/// The number and the date of `[1.2.3] - 2026-01-31`.
fn release(heading: &str) -> Option<([u64; 3], String)> {
    let heading = without_brackets(heading);
    let (version, date) = heading.split_once(" - ")?;
    let mut numbers = version.split('.').map(str::parse);
    let number = [numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?];
    let is_date = date.len() == 10
        && date.char_indices().all(|(place, letter)| match place {
            4 | 7 => letter == '-',
            _ => letter.is_ascii_digit(),
        });
    (numbers.next().is_none() && is_date).then(|| (number, date.to_owned()))
}

#[test]
fn the_changelog_has_the_form_of_keep_a_changelog() {
    assert_none(&problems_of_changelog(Repository::read().text("CHANGELOG.md").unwrap()));
}

#[test]
fn released_versions_are_accepted() {
    let text = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- a\n\n### Fixed\n\n- b\n\n\
                ## [0.1.10] - 2026-11-30\n\n### Fixed\n\n- c\n\n## [0.1.9] - 2026-11-30\n\nNothing.\n\n\
                [0.1.9]: https://example.com/0.1.9\n";
    assert_none(&problems_of_changelog(text));
}

#[test]
fn deviations_of_the_changelog_are_found() {
    let text = "# Changes\n\n## [0.1.9] - 2026-11-30\n\n### Fixed\n\n### Added\n\n- a\n\n### Added\n\n- b\n\n### News\n\n- c\n\n\
                ## [0.1.10] - 2026-11-30\n\n### Added\n\n- d\n\n## 0.1.1\n\n### Fixed\n";
    let expected = [
        (1, "the title is not Changelog"),
        (1, "the first section is not [Unreleased]"),
        (19, "newer than the version above"),
        (25, "not of the form [1.2.3] - 2026-01-31"),
        (5, "a kind without changes"),
        (7, "a kind of change that is repeated or out of order"),
        (11, "a kind of change that is repeated or out of order"),
        (15, "not a kind of change"),
        (27, "a kind without changes"),
    ];
    let expected = expected.map(|(line, problem)| format!("CHANGELOG.md:{line}: {problem}"));
    assert_eq!(problems_of_changelog(text), expected);
}
