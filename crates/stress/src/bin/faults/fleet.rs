//! The two `convene` processes, as they come and go.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::ExitStatus,
    sync::{Mutex, PoisonError},
};

use anyhow::Context;
use convene_stress::Server;
use tokio::sync::Mutex as AsyncMutex;

use crate::settings::Settings;

/// How many processes serve.
pub(crate) const SERVERS: usize = 2;

/// Where a server is to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Where the present process listens.
    pub(crate) address: SocketAddr,
    /// How many processes there were before it.
    pub(crate) generation: u32,
}

/// The processes.
pub(crate) struct Fleet {
    settings: Settings,
    database: String,
    servers: Vec<AsyncMutex<Server>>,
    places: Mutex<Vec<Place>>,
}

impl Fleet {
    /// Starts them.
    pub(crate) async fn start(settings: &Settings, database: &str) -> anyhow::Result<Self> {
        let mut fleet = Self {
            settings: settings.clone(),
            database: database.to_owned(),
            servers: Vec::new(),
            places: Mutex::default(),
        };
        for number in 0..SERVERS {
            let server = fleet.server(number, 0).await?;
            fleet.put(|places| places.push(Place { address: server.address(), generation: 0 }));
            fleet.servers.push(AsyncMutex::new(server));
        }
        Ok(fleet)
    }

    /// Where a server is now.
    pub(crate) fn place(&self, number: usize) -> Place {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)[number]
    }

    /// The process id of a server.
    pub(crate) async fn process(&self, number: usize) -> u32 {
        self.servers[number].lock().await.id()
    }

    /// Asks a server to end, and waits until it has.
    pub(crate) async fn stop(&self, number: usize) -> anyhow::Result<ExitStatus> {
        self.servers[number].lock().await.stop().await
    }

    /// Starts a server anew; the old one is killed if it still runs.
    pub(crate) async fn restart(&self, number: usize) -> anyhow::Result<()> {
        let generation = self.place(number).generation + 1;
        let server = self.server(number, generation).await.with_context(|| format!("server {number}"))?;
        let address = server.address();
        *self.servers[number].lock().await = server;
        self.put(|places| places[number] = Place { address, generation });
        Ok(())
    }

    async fn server(&self, number: usize, generation: u32) -> anyhow::Result<Server> {
        let log: PathBuf = self.settings.folder.join(format!("convene-{number}-{generation}.log"));
        Server::start(&self.settings.binary, &self.settings.uri, &self.database, log).await
    }

    fn put(&self, change: impl FnOnce(&mut Vec<Place>)) {
        change(&mut self.places.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
