//! The database behind the servers, seen from behind.

use std::sync::Arc;

use anyhow::ensure;
use bson::Document;
use convene_infrastructure_mongo::{
    connect::{ConnectionSettings, connect, make_safe},
    ports::MongoPorts,
};
use mongodb::{Client, Collection, options::ClientOptions};

use crate::system::{SystemRandom, TimeOrderedIds, now};

/// A database of the layout that Convene uses.
#[derive(Clone)]
pub struct Storage {
    /// The driver's own client, with the settings that Convene has.
    pub client: Client,
    /// The database's name.
    pub name: String,
    ports: MongoPorts,
}

impl Storage {
    /// Makes the collections, or finds them made.
    pub async fn prepare(uri: &str, name: &str) -> anyhow::Result<Self> {
        let settings = ConnectionSettings { uri: uri.to_owned(), database: Some(name.to_owned()) };
        let ports = connect(&settings, Arc::new(TimeOrderedIds), Arc::new(SystemRandom)).await?;
        ports.prepare().await?;
        let mut options = ClientOptions::parse(uri).await?;
        make_safe(&mut options);
        options.app_name = Some("observer".to_owned());
        // As many as there are callers at most: the bare driver is to be held up by the database alone.
        options.max_pool_size = Some(256);
        Ok(Self { client: Client::with_options(options)?, name: name.to_owned(), ports })
    }

    /// A collection, past everything that guards it.
    pub fn collection(&self, name: &str) -> Collection<Document> {
        #[expect(clippy::disallowed_methods, reason = "benchmarks and fault tests look behind the door")]
        self.client.database(&self.name).collection(name)
    }

    /// Checks every invariant, and says how many documents were looked at.
    pub async fn check(&self) -> anyhow::Result<u64> {
        let report = self.ports.check(now()).await?;
        ensure!(report.is_clean(), "invariants are broken:\n{report}");
        Ok(report.findings.iter().map(|finding| finding.examined).sum())
    }

    /// Deletes all of it.
    pub async fn drop(&self) -> anyhow::Result<()> {
        Ok(self.client.database(&self.name).drop().await?)
    }
}
