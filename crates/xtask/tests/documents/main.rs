//! Tests of the documents: links and anchors, names of files and code, terms, decisions, and the changelog.
//!
//! Each rule is a function from the files of the repository to violations. One test applies it to this repository, and
//! another one to a bad example.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and so do its helpers")]

mod actions;
mod changelog;
mod collections;
mod decisions;
mod identifiers;
mod links;
mod markdown;
mod paths;
mod repository;
mod terms;

/// Fails with all violations at once.
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}
