//! The documents against the program: roles, settings and metrics.

use std::{collections::BTreeSet, fs, path::Path};

use convene_api_graphql::{config::SETTINGS, telemetry::METRICS};

use super::roles::{For, MUTATIONS, QUERIES};

const API: &str = include_str!("../../../../docs/api.md");
const SETTINGS_PAGE: &str = include_str!("../../../../docs/operations/settings.md");
const METRICS_PAGE: &str = include_str!("../../../../docs/operations/metrics.md");
const ALERTS: &str = include_str!("../../../../docker/monitoring/alerts.yaml");
const ALERT_TESTS: &str = include_str!("../../../../docker/monitoring/alerts.test.yaml");
const DASHBOARD: &str = include_str!("../../../../docker/monitoring/dashboard.json");

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
fn every_setting_is_documented() {
    let (table, _) = SETTINGS_PAGE.split_once("\n## ").unwrap();
    let documented: Vec<Vec<&str>> = rows(table).skip(1).collect();
    let in_code: Vec<Vec<&str>> = SETTINGS
        .iter()
        .map(|setting| vec![setting.name, setting.default.unwrap_or_default(), setting.help])
        .collect();
    assert_eq!(documented, in_code);
}

/// The pages for operators.
fn operations() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations");
    let pages = fs::read_dir(folder).unwrap();
    pages.map(|page| fs::read_to_string(page.unwrap().path()).unwrap()).collect()
}

/// The names of metrics in a text.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let metrics = words.filter(|word| {
        let is_crate = word.starts_with("convene_api_") || word.starts_with("convene_infrastructure_");
        (word.starts_with("convene_") || word.starts_with("process_")) && !is_crate
    });
    // A histogram has several series.
    metrics.map(|word| SERIES.iter().find_map(|series| word.strip_suffix(series)).unwrap_or(word)).collect()
}

const SERIES: [&str; 3] = ["_bucket", "_sum", "_count"];

/// The metrics of `convene check`.
const CHECK_METRICS: [&str; 3] =
    ["convene_check_finished_timestamp_seconds", "convene_check_update_due", "convene_check_violations"];

#[test]
fn every_metric_is_documented_and_no_other() {
    let documented: BTreeSet<&str> = rows(METRICS_PAGE)
        .filter_map(|row| row.first().copied())
        .flat_map(|cell| cell.split("`, `"))
        .filter(|name| metrics_in(name).len() == 1)
        .collect();
    let in_code: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).chain(CHECK_METRICS).collect();
    assert_eq!(documented, in_code);
}

#[test]
fn documents_alerts_and_the_dashboard_use_metrics_that_exist() {
    let known: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).chain(CHECK_METRICS).collect();
    let pages = operations();
    assert!(pages.iter().any(|page| page == METRICS_PAGE), "the pages are read");
    for text in pages.iter().map(String::as_str).chain([ALERTS, ALERT_TESTS, DASHBOARD]) {
        let unknown: Vec<&str> = metrics_in(text).difference(&known).copied().collect();
        assert_eq!(unknown, Vec::<&str>::new());
    }
    let shown = metrics_in(DASHBOARD);
    let missing: Vec<&str> =
        METRICS.iter().map(|metric| metric.name).filter(|name| !shown.contains(name)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
