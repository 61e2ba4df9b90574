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
    log: PathBuf,
}

impl Server {
    /// Starts a server on a free port. Its settings are those of production, except for authentication by headers
    /// and no rate limit. It logs to the file `log`.
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
        server.address = server.wait_until_serving().await?;
        Ok(server)
    }

    /// Waits for the log line that states the port.
    async fn wait_until_serving(&mut self) -> anyhow::Result<SocketAddr> {
        let latest = Instant::now() + START_TIMEOUT;
        while Instant::now() < latest {
            let log = fs::read_to_string(&self.log)?;
            let serving = log.lines().find(|line| line.contains(r#""message":"serving""#));
            if let Some((_, listen)) = serving.and_then(|line| line.split_once(r#""listen":""#)) {
                let address = listen.split('"').next().unwrap_or_default();
                return address.parse().with_context(|| format!("{address} is not an address"));
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

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if the process has ended.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
