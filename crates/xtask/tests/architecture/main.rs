//! The rules of the house that a program can check: which crate may know which, and what no source file holds.
//!
//! Each rule is a function from facts to violations, shown to work on a bad example beside the test that applies
//! it to this workspace.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and so do its helpers")]

mod cycles;
mod edges;
mod graph;
mod modules;
mod sources;

/// Fails with all violations at once.
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}
