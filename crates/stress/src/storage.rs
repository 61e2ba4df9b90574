//! Direct access to the database of the servers.

use std::sync::Arc;

use anyhow::ensure;
use bson::Document;
use convene_infrastructure_mongo::{
    connect::{ConnectionSettings, connect, make_safe},
    ports::MongoPorts,
};
use mongodb::{Client, Collection, options::ClientOptions};

use crate::system::{SystemClock, SystemRandom, TimeOrderedIds, now};

/// A database with the schema of Convene.
#[derive(Clone)]
pub struct Storage {
    /// A client of the driver with the settings of Convene.
    pub client: Client,
    pub name: String,
    ports: MongoPorts,
}

impl Storage {
    /// Connects, and creates missing collections.
    pub async fn prepare(uri: &str, name: &str) -> anyhow::Result<Self> {
        let settings = ConnectionSettings { uri: uri.to_owned(), database: Some(name.to_owned()) };
        let ports =
            connect(&settings, Arc::new(SystemClock), Arc::new(TimeOrderedIds), Arc::new(SystemRandom))
                .await?;
        ports.prepare().await?;
        let mut options = ClientOptions::parse(uri).await?;
        make_safe(&mut options);
        options.app_name = Some("observer".to_owned());
        // The largest number of callers, so that the pool never limits the bare driver.
        options.max_pool_size = Some(256);
        Ok(Self { client: Client::with_options(options)?, name: name.to_owned(), ports })
    }

    /// A collection without tenant scope.
    pub fn collection(&self, name: &str) -> Collection<Document> {
        #[expect(
            clippy::disallowed_methods,
            reason = "benchmarks and fault tests read the database directly"
        )]
        self.client.database(&self.name).collection(name)
    }

    /// The names of all collections.
    pub async fn collection_names(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.client.database(&self.name).list_collection_names().await?)
    }

    /// Checks all invariants and returns the number of examined documents.
    pub async fn check(&self) -> anyhow::Result<u64> {
        let report = self.ports.check(now()).await?;
        ensure!(report.is_clean(), "invariants are broken:\n{report}");
        Ok(report.findings.iter().map(|finding| finding.examined).sum())
    }

    /// Drops the database.
    pub async fn drop(&self) -> anyhow::Result<()> {
        Ok(self.client.database(&self.name).drop().await?)
    }
}
