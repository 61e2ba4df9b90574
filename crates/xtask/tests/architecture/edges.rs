//! Dependencies point inwards: domain <- application <- { infrastructure-mongo, api-graphql }.

use serde_json::{Value, json};

use crate::assert_none;
use crate::graph::Graph;

/// The packages of the workspace that each package may depend on.
const ALLOWED: [(&str, &[&str]); 6] = [
    ("convene-domain", &[]),
    ("convene-application", &["convene-domain"]),
    ("convene-infrastructure-mongo", &["convene-domain", "convene-application"]),
    // The binary wires the adapters; `sources.rs` checks that only the wiring names them.
    (
        "convene-api-graphql",
        &["convene-domain", "convene-application", "convene-infrastructure-mongo", "convene-stress"],
    ),
    // It uses the program over HTTP and reads its database directly.
    ("convene-stress", &["convene-domain", "convene-application", "convene-infrastructure-mongo"]),
    ("xtask", &[]),
];

/// Packages that must not be reachable from a package by any chain.
const UNREACHABLE: [(&str, &[&str]); 2] = [
    ("convene-domain", &["tokio", "mongodb", "bson", "actix-web", "juniper", "serde_json"]),
    ("convene-application", &["mongodb", "bson", "actix-web", "juniper"]),
];

/// Dependencies that only the named packages may have, except in tests.
const RESERVED: [(&str, &[&str]); 5] = [
    ("mongodb", &["convene-infrastructure-mongo", "convene-stress"]),
    // `cargo xtask` sets up a replica set without the driver.
    ("bson", &["convene-infrastructure-mongo", "convene-stress", "xtask"]),
    ("actix-web", &["convene-api-graphql"]),
    ("juniper", &["convene-api-graphql"]),
    // It contains no product code, so only tests may depend on it.
    ("convene-stress", &[]),
];

fn outward_edges(graph: &Graph) -> Vec<String> {
    let members = graph.members();
    let known =
        |package: &str| ALLOWED.iter().find(|(name, _)| *name == package).map(|(_, allowed)| *allowed);
    let unknown = members.iter().filter(|member| known(member).is_none());
    let unknown = unknown.map(|member| format!("{member} has no place in the order of the layers"));
    let outward = graph.direct().into_iter().filter(|edge| {
        // A package may enable its own test support in its tests.
        let itself = edge.package == edge.dependency && !edge.beyond_tests;
        let allowed = known(&edge.package).unwrap_or_default().contains(&edge.dependency.as_str());
        members.contains(&edge.dependency) && !itself && !allowed
    });
    unknown.chain(outward.map(|edge| format!("{} must not know {}", edge.package, edge.dependency))).collect()
}

fn forbidden_chains(graph: &Graph) -> Vec<String> {
    UNREACHABLE
        .iter()
        .flat_map(|(package, unreachable)| unreachable.iter().filter_map(|name| graph.chain(package, name)))
        .map(|chain| format!("must not be: {}", chain.join(" -> ")))
        .collect()
}

fn users_of_reserved(graph: &Graph) -> Vec<String> {
    graph
        .direct()
        .into_iter()
        .filter(|edge| edge.beyond_tests)
        .filter(|edge| {
            RESERVED.iter().any(|(name, allowed_packages)| {
                *name == edge.dependency && !allowed_packages.contains(&edge.package.as_str())
            })
        })
        .map(|edge| format!("{} must not use {}", edge.package, edge.dependency))
        .collect()
}

#[test]
fn dependencies_point_inwards() {
    let graph = Graph::of_this_workspace();
    assert_eq!(graph.members().len(), ALLOWED.len());
    assert_none(&outward_edges(&graph));
}

#[test]
fn the_inner_layers_reach_no_framework() {
    let graph = Graph::of_this_workspace();
    // Verifies that the search finds existing chains.
    for (package, there) in [
        ("convene-domain", "time"),
        ("convene-application", "convene-domain"),
        ("convene-api-graphql", "tokio"),
    ] {
        assert!(graph.chain(package, there).is_some(), "{package} is known to reach {there}");
    }
    assert_none(&forbidden_chains(&graph));
}

#[test]
fn frameworks_stay_in_their_layer() {
    assert_none(&users_of_reserved(&Graph::of_this_workspace()));
}

/// Names of packages and their kind of dependency in the format of cargo.
type Dependencies<'example> = &'example [(&'example str, Value)];

/// Creates a workspace of the given packages with their dependencies.
fn workspace(packages: &[(&str, Dependencies<'_>)]) -> Graph {
    let ids: Vec<_> = packages.iter().map(|(name, _)| json!(format!("id of {name}"))).collect();
    let list = |make: &dyn Fn(&str, Dependencies<'_>) -> Value| -> Vec<Value> {
        packages.iter().map(|(name, dependencies)| make(name, dependencies)).collect()
    };
    Graph::from_metadata(json!({
        "workspace_members": ids,
        "packages": list(&|name, dependencies| json!({
            "id": format!("id of {name}"),
            "name": name,
            "dependencies":
                dependencies.iter().map(|(name, kind)| json!({ "name": name, "kind": kind })).collect::<Vec<_>>(),
        })),
        "resolve": { "nodes": list(&|name, dependencies| json!({
            "id": format!("id of {name}"),
            "deps": dependencies.iter().map(|(name, kind)| json!({
                "pkg": format!("id of {name}"),
                "dep_kinds": [{ "kind": kind }],
            })).collect::<Vec<_>>(),
        })) },
    }))
}

#[test]
fn an_outward_edge_is_found_even_in_tests() {
    let graph = workspace(&[
        ("convene-domain", &[("convene-application", json!("dev"))]),
        ("convene-application", &[("convene-domain", Value::Null), ("convene-application", json!("dev"))]),
        ("convene-cli", &[]),
    ]);
    assert_eq!(
        outward_edges(&graph),
        [
            "convene-cli has no place in the order of the layers",
            "convene-domain must not know convene-application"
        ]
    );
}

#[test]
fn a_forbidden_chain_is_found_but_not_one_through_tests() {
    let graph = workspace(&[
        ("convene-domain", &[("helper", Value::Null), ("serde_json", json!("dev"))]),
        ("convene-application", &[("convene-domain", Value::Null)]),
        ("helper", &[("tokio", Value::Null), ("bson", json!("build"))]),
        ("tokio", &[]),
        ("serde_json", &[]),
        ("bson", &[]),
    ]);
    assert_eq!(forbidden_chains(&graph), ["must not be: convene-domain -> helper -> tokio"]);
}

#[test]
fn a_user_of_a_reserved_package_is_found() {
    let graph = workspace(&[
        ("convene-api-graphql", &[("mongodb", Value::Null), ("bson", json!("dev"))]),
        ("convene-infrastructure-mongo", &[("mongodb", Value::Null)]),
        ("mongodb", &[]),
        ("bson", &[]),
    ]);
    assert_eq!(users_of_reserved(&graph), ["convene-api-graphql must not use mongodb"]);
}
