//! The contract suites with every change of several registrations in steps.

use convene_application::testing::contract::{Harness, randomized};

use crate::contract::storage_in_steps;

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_a_random_run_in_steps_as_it_was() {
    let storage = storage_in_steps().await;
    let report = randomized::run(storage.adapters(), 20_311_104, randomized::mutations()).await;
    assert!(report.changes > report.refusals && report.refusals > 0, "{report:?}");
}

convene_application::contract_tests!(crate::contract::storage_in_steps().await);
