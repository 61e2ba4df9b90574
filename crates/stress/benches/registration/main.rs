//! The cost of a registration over HTTP, compared with the same work on the bare MongoDB driver.
//!
//! `cargo xtask bench registration` starts a database and runs all parts, or those named after `--`.
//! `CONVENE_BENCH_SCALE` (a percentage, default 100) reduces the load. `CONVENE_BENCH_ROUNDS` (default 3) is the
//! number of repetitions, of which the median is reported. Every part ends with a check of all invariants and exact
//! counts. `docs/benchmarks.md` describes the method.

mod bare;
mod caller;
mod convene;
mod drive;
mod fixture;
mod parts;
mod settings;
mod table;

use fixture::Fixture;
use settings::{Part, Settings};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    let mut fixture = Fixture::set(&settings).await?;
    for part in &settings.parts {
        match part {
            Part::Spread => parts::spread::run(&mut fixture, &settings).await?,
            Part::Rush => parts::rush::run(&mut fixture, &settings).await?,
            Part::Member => parts::member::run(&mut fixture, &settings).await?,
            Part::Mixed => parts::mixed::run(&mut fixture, &settings).await?,
        }
        fixture.verify().await?;
    }
    fixture.clear().await
}
