//! Time on the processor, from `/proc/<id>/stat`.

use std::{fs, time::Duration};

use anyhow::{Context, ensure};

/// What the processes have used, or used in a while.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// All processes of `convene` together.
    pub(crate) convene: Duration,
    /// The database.
    pub(crate) mongod: Duration,
    /// This process: client, and what runs on the bare driver.
    pub(crate) client: Duration,
}

impl Usage {
    /// What was used since an earlier moment.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            convene: self.convene.saturating_sub(before.convene),
            mongod: self.mongod.saturating_sub(before.mongod),
            client: self.client.saturating_sub(before.client),
        }
    }
}

/// What a process has used so far, in user mode and in the kernel.
pub(crate) fn of_process(id: u32) -> anyhow::Result<Duration> {
    let path = format!("/proc/{id}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    // The second field is the name in brackets, which may hold anything; the fields after it are proc(5)'s 3 on.
    let (_, fields) = stat.rsplit_once(')').with_context(|| format!("{path} has no name"))?;
    let ticks = |number: usize| -> anyhow::Result<u64> {
        let field = fields.split_whitespace().nth(number - 3).with_context(|| format!("{path} is short"))?;
        Ok(field.parse()?)
    };
    let per_second = rustix::param::clock_ticks_per_second();
    ensure!(per_second > 0, "the clock does not tick");
    Ok(Duration::from_millis((ticks(14)? + ticks(15)?) * 1_000 / per_second))
}
