//! The contract suites on the MongoDB adapters.

use async_trait::async_trait;
use convene_application::testing::{
    Adapters, FixedClock,
    contract::{FormerClocks, Harness, histories, randomized},
};
use convene_infrastructure_mongo::{ports::MongoPorts, registration::BookSettings};
use std::sync::Arc;

use crate::support::{StoredTimes, TestDatabase};

/// A database and the ports of one process.
pub(crate) struct Storage {
    adapters: Adapters,
    /// The ports of another process.
    other: Adapters,
    database: TestDatabase,
}

#[async_trait]
impl Harness for Storage {
    fn adapters(&self) -> Adapters {
        self.adapters.clone()
    }

    fn other_process(&self) -> Adapters {
        self.other.clone()
    }

    fn former_clocks(&self) -> Arc<dyn FormerClocks> {
        Arc::new(StoredTimes(self.database.raw()))
    }
}

async fn storage() -> Storage {
    let database = TestDatabase::prepared().await;
    over(database.ports.clone(), database).await
}

/// Cancels, removes and deletes a single registration in each transaction.
pub(crate) async fn storage_in_steps() -> Storage {
    let database = TestDatabase::prepared().await;
    over(database.ports.in_steps_of(1), database).await
}

async fn over(ports: MongoPorts, database: TestDatabase) -> Storage {
    let other = adapters(database.another_process().await);
    Storage { adapters: adapters(ports), other, database }
}

fn adapters(ports: MongoPorts) -> Adapters {
    let book = ports.start_registration_book(BookSettings::default());
    Adapters {
        directory: ports.directory,
        organizations: ports.organizations,
        members: ports.members,
        events: ports.events,
        catalogue: ports.catalogue,
        registration_book: Arc::new(book),
        registrations: ports.registrations,
        issues: ports.issues,
        activity_log: ports.activity_log,
        personal_data: ports.personal_data,
        realignment: ports.realignment,
    }
}

/// `CONVENE_TEST_MUTATIONS=5000` sets the length of the full run.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_a_random_run_as_it_was() {
    let storage = storage().await;
    let report = randomized::run(storage.adapters(), 20_311_104, randomized::mutations()).await;
    assert!(report.changes > report.refusals && report.refusals > 0, "{report:?}");
}

convene_application::contract_tests!(crate::contract::storage().await);

/// `CONVENE_TEST_HISTORIES=20000` sets the length of the full run.
#[tokio::test(flavor = "multi_thread")]
async fn a_history_loses_duplicates_and_moves_nothing() {
    let all = histories::histories();
    for number in 0..all.div_ceil(CHECKED) {
        let database = TestDatabase::prepared().await;
        let storage = over(database.ports.clone(), database).await;
        let count = CHECKED.min(all - number * CHECKED);
        let report = histories::run(storage.adapters(), 20_311_106 + number as u64, count).await;
        assert!(report.changes > report.splits && report.splits > 0, "{report:?}");
        let now = report.latest.unwrap_or(FixedClock::START);
        let checked = storage.database.ports.check(now).await.unwrap();
        assert!(checked.is_clean(), "{checked}");
    }
}

/// The number of histories after which the whole database is checked.
const CHECKED: usize = 1_000;
