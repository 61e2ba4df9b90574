//! Tests of the architecture: the allowed dependencies, and rules for source files.
//!
//! Each rule is a function from facts to violations. One test applies it to this workspace, and another one to a
//! bad example.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and so do its helpers")]

mod attempts;
mod cycles;
mod edges;
mod graph;
mod modules;
mod sources;

/// Fails with all violations at once.
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}
