//! The document of the API lists the actions of the activity log, each with its description in the code.

use crate::assert_none;
use crate::repository::Repository;

const API: &str = "docs/api.md";
const CODE: &str = "crates/domain/src/activity.rs";

/// The rows of the table, as the code gives them.
fn in_code(text: &str) -> Vec<String> {
    let (_, actions) = text.split_once("    pub enum Action {\n").unwrap_or_default();
    let (actions, _) = actions.split_once("\n    }\n").unwrap_or_default();
    let lines: Vec<&str> = actions.lines().collect();
    let rows = lines.windows(2).filter_map(|pair| {
        let name = pair[1].split_once(" => \"")?.1.strip_suffix("\",")?;
        let description = pair[0].trim_start().strip_prefix("/// ")?;
        Some(format!("| `{name}` | {description} |"))
    });
    rows.collect()
}

/// The rows of the table in the document.
fn in_document(text: &str) -> Vec<&str> {
    let (_, table) = text.split_once("<!-- actions:begin -->\n").unwrap_or_default();
    let (table, _) = table.split_once("<!-- actions:end -->").unwrap_or_default();
    table.lines().skip(2).collect()
}

fn differences(repository: &Repository) -> Vec<String> {
    let code = in_code(repository.text(CODE).unwrap_or_default());
    let document = in_document(repository.text(API).unwrap_or_default());
    let missing = code.iter().filter(|row| !document.contains(&row.as_str()));
    let missing = missing.map(|row| format!("{API} lacks the row {row}"));
    let surplus = document.iter().filter(|row| !code.iter().any(|known| known == *row));
    missing.chain(surplus.map(|row| format!("{CODE} does not have {row}"))).collect()
}

#[test]
fn the_document_of_the_api_lists_each_action_of_the_log() {
    let repository = Repository::read();
    let text = repository.text(CODE).unwrap();
    let actions = in_code(text);
    assert!(actions.len() > 20, "the search sees what is there");
    assert_eq!(text.matches(" => \"").count(), actions.len(), "each action has a description of one line");
    assert_none(&differences(&repository));
}

#[test]
fn differences_of_actions_are_found() {
    let code = "    pub enum Action {\n        /// One.\n        One => \"it.one\",\n        /// Two.\n        Two => \"it.two\",\n    }\n";
    let document = "<!-- actions:begin -->\n| action | meaning |\n|---|---|\n| `it.one` | One. |\n| `it.three` | Three. |\n\
                    <!-- actions:end -->\n";
    let found = differences(&Repository::of(&[(CODE, code), (API, document)]));
    let expected = [
        "docs/api.md lacks the row | `it.two` | Two. |",
        "crates/domain/src/activity.rs does not have | `it.three` | Three. |",
    ];
    assert_eq!(found, expected);
}
