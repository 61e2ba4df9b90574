//! Identifiers that the documents name exist in the code: types, functions, fields, settings and tests.

use std::collections::BTreeSet;

use crate::assert_none;
use crate::markdown::Document;
use crate::repository::Repository;

/// Identifiers of other systems, and of examples.
const FOREIGN: [&str; 39] = [
    // MongoDB
    "applyOps",
    "changeUserPassword",
    "createIndexes",
    "dropUser",
    "forceJumbo",
    "fsyncLock",
    "fsyncUnlock",
    "insertMany",
    "moveRange",
    "passwordPrompt",
    "tlsCAFile",
    // identity providers
    "accessToken",
    "accessTokenAcceptedVersion",
    "setCustomClaim",
    // proxies, systems and tools
    "ALL_PROXY",
    "HTTPS_PROXY",
    "LimitNOFILE",
    "NodeNext",
    "TimeoutStopSec",
    "importExtension",
    "limit_req_status",
    "max_fails",
    "mongodb_exporter",
    "proxy_connect_timeout",
    "proxy_read_timeout",
    "proxy_set_header",
    // libraries of clients
    "RetryLink",
    "fragmentMasking",
    "fragmentRefs",
    "presetConfig",
    "retryExchange",
    // examples
    "NAME_FILE",
    "nameOfTheMutation",
    "name_of_the_test",
    // alternatives that were not chosen
    "CONVENE_JWT_2_ISSUER",
    "USER_ROLES",
    "default_language",
    "endSessions",
    "waitQueueTimeoutMS",
];

/// The document that proves guarantees by tests: its names in lower case are those of functions.
const README: &str = "README.md";

/// The identifiers of the code, and those of functions.
struct Known<'r> {
    all: BTreeSet<&'r str>,
    functions: BTreeSet<&'r str>,
}

impl<'r> Known<'r> {
    fn of(repository: &'r Repository) -> Self {
        let mut known = Self { all: BTreeSet::new(), functions: BTreeSet::new() };
        for (_, text) in repository.sources() {
            known.all.extend(identifiers(text));
            known.functions.extend(text.split("fn ").skip(1).filter_map(|rest| identifiers(rest).next()));
        }
        known
    }

    fn has(&self, identifier: &str) -> bool {
        // The name of a field in JSON is made of its name in Rust.
        self.all.contains(identifier) || self.all.contains(snake_case(identifier).as_str())
    }

    fn has_beginning(&self, identifier: &str) -> bool {
        self.all.range(identifier..).next().is_some_and(|next| next.starts_with(identifier))
    }
}

fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_'))
}

fn snake_case(identifier: &str) -> String {
    let parts = identifier.chars().map(|letter| match letter {
        'A'..='Z' => format!("_{}", letter.to_ascii_lowercase()),
        _ => letter.to_string(),
    });
    parts.collect()
}

/// Tests if a word consists of several words, so that it is more than a word of the language.
fn is_compound(word: &str) -> bool {
    let mut pairs = word.as_bytes().windows(2);
    word.trim_matches('_').contains('_')
        || pairs.any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
}

fn unknown_identifiers(path: &str, document: &Document, known: &Known<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for code in &document.code {
        // Commands select tests by a part of their names.
        let is_command = code.text.contains("cargo ");
        let is_file = code.text.contains(['/', '.']);
        for word in identifiers(&code.text).filter(|word| is_compound(word) && !FOREIGN.contains(word)) {
            let is_lower = !word.contains(|letter: char| letter.is_ascii_uppercase());
            let is_known = if is_command {
                known.has_beginning(word)
            } else if path == README && is_lower && !is_file {
                known.functions.contains(word)
            } else {
                known.has(word)
            };
            if !is_known {
                found.push(format!("{path}:{}: the code has no {word}", code.line));
            }
        }
    }
    found
}

#[test]
fn every_identifier_in_the_documents_exists() {
    let repository = Repository::read();
    let known = Known::of(&repository);
    // The changelog also describes what is gone.
    let documents = repository.documents().filter(|(path, _)| *path != "CHANGELOG.md");
    let unknown: Vec<String> =
        documents.flat_map(|(path, document)| unknown_identifiers(path, &document, &known)).collect();
    assert_none(&unknown);
}

#[test]
fn unknown_identifiers_are_found() {
    let code = "struct UserPrefix { user_prefix: u8 } fn a_test_of_this_rule() {} // a_comment_is_no_test";
    let repository = Repository::of(&[("src/a.rs", code)]);
    let known = Known::of(&repository);
    let document = Document::parse(
        "`userPrefix` `UserPrefix::user_prefix` `word` `insertMany` `cargo nextest run -E 'test(a_test_of)'`\n\
         `a_test_of_this_rule`\n`user_suffix` `GoneType::a` `cargo test gone_test`\n`a_comment_is_no_test`\n",
    );
    let found = unknown_identifiers("a.md", &document, &known);
    assert_eq!(
        found,
        ["user_suffix", "GoneType", "gone_test"].map(|name| format!("a.md:3: the code has no {name}"))
    );
    let found = unknown_identifiers(README, &document, &known);
    assert_eq!(found.last().unwrap(), "README.md:4: the code has no a_comment_is_no_test");
}
