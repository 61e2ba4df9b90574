//! Counting instructions: this program runs itself under valgrind.

use std::process::Command;

use crate::work::Work;

const FLAG: &str = "--repeat";

/// A valgrind that can be run.
pub(crate) struct Counter {
    program: std::path::PathBuf,
}

/// The task of a run under valgrind: the name of a work item and the number of repetitions.
pub(crate) fn child_arguments(arguments: &[String]) -> Option<(&str, u32)> {
    match arguments {
        [_, flag, name, repetitions] if flag == FLAG => Some((name, repetitions.parse().ok()?)),
        _ => None,
    }
}

impl Counter {
    /// Valgrind, if it is installed.
    pub(crate) fn find() -> Option<Self> {
        let found =
            Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success());
        found.then(std::env::current_exe)?.ok().map(|program| Self { program })
    }

    /// The instructions of one repetition: what a few more cost, so that preparing does not count.
    pub(crate) fn count(&self, work: &Work) -> Option<u64> {
        let more = 4;
        Some(self.run(&work.name, 1 + more)?.saturating_sub(self.run(&work.name, 1)?) / u64::from(more))
    }

    fn run(&self, name: &str, repetitions: u32) -> Option<u64> {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(&self.program)
            .args([FLAG, name, &repetitions.to_string()])
            .output()
            .ok()?;
        let report = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = report.lines().find_map(|line| line.split_once("Collected :"))?;
        line.1.trim().parse().ok()
    }
}
