//! CPU time and memory of processes, from `/proc/<id>/stat`.

use std::{fs, time::Duration};

use anyhow::{Context, ensure};

/// CPU time, in total or within an interval.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// The sum of all `convene` processes.
    pub convene: Duration,
    pub mongod: Duration,
    /// This process: the client, and the variants on the bare driver.
    pub client: Duration,
}

impl Usage {
    /// The difference to an earlier measurement.
    pub fn since(self, before: Self) -> Self {
        Self {
            convene: self.convene.saturating_sub(before.convene),
            mongod: self.mongod.saturating_sub(before.mongod),
            client: self.client.saturating_sub(before.client),
        }
    }
}

/// The CPU time of a process in user mode and in the kernel.
pub fn process_usage(id: u32) -> anyhow::Result<Duration> {
    let per_second = rustix::param::clock_ticks_per_second();
    ensure!(per_second > 0, "the clock has no ticks");
    Ok(Duration::from_millis((field(id, 14)? + field(id, 15)?) * 1_000 / per_second))
}

/// The resident memory of a process.
pub fn resident_bytes(id: u32) -> anyhow::Result<u64> {
    Ok(field(id, 24)? * u64::try_from(rustix::param::page_size())?)
}

/// A numeric field of proc(5).
fn field(id: u32, number: usize) -> anyhow::Result<u64> {
    let path = format!("/proc/{id}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    // Field 2 is the name in brackets, which may contain anything; field 3 follows it.
    let (_, fields) = stat.rsplit_once(')').with_context(|| format!("{path} has no name"))?;
    let text = fields.split_whitespace().nth(number - 3);
    Ok(text.with_context(|| format!("{path} has too few fields"))?.parse()?)
}
