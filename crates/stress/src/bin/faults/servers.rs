//! The two `convene` processes and their restarts.

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

/// The number of processes.
pub(crate) const SERVERS: usize = 2;

/// The current process of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    /// The number of earlier processes.
    pub(crate) generation: u32,
}

pub(crate) struct Servers {
    settings: Settings,
    database: String,
    servers: Vec<AsyncMutex<Server>>,
    endpoints: Mutex<Vec<Endpoint>>,
}

impl Servers {
    pub(crate) async fn start(settings: &Settings, database: &str) -> anyhow::Result<Self> {
        let mut servers = Self {
            settings: settings.clone(),
            database: database.to_owned(),
            servers: Vec::new(),
            endpoints: Mutex::default(),
        };
        for number in 0..SERVERS {
            let server = servers.server(number, 0).await?;
            servers.update_endpoints(|endpoints| {
                endpoints.push(Endpoint { address: server.address(), generation: 0 });
            });
            servers.servers.push(AsyncMutex::new(server));
        }
        Ok(servers)
    }

    pub(crate) fn endpoint(&self, number: usize) -> Endpoint {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner)[number]
    }

    pub(crate) async fn process(&self, number: usize) -> u32 {
        self.servers[number].lock().await.id()
    }

    /// Terminates a server and waits for its end.
    pub(crate) async fn stop(&self, number: usize) -> anyhow::Result<ExitStatus> {
        self.servers[number].lock().await.stop().await
    }

    /// Starts a new process, and kills the old one if it still runs.
    pub(crate) async fn restart(&self, number: usize) -> anyhow::Result<()> {
        let generation = self.endpoint(number).generation + 1;
        let server = self.server(number, generation).await.with_context(|| format!("server {number}"))?;
        let address = server.address();
        *self.servers[number].lock().await = server;
        self.update_endpoints(|endpoints| endpoints[number] = Endpoint { address, generation });
        Ok(())
    }

    async fn server(&self, number: usize, generation: u32) -> anyhow::Result<Server> {
        let log: PathBuf = self.settings.folder.join(format!("convene-{number}-{generation}.log"));
        Server::start(&self.settings.binary, &self.settings.uri, &self.database, log).await
    }

    fn update_endpoints(&self, change: impl FnOnce(&mut Vec<Endpoint>)) {
        change(&mut self.endpoints.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
