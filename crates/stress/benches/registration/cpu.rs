//! CPU time of processes, from `/proc/<id>/stat`.

use std::{fs, time::Duration};

use anyhow::{Context, ensure};

/// CPU time, in total or within an interval.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// The sum of all `convene` processes.
    pub(crate) convene: Duration,
    pub(crate) mongod: Duration,
    /// This process: the client, and the variants on the bare driver.
    pub(crate) client: Duration,
}

impl Usage {
    /// The difference to an earlier measurement.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            convene: self.convene.saturating_sub(before.convene),
            mongod: self.mongod.saturating_sub(before.mongod),
            client: self.client.saturating_sub(before.client),
        }
    }
}

/// The CPU time of a process in user mode and in the kernel.
pub(crate) fn process_usage(id: u32) -> anyhow::Result<Duration> {
    let path = format!("/proc/{id}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    // Field 2 is the name in brackets, which may contain anything; field 3 of proc(5) follows it.
    let (_, fields) = stat.rsplit_once(')').with_context(|| format!("{path} has no name"))?;
    let ticks = |number: usize| -> anyhow::Result<u64> {
        let field = fields
            .split_whitespace()
            .nth(number - 3)
            .with_context(|| format!("{path} has too few fields"))?;
        Ok(field.parse()?)
    };
    let per_second = rustix::param::clock_ticks_per_second();
    ensure!(per_second > 0, "the clock has no ticks");
    Ok(Duration::from_millis((ticks(14)? + ticks(15)?) * 1_000 / per_second))
}
