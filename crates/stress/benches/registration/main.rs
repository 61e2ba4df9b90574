//! What a registration costs through HTTP, beside the same work on the bare MongoDB driver.
//!
//! `cargo xtask bench registration` starts a database and runs all parts; names of parts after `--` choose some.
//! `CONVENE_BENCH_SCALE` (a percentage, 100 by default) makes all of it smaller, `CONVENE_BENCH_ROUNDS` (3) says how
//! often each measurement is repeated, of which the median counts. Every part ends with a check of all invariants
//! and of exact counts; `docs/benchmarks.md` tells what is measured, and how.

mod bare;
mod contender;
mod convene;
mod cpu;
mod drive;
mod parts;
mod settings;
mod stage;
mod table;

use settings::{Part, Settings};
use stage::Stage;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    let mut stage = Stage::set(&settings).await?;
    for part in &settings.parts {
        match part {
            Part::Spread => parts::spread::run(&mut stage, &settings).await?,
            Part::Rush => parts::rush::run(&mut stage, &settings).await?,
            Part::Member => parts::member::run(&mut stage, &settings).await?,
            Part::Mixed => parts::mixed::run(&mut stage, &settings).await?,
        }
        stage.verify().await?;
    }
    stage.clear().await
}
