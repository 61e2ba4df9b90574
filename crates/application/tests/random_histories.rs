//! Random histories of a series lose, duplicate and move nothing.
#![cfg(feature = "testing")]

use convene_application::testing::{contract::histories, memory::InMemory};

/// The number of histories in one storage, which is then checked.
const CHECKED: usize = 1_000;

/// `CONVENE_TEST_HISTORIES=20000` sets the length of the full run.
#[tokio::test]
async fn a_history_loses_duplicates_and_moves_nothing() {
    let all = histories::histories().max(300);
    for number in 0..all.div_ceil(CHECKED) {
        let count = CHECKED.min(all - number * CHECKED);
        let report = histories::run(InMemory::new().adapters(), 20_311_105 + number as u64, count).await;
        assert!(report.changes > 0 && report.refusals > 0 && report.splits > 0, "{report:?}");
        assert!(report.shifts > 0, "{report:?}");
    }
}
