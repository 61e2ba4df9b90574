//! A mongod process: start, rediscovery after a killed run, and stop.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::{Purpose, wire};
use crate::child::command_line;
use crate::interrupt::Interrupt;

/// Includes the recovery after a kill, which takes seconds.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Includes the last checkpoint.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// The exit code of mongod if its port is in use.
const EXIT_PORT_TAKEN: i32 = 48;
/// The name of every replica set.
pub(super) const SET_NAME: &str = "rs0";

/// A running mongod, which is stopped when it is dropped.
#[derive(Debug)]
pub(crate) struct Mongod {
    binary: PathBuf,
    folder: PathBuf,
    purpose: Purpose,
    port: u16,
    pid: u32,
    /// `None` if an earlier run started the process.
    child: Option<Child>,
}

impl Mongod {
    /// Starts a mongod with its data and log in `folder`, on the given port if it is free, or on any other.
    pub(super) fn start(
        binary: &Path,
        folder: &Path,
        purpose: Purpose,
        port: Option<u16>,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        const ATTEMPTS: usize = 3;
        fs::create_dir_all(folder.join("data"))
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let mut preferred = port;
        for _ in 0..ATTEMPTS {
            let port = preferred.take().filter(|port| is_free(*port)).map_or_else(any_free_port, Ok)?;
            let child = command(binary, folder, purpose, port)
                .spawn()
                .with_context(|| format!("cannot start {}", binary.display()))?;
            let pid = child.id();
            let (binary, folder) = (binary.to_owned(), folder.to_owned());
            let mut mongod = Self { binary, folder, purpose, port, pid, child: Some(child) };
            if mongod.wait_until_listening(interrupt)? {
                return Ok(mongod);
            }
        }
        bail!("mongod found no free port in {ATTEMPTS} attempts")
    }

    /// Finds the mongod on the data in `folder` that a killed run left running.
    ///
    /// mongod stores its process id in a lock file. The file may be stale and the id reused, so the command line of
    /// the process must also name this folder.
    pub(super) fn left_over(binary: &Path, folder: &Path, purpose: Purpose) -> Option<Self> {
        let pid = fs::read_to_string(folder.join("data/mongod.lock")).ok()?.trim().parse().ok()?;
        let port = port_of(&command_line(pid)?, folder)?;
        Some(Self { binary: binary.to_owned(), folder: folder.to_owned(), purpose, port, pid, child: None })
    }

    /// The address, as `host:port`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The log file.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("mongod.log")
    }

    pub(crate) fn is_running(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => command_line(self.pid).and_then(|line| port_of(&line, &self.folder)).is_some(),
        }
    }

    /// Fails if mongod has ended. The error contains the end of its log, which may be deleted with the data.
    pub(crate) fn check_running(&mut self) -> anyhow::Result<()> {
        if self.is_running() {
            return Ok(());
        }
        let status = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
        let status = status.map_or_else(String::new, |status| format!(" ({status})"));
        let log = fs::read(self.log()).unwrap_or_default();
        bail!("mongod has ended{status}; the end of its log, {}:\n{}", self.log().display(), last_lines(&log))
    }

    /// Stops mongod: orderly if the data is kept, or else with SIGKILL.
    pub(crate) fn stop(&mut self) {
        if self.purpose.keeps_data() {
            self.signal(Signal::TERM);
            // A stopped process handles SIGTERM only after SIGCONT.
            self.signal(Signal::CONT);
            if self.ends_within(STOP_TIMEOUT) {
                return;
            }
        }
        self.kill();
    }

    /// Sends SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.ends_within(STOP_TIMEOUT);
    }

    /// Restarts mongod on the same data and port.
    pub(crate) fn restart(&mut self, interrupt: &Interrupt) -> anyhow::Result<()> {
        self.stop();
        let child = command(&self.binary, &self.folder, self.purpose, self.port).spawn()?;
        self.pid = child.id();
        self.child = Some(child);
        if self.wait_until_listening(interrupt)? { Ok(()) } else { bail!("port {} is taken", self.port) }
    }

    /// Waits until mongod answers. Returns false if its port is in use.
    fn wait_until_listening(&mut self, interrupt: &Interrupt) -> anyhow::Result<bool> {
        let answered = interrupt.poll(START_TIMEOUT, || {
            if let Some(status) =
                self.child.as_mut().and_then(|child| child.try_wait().transpose()).transpose()?
            {
                if status.code() == Some(EXIT_PORT_TAKEN) {
                    return Ok(Some(false));
                }
                bail!("mongod ended at once ({status}); its log is {}", self.log().display());
            }
            Ok(wire::hello(&self.address()).is_ok().then_some(true))
        })?;
        answered.with_context(|| {
            format!(
                "mongod does not answer after {} s; its log is {}",
                START_TIMEOUT.as_secs(),
                self.log().display()
            )
        })
    }

    fn ends_within(&mut self, limit: Duration) -> bool {
        let gone = Interrupt::default().poll(limit, || Ok((!self.is_running()).then_some(())));
        matches!(gone, Ok(Some(())))
    }

    fn signal(&mut self, signal: Signal) {
        // The check prevents a signal to another process with a reused id.
        if self.is_running()
            && let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw)
        {
            // This fails only if the process has ended.
            kill_process(pid, signal).ok();
        }
    }
}

