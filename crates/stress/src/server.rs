//! The program `convene` as a process.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// Includes the creation of all collections on a new database.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const STOP_TIMEOUT: Duration = Duration::from_secs(35);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A running `convene serve`, which is killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    process: Child,
    address: SocketAddr,
    probe_address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Starts a server on a free port. Its settings are those of production, except for authentication by headers
    /// and no rate limits. It logs to the file `log`.
    pub async fn start(binary: &Path, uri: &str, database: &str, log: PathBuf) -> anyhow::Result<Self> {
        Self::start_with(binary, uri, database, log, &[]).await
    }

    /// Starts a server with further settings.
    pub async fn start_with(
        binary: &Path,
        uri: &str,
        database: &str,
        log: PathBuf,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let file = File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
        let mut command = program(binary, uri, database);
        command
            .arg("serve")
            .env("CONVENE_LISTEN", "127.0.0.1:0")
            .env("CONVENE_PROBE_LISTEN", "127.0.0.1:0")
            .env("CONVENE_AUTH", "headers")
            .env("CONVENE_RATE_LIMIT", "off")
            .env("CONVENE_TENANT_RATE_LIMIT", "off")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        let process = command.spawn().with_context(|| format!("cannot start {}", binary.display()))?;
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { process, address: unknown, probe_address: unknown, log };
        server.address = server.wait_until_serving().await?;
        Ok(server)
    }

    /// Waits for the log line that states the port.
    async fn wait_until_serving(&mut self) -> anyhow::Result<SocketAddr> {
        let latest = Instant::now() + START_TIMEOUT;
        while Instant::now() < latest {
            let log = fs::read_to_string(&self.log)?;
            if let Some(probes) = logged_address(&log, "answering probes", "address")? {
                self.probe_address = probes;
            }
            if let Some(address) = logged_address(&log, "serving", "listen")? {
                return Ok(address);
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("convene ended at its start ({status}): {log}");
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        bail!("convene does not serve; its log is {}", self.log.display())
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the probes and the metrics.
    pub fn probe_address(&self) -> SocketAddr {
        self.probe_address
    }

    /// The log so far.
    pub fn log(&self) -> std::io::Result<String> {
        fs::read_to_string(&self.log)
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends SIGTERM and waits for the end of the process.
    pub async fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw).context("no process has this id")?;
        kill_process(id, Signal::TERM)?;
        let latest = Instant::now() + STOP_TIMEOUT;
        loop {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status);
            }
            ensure!(Instant::now() < latest, "convene did not end within {STOP_TIMEOUT:?} after SIGTERM");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

/// `convene` for a database, without the settings of this process.
pub fn program(binary: &Path, uri: &str, database: &str) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CONVENE_")) {
        command.env_remove(name);
    }
    command.env("CONVENE_MONGODB_URI", uri).env("CONVENE_DATABASE", database);
    command
}

/// The address in a field of the log line with this message, if it is written.
fn logged_address(log: &str, message: &str, field: &str) -> anyhow::Result<Option<SocketAddr>> {
    let message = format!(r#""message":"{message}""#);
    let line = log.lines().find(|line| line.contains(&message));
    let field = format!(r#""{field}":""#);
    let Some((_, rest)) = line.and_then(|line| line.split_once(&field)) else { return Ok(None) };
    let address = rest.split('"').next().unwrap_or_default();
    address.parse().map(Some).with_context(|| format!("{address} is not an address"))
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if the process has ended.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
