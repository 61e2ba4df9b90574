//! The program `convene` as a process of its own.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take until it serves: on a fresh database it makes all collections first.
const START: Duration = Duration::from_secs(60);
/// How long a server may take to end.
const STOP: Duration = Duration::from_secs(35);
/// How often something is looked at that gives no sign.
const GLANCE: Duration = Duration::from_millis(10);

/// A running `convene serve`. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    process: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Starts one on a free port, with the settings of production but for two: it believes headers, and no rate is
    /// too high. It logs to a file of this name.
    pub async fn start(binary: &Path, uri: &str, database: &str, log: PathBuf) -> anyhow::Result<Self> {
        let file = File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
        let mut command = Command::new(binary);
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CONVENE_"))
        {
            command.env_remove(name);
        }
        command
            .arg("serve")
            .env("CONVENE_MONGODB_URI", uri)
            .env("CONVENE_DATABASE", database)
            .env("CONVENE_LISTEN", "127.0.0.1:0")
            .env("CONVENE_AUTH", "headers")
            .env("CONVENE_RATE_LIMIT", "off")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        let process = command.spawn().with_context(|| format!("cannot start {}", binary.display()))?;
        let mut server = Self { process, address: SocketAddr::from(([127, 0, 0, 1], 0)), log };
        server.address = server.begins_to_serve().await?;
        Ok(server)
    }

    /// Its log says which port it was given.
    async fn begins_to_serve(&mut self) -> anyhow::Result<SocketAddr> {
        let latest = Instant::now() + START;
        while Instant::now() < latest {
            let log = fs::read_to_string(&self.log)?;
            let serving = log.lines().find(|line| line.contains(r#""message":"serving""#));
            if let Some((_, listen)) = serving.and_then(|line| line.split_once(r#""listen":""#)) {
                let address = listen.split('"').next().unwrap_or_default();
                return address.parse().with_context(|| format!("{address} is no address"));
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("convene ended at its start ({status}): {log}");
            }
            tokio::time::sleep(GLANCE).await;
        }
        bail!("convene does not serve; its log is {}", self.log.display())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw).context("no process has this id")?;
        kill_process(id, Signal::TERM)?;
        let latest = Instant::now() + STOP;
        loop {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status);
            }
            ensure!(Instant::now() < latest, "convene has not ended {STOP:?} after it was told to");
            tokio::time::sleep(GLANCE).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; there is nothing to be done about either.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