impl Drop for Mongod {
    fn drop(&mut self) {
        self.stop();
    }
}

fn command(binary: &Path, folder: &Path, purpose: Purpose, port: u16) -> Command {
    let mut command = Command::new(binary);
    // `port_of` depends on this order of arguments.
    command
        .arg("--dbpath")
        .arg(folder.join("data"))
        .args(["--port", &port.to_string(), "--bind_ip", "127.0.0.1", "--replSet", SET_NAME])
        .arg("--logpath")
        .arg(folder.join("mongod.log"))
        .arg("--logappend")
        .args(purpose.flags())
        // Ctrl-C must not reach mongod, because the server is stopped before its database.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// The last lines of a log, truncated.
fn last_lines(log: &[u8]) -> String {
    const LINES: usize = 40;
    const CHARACTERS: usize = 1_000;
    let log = String::from_utf8_lossy(log);
    // The frames of a stack trace are also logged as one line.
    let lines = log.lines().rev().filter(|line| !line.contains(r#""msg":"Frame""#)).take(LINES);
    let mut lines: Vec<String> = lines.map(|line| line.chars().take(CHARACTERS).collect()).collect();
    lines.reverse();
    lines.join("\n")
}

/// The port of the mongod with this command line, if its data is in `folder`.
fn port_of(command_line: &str, folder: &Path) -> Option<u16> {
    let (program, arguments) = command_line.split_once(" --dbpath ")?;
    if Path::new(program).file_name()? != "mongod" {
        return None;
    }
    let rest = arguments.strip_prefix(folder.join("data").to_str()?)?.strip_prefix(" --port ")?;
    rest.split(' ').next()?.parse().ok()
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A free port. If it is taken before mongod starts, the start is repeated.
fn any_free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_lines_truncates_the_log() {
        let mut log: String = (0..100).map(|number| format!("{number}{}\n", "x".repeat(2_000))).collect();
        log += &"{\"msg\":\"Frame\"}\n".repeat(40);
        let end = last_lines(log.as_bytes());
        assert!(end.starts_with("60x") && end.len() <= 40 * 1_001, "{}", end.len());
        assert_eq!(last_lines(b"a\nb\n"), "a\nb");
    }

    #[test]
    fn port_of_requires_mongod_and_the_folder() {
        let folder = Path::new("/clone/.convene/mongo");
        let line = "/usr/bin/mongod --dbpath /clone/.convene/mongo/data --port 27018 --bind_ip 127.0.0.1";
        assert_eq!(port_of(line, folder), Some(27018));
        assert_eq!(port_of(line, Path::new("/clone/.convene")), None);
        assert_eq!(port_of(line, Path::new("/other/.convene/mongo")), None);
        assert_eq!(port_of(&line.replace("mongod", "tail"), folder), None);
        assert_eq!(port_of("/usr/bin/mongod --config /etc/mongod.conf", folder), None);
    }

    #[test]
    fn a_stale_lock_file_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let left_over = || Mongod::left_over(Path::new("mongod"), folder.path(), Purpose::Development);
        assert!(left_over().is_none(), "no lock file");
        fs::create_dir(folder.path().join("data")).unwrap();
        let lock = folder.path().join("data/mongod.lock");
        // Empty after an orderly stop; after a kill, a stale id or, as here, the id of another program.
        for content in [String::new(), "4194304999".to_owned(), format!("{}\n", std::process::id())] {
            fs::write(&lock, &content).unwrap();
            assert!(left_over().is_none(), "{content:?}");
        }
    }

    #[test]
    fn a_taken_port_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(listener.local_addr().unwrap().port()));
    }
}
