//! The contract suites on the MongoDB adapters.

use async_trait::async_trait;
use convene_application::testing::{
    Adapters,
    contract::{Harness, randomized},
};
use convene_infrastructure_mongo::{ports::MongoPorts, registration::BookSettings};
use std::sync::Arc;

use crate::support::TestDatabase;

/// A database and the ports of one process.
pub(crate) struct Storage {
    adapters: Adapters,
    _database: TestDatabase,
}

#[async_trait]
impl Harness for Storage {
    fn adapters(&self) -> Adapters {
        self.adapters.clone()
    }
}

async fn storage() -> Storage {
    let database = TestDatabase::prepared().await;
    over(database.ports.clone(), database)
}

/// Cancels, removes and deletes a single registration in each transaction.
pub(crate) async fn storage_in_steps() -> Storage {
    let database = TestDatabase::prepared().await;
    over(database.ports.in_steps_of(1), database)
}

fn over(ports: MongoPorts, database: TestDatabase) -> Storage {
    let book = ports.start_registration_book(BookSettings::default());
    let adapters = Adapters {
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
    };
    Storage { adapters, _database: database }
}

/// `CONVENE_TEST_MUTATIONS=5000` sets the length of the full run.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_a_random_run_as_it_was() {
    let storage = storage().await;
    let report = randomized::run(storage.adapters(), 20_311_104, randomized::mutations()).await;
    assert!(report.changes > report.refusals && report.refusals > 0, "{report:?}");
}

convene_application::contract_tests!(crate::contract::storage().await);
