//! The metrics of the process, by the conventions of Prometheus. They are read from proc(5); other systems have none.

use std::fs;

use super::names::{
    PROCESS_CPU, PROCESS_MAX_FILES, PROCESS_MEMORY, PROCESS_OPEN_FILES, PROCESS_START, PROCESS_THREADS,
};

/// Records the current values.
pub(super) fn record_process() {
    if let Some(Process { processor_seconds, resident_bytes, threads, started }) = Process::read() {
        metrics::gauge!(PROCESS_CPU).set(processor_seconds);
        metrics::gauge!(PROCESS_MEMORY).set(resident_bytes);
        metrics::gauge!(PROCESS_THREADS).set(threads);
        metrics::gauge!(PROCESS_START).set(started);
    }
    if let Some(files) = open_files() {
        metrics::gauge!(PROCESS_OPEN_FILES).set(files);
    }
    if let Some(files) = max_files() {
        metrics::gauge!(PROCESS_MAX_FILES).set(files);
    }
}

struct Process {
    processor_seconds: f64,
    resident_bytes: f64,
    threads: f64,
    /// Seconds since 1970.
    started: f64,
}

impl Process {
    fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // Field 2 is the name in brackets, which may contain anything; field 3 follows it.
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<f64> = fields.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect();
        let field = |number: usize| fields.get(number - 3).copied();
        let ticks = rustix::param::clock_ticks_per_second();
        let (ticks, page) = (as_f64(ticks)?, as_f64(u64::try_from(rustix::param::page_size()).ok()?)?);
        Some(Self {
            processor_seconds: (field(14)? + field(15)?) / ticks,
            resident_bytes: field(24)? * page,
            threads: field(20)?,
            started: booted()? + field(22)? / ticks,
        })
    }
}

/// The start of the machine, in seconds since 1970.
fn booted() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn open_files() -> Option<f64> {
    // The folder itself is open while it is read.
    let files = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    as_f64(u64::try_from(files).ok()?)
}

fn max_files() -> Option<f64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    limit.split_whitespace().next()?.parse().ok()
}

/// The number, if it is exact.
fn as_f64(number: u64) -> Option<f64> {
    u32::try_from(number).ok().map(f64::from)
}
