//! The documents against the program: roles, error codes, settings and metrics.

use std::collections::BTreeSet;

use convene_api_graphql::config::SETTINGS;

use super::roles::{For, MUTATIONS, QUERIES};

const API: &str = include_str!("../../../../docs/api.md");
const OPERATIONS: &str = include_str!("../../../../docs/operations.md");
const SCHEMA: &str = include_str!("../../../../docs/schema.graphql");
const TELEMETRY: &str = include_str!("../../src/telemetry.rs");

/// The cells of the rows of the tables in a part of a document.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter_map(|line| {
        let cells = line.strip_prefix("| ")?.strip_suffix(" |")?;
        Some(cells.split(" | ").map(|cell| cell.trim_matches(['`', ' '])).collect())
    })
}

#[test]
fn the_roles_of_root_fields_are_documented() {
    let (_, table) = API.split_once("<!-- roles:begin -->").unwrap();
    let (table, _) = table.split_once("<!-- roles:end -->").unwrap();
    let documented: BTreeSet<Vec<&str>> = rows(table).skip(1).collect();
    let kinds = [("query", &QUERIES[..]), ("mutation", &MUTATIONS[..])];
    let fields = kinds.into_iter().flat_map(|(kind, fields)| fields.iter().map(move |field| (kind, field)));
    let in_code: BTreeSet<Vec<&str>> = fields
        .map(|(kind, (field, whose, _))| {
            let whose = match whose {
                For::Members => "members",
                For::Admins => "admins",
                For::Operator => "operator",
            };
            vec![*field, kind, whose]
        })
        .collect();
    assert_eq!(documented, in_code);
}

#[test]
fn every_error_code_is_documented() {
    let (_, codes) = SCHEMA.split_once("enum UserErrorCode {").unwrap();
    let (codes, _) = codes.split_once('}').unwrap();
    let codes = codes.lines().filter_map(|line| line.split_whitespace().last());
    let documented: BTreeSet<&str> = rows(API).filter_map(|row| row.first().copied()).collect();
    let missing: Vec<&str> = codes.filter(|code| !documented.contains(code)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn every_setting_is_documented() {
    let (_, table) = OPERATIONS.split_once("## Settings").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let documented: Vec<Vec<&str>> = rows(table).skip(1).collect();
    let in_code: Vec<Vec<&str>> = SETTINGS
        .iter()
        .map(|setting| vec![setting.name, setting.default.unwrap_or_default(), setting.help])
        .collect();
    assert_eq!(documented, in_code);
}

#[test]
fn every_metric_is_documented() {
    let names = TELEMETRY.split('"').filter(|text| text.starts_with("convene_") && !text.contains(' '));
    let missing: Vec<&str> = names.filter(|name| !OPERATIONS.contains(name)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
