//! Modules have no cycles.
//!
//! The test covers the siblings at every level of each crate. A module and its children may use each other. Two folders are excluded.
//! The types of a schema refer to each other: an event has occurrences, and an occurrence has an event. Tests may be organized by what
//! they tell; the support for tests in the application crate is no production code.

use std::collections::BTreeMap;

use crate::assert_none;
use crate::modules::Modules;
use crate::sources::{Source, sources};

/// The crates and folders whose siblings may use each other.
const EXCLUDED: [(&str, &str); 2] = [("api-graphql", "graphql"), ("application", "testing")];

fn cycles(sources: &[Source]) -> Vec<String> {
    let mut crates = BTreeMap::<&str, Vec<(&str, &str)>>::new();
    for Source { path, text } in sources {
        let place = path.strip_prefix("crates/").and_then(|path| path.split_once("/src/"));
        if let Some((name, file)) = place {
            crates.entry(name).or_default().push((file, text));
        }
    }
    let mut found = Vec::new();
    for (name, files) in crates {
        let modules = Modules::read(&files);
        let is_excluded = |parent: &[String]| {
            parent.first().is_some_and(|folder| EXCLUDED.contains(&(name, folder.as_str())))
        };
        let compared = modules.parents().into_iter().filter(|parent| !is_excluded(parent));
        let cycles = compared.flat_map(|parent| modules.cycles(parent));
        found.extend(cycles.map(|cycle| format!("{name}: {cycle}")));
    }
    found
}

#[test]
fn modules_have_no_cycles() {
    assert_none(&cycles(&sources()));
}

/// The cycles of a crate of these files.
fn cycles_of(files: &[(&str, &str)]) -> Vec<String> {
    let source = |(path, text): &(&str, &str)| Source {
        path: format!("crates/api-graphql/src/{path}"),
        text: (*text).to_owned(),
    };
    cycles(&files.iter().map(source).collect::<Vec<_>>())
}

#[test]
fn a_cycle_of_folders_is_found() {
    let found = cycles_of(&[
        ("lib.rs", "mod auth; mod http; mod telemetry;"),
        ("auth/mod.rs", "mod gate; pub use self::gate::Gate;"),
        ("auth/gate.rs", "use crate::telemetry; pub struct Gate;"),
        ("http/mod.rs", "pub mod error;"),
        ("http/error.rs", "use crate::{auth::Gate};"),
        ("telemetry.rs", "fn log(id: &crate::http::error::Error) {}"),
    ]);
    assert_eq!(
        found,
        ["api-graphql: crate::auth::gate uses crate::telemetry, crate::telemetry uses crate::http::error, \
          crate::http::error uses crate::auth::gate"]
    );
}

#[test]
fn a_cycle_of_siblings_is_found() {
    let siblings = |folder: &str| {
        cycles_of(&[
            (&format!("{folder}/mod.rs"), "mod call; mod input; use input::Body;"),
            (&format!("{folder}/call.rs"), "use super::Body;"),
            (&format!("{folder}/input.rs"), "pub struct Body; fn fail() { super::call::invalid() }"),
        ])
    };
    assert_eq!(
        siblings("rest"),
        ["api-graphql: crate::rest::call uses crate::rest::input, crate::rest::input uses crate::rest::call"]
    );
    assert_none(&siblings("graphql"));
}

#[test]
fn tests_comments_and_parents_make_no_cycle() {
    assert_none(&cycles_of(&[
        ("a.rs", "use crate::b::B; #[cfg(test)] mod tests;"),
        ("a/tests.rs", "use crate::c;"),
        ("b.rs", "//! See [`crate::a`].\n#[cfg(test)] mod tests { use crate::a; }"),
        ("c.rs", "use crate::a; // and crate::c\npub(in crate::b) const TEXT: &str = \"crate::b\";"),
        ("rest/mod.rs", "mod x; pub struct Kept; fn f() { x::f() }"),
        ("rest/x.rs", "use super::Kept;"),
    ]));
}
