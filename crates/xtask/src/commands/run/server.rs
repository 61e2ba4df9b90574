//! The server process: start, health check and stop.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use super::convene::Convene;
use crate::child::{ChildGroup, command_line, is_ending};
use crate::interrupt::Interrupt;

/// Includes the creation of all indexes, which takes seconds.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Longer than the 30 seconds that the server gives requests in flight by default.
const STOP_TIMEOUT: Duration = Duration::from_secs(40);

/// The readiness request.
const REQUEST: &[u8] = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A running `convene serve`, which is stopped when it is dropped.
pub(super) struct Server {
    process: ChildGroup,
    port: u16,
    pid_file: PathBuf,
}

impl Server {
    /// Starts the server and stores its process id for later runs.
    pub(super) fn start(convene: &Convene, state: &Path) -> anyhow::Result<Self> {
        let process = ChildGroup::spawn(&mut convene.command("serve"))?.with_stop_timeout(STOP_TIMEOUT);
        let pid_file = pid_file(state);
        fs::write(&pid_file, process.pid().to_string())?;
        Ok(Self { process, port: convene.port(), pid_file })
    }

    /// Waits until the server is ready. Returns its exit status if it ends first.
    pub(super) fn wait_until_ready(&mut self, interrupt: &Interrupt) -> anyhow::Result<Option<ExitStatus>> {
        let outcome = interrupt.poll(START_TIMEOUT, || match self.ended()? {
            Some(status) => Ok(Some(Some(status))),
            None => Ok(is_ready(self.port).then_some(None)),
        })?;
        outcome.with_context(|| format!("convene is not ready after {} s", START_TIMEOUT.as_secs()))
    }

    /// The exit status, if the server has ended.
    pub(super) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.process.ended()
    }

    /// Stops the server after the requests in flight, or immediately after a further signal.
    pub(super) fn stop(&mut self, interrupt: &Interrupt) -> anyhow::Result<ExitStatus> {
        self.process.stop(interrupt)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.stop(&Interrupt::default()).ok();
        fs::remove_file(&self.pid_file).ok();
    }
}

/// Stops the server that a killed run left running.
pub(super) fn end_left_over(state: &Path, binary: &Path) {
    let Some(pid) = left_over(state, binary) else { return };
    let gone = |limit| {
        let ends = || is_ending(pid.as_raw_nonzero().get().unsigned_abs());
        let gone = || Ok((left_over(state, binary).is_none() && !ends()).then_some(()));
        matches!(Interrupt::default().poll(limit, gone), Ok(Some(())))
    };
    // A signal fails only if the process has ended.
    kill_process_group(pid, Signal::TERM).ok();
    if !gone(STOP_TIMEOUT) {
        kill_process_group(pid, Signal::KILL).ok();
        gone(STOP_TIMEOUT);
    }
}

/// The process of the pid file, if it is still the server and not another program with a reused id.
fn left_over(state: &Path, binary: &Path) -> Option<Pid> {
    let pid: u32 = fs::read_to_string(pid_file(state)).ok()?.trim().parse().ok()?;
    let expected = format!("{} serve", binary.display());
    let found = command_line(pid)?.starts_with(&expected);
    found.then(|| i32::try_from(pid).ok().and_then(Pid::from_raw)).flatten()
}

fn pid_file(state: &Path) -> PathBuf {
    state.join("convene.pid")
}

/// Returns the port if it is free, or any free one for port 0.
pub(super) fn free_port(port: u16) -> anyhow::Result<u16> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(listener) => Ok(listener.local_addr()?.port()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!("port {port} is in use; choose another with --port")
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on port {port}")),
    }
}

fn is_ready(port: u16) -> bool {
    const TIMEOUT: Duration = Duration::from_secs(5);
    let ask = || -> std::io::Result<[u8; 12]> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.write_all(REQUEST)?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status)
    };
    ask().is_ok_and(|status| &status == b"HTTP/1.1 200")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts a server that answers one connection with the status line.
    fn answer(status: &'static str) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            // The whole request is read, because closing with unread bytes would reset the connection.
            let mut request = [0; REQUEST.len()];
            stream.read_exact(&mut request).unwrap();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").unwrap();
        });
        port
    }

    #[test]
    fn only_200_is_ready() {
        assert!(is_ready(answer("200 OK")));
        assert!(!is_ready(answer("503 Service Unavailable")));
        assert!(!is_ready(free_port(0).unwrap()));
    }

    #[test]
    fn a_port_in_use_is_refused_with_the_option_to_change_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = free_port(port).unwrap_err().to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--port"), "{error}");
    }

    #[test]
    fn a_stale_process_id_is_ignored() {
        let state = tempfile::tempdir().unwrap();
        let binary = std::env::current_exe().unwrap();
        assert!(left_over(state.path(), &binary).is_none());
        // This test is a running process, but not `serve`.
        for content in ["", "none", "4194304999", &std::process::id().to_string()] {
            fs::write(pid_file(state.path()), content).unwrap();
            assert!(left_over(state.path(), &binary).is_none(), "{content:?}");
        }
    }

    #[test]
    fn a_left_over_server_is_stopped() {
        let state = tempfile::tempdir().unwrap();
        // A program that ignores its argument `serve`, under a name of its own.
        let binary = state.path().join("convene");
        fs::copy("/bin/sh", &binary).unwrap();
        fs::write(state.path().join("serve"), "sleep 600; true").unwrap();
        let mut command = std::process::Command::new(&binary);
        let mut process = ChildGroup::spawn(command.arg("serve").current_dir(state.path())).unwrap();
        fs::write(pid_file(state.path()), process.pid().to_string()).unwrap();
        let started = || Ok(left_over(state.path(), &binary));
        assert!(Interrupt::default().poll(STOP_TIMEOUT, started).unwrap().is_some());

        end_left_over(state.path(), &binary);
        assert!(process.ended().unwrap().is_some());
    }
}
