//! Child processes that are stopped with this process.
//!
//! Every child gets a process group of its own. Ctrl-C at the terminal therefore reaches this process only, which
//! stops its children in the right order: the server before its database.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, anyhow};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::interrupt::Interrupt;
use crate::output::print_line;

/// The time between SIGTERM and SIGKILL.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_RUN: Duration = Duration::from_secs(7 * 24 * 3600);

/// A running child and its descendants.
pub(crate) struct ChildGroup {
    child: Child,
    program: String,
    stop_timeout: Duration,
}

impl ChildGroup {
    /// Starts the command in a process group of its own, without standard input.
    pub(crate) fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        Ok(Self { child, program, stop_timeout: STOP_TIMEOUT })
    }

    /// Sets the time between SIGTERM and SIGKILL.
    pub(crate) fn with_stop_timeout(mut self, stop_timeout: Duration) -> Self {
        self.stop_timeout = stop_timeout;
        self
    }

    /// The process id of the child, which is also the id of its group.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, if the child has ended.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot wait for {}", self.program))
    }

    /// Waits for the end of the child. A signal to this process interrupts the wait.
    pub(crate) fn wait(&mut self, interrupt: &Interrupt) -> anyhow::Result<ExitStatus> {
        interrupt
            .poll(MAX_RUN, || self.ended())?
            .ok_or_else(|| anyhow!("{} ran longer than a week", self.program))
    }

    /// Sends SIGTERM, and SIGKILL after the timeout or a further signal.
    pub(crate) fn stop(&mut self, interrupt: &Interrupt) -> anyhow::Result<ExitStatus> {
        interrupt.take();
        self.signal(Signal::TERM);
        if let Ok(Some(status)) = interrupt.poll(self.stop_timeout, || self.ended()) {
            return Ok(status);
        }
        self.signal(Signal::KILL);
        self.child.wait().with_context(|| format!("cannot wait for {}", self.program))
    }

    fn signal(&self, signal: Signal) {
        // This fails only if the group has ended.
        kill_process_group(Pid::from_child(&self.child), signal).ok();
    }
}

impl Drop for ChildGroup {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop(&Interrupt::default()).ok();
        }
    }
}

/// Runs the command with inherited output.
pub(crate) fn run(command: &mut Command, interrupt: &Interrupt) -> anyhow::Result<ExitStatus> {
    ChildGroup::spawn(command)?.wait(interrupt)
}

/// Runs the command. Every line of its standard output is printed and passed to `read`.
pub(crate) fn run_reading(
    command: &mut Command,
    interrupt: &Interrupt,
    mut read: impl FnMut(&str) + Send,
) -> anyhow::Result<ExitStatus> {
    let mut group = ChildGroup::spawn(command.stdout(Stdio::piped()))?;
    let stdout = group.child.stdout.take().context("the child has no standard output")?;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                print_line(&line);
                read(&line);
            }
        });
        let status = group.wait(interrupt);
        // Stops the child if the wait was interrupted, so that the reader thread ends.
        drop(group);
        status
    })
}

/// The command line of a process, as `ps` shows it. `None` if the process does not exist or is a zombie.
pub(crate) fn command_line(pid: u32) -> Option<String> {
    let joined = match std::fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).replace('\0', " "),
        Err(_) if std::path::Path::new("/proc/self/cmdline").exists() => return None,
        // Systems without /proc.
        Err(_) => {
            let listed =
                Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid.to_string()]).output().ok()?;
            String::from_utf8_lossy(&listed.stdout).into_owned()
        }
    };
    let joined = joined.trim();
    (!joined.is_empty()).then(|| joined.to_owned())
}

/// Returns true if a process is exiting: it has lost its command line, but may still hold its port and files.
/// Detected on systems with /proc only.
pub(crate) fn is_ending(pid: u32) -> bool {
    // The format is "pid (name) state ...". The name may contain anything.
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    command_line(pid).is_none() && state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_reading_passes_each_line_to_the_callback() {
        let mut lines = Vec::new();
        let status = run_reading(
            Command::new("sh").args(["-c", "echo one; echo two; exit 3"]),
            &Interrupt::default(),
            |it| {
                lines.push(it.to_owned());
            },
        )
        .unwrap();
        assert_eq!(status.code(), Some(3));
        assert_eq!(lines, ["one", "two"]);
    }

    #[test]
    fn dropping_a_group_stops_the_grandchildren() {
        let mut group = ChildGroup::spawn(
            Command::new("sh").args(["-c", "sleep 600 & echo $!; wait"]).stdout(Stdio::piped()),
        )
        .unwrap();
        let mut line = String::new();
        BufReader::new(group.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let grandchild: u32 = line.trim().parse().unwrap();
        let becomes = |alive: bool| {
            let there = || Ok((command_line(grandchild).is_some() == alive).then_some(()));
            Interrupt::default().poll(STOP_TIMEOUT, there).unwrap().is_some()
        };
        assert!(becomes(true));
        drop(group);
        assert!(becomes(false));
    }

    #[test]
    fn a_child_that_ignores_sigterm_is_killed() {
        let mut group = ChildGroup::spawn(
            Command::new("sh").args(["-c", "trap '' TERM; echo ready; sleep 600"]).stdout(Stdio::piped()),
        )
        .unwrap()
        .with_stop_timeout(Duration::from_millis(50));
        let mut line = String::new();
        BufReader::new(group.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let status = group.stop(&Interrupt::default()).unwrap();
        assert_eq!(status.code(), None, "ended by a signal: {status}");
    }
}
