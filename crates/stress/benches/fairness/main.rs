//! The calls of a small organization while a large one keeps the server busy.
//!
//! `cargo xtask bench fairness` starts a database and this program. Four callers of one organization send requests without
//! pauses, first alone, then while 256 callers of another organization do the same. Rate limits are off. The table compares
//! the times; `docs/benchmarks.md` has the target. `CONVENE_BENCH_ROUNDS` (default 3) is the number of repetitions, of which
//! the median is reported.

mod load;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use convene_stress::{Connection, Organization, Server, Storage, new_id, print_line};

use load::{Calls, Load};

const SMALL: usize = 4;
const LARGE: usize = 256;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let read = |name: &str| {
        std::env::var(name)
            .with_context(|| format!("{name} is missing; `cargo xtask bench fairness` sets it"))
    };
    let (uri, binary) = (read("CONVENE_TEST_MONGODB_URI")?, PathBuf::from(read("CONVENE_BENCH_BINARY")?));
    let rounds = read("CONVENE_BENCH_ROUNDS").map_or(Ok(3), |rounds| rounds.parse::<usize>())?;
    ensure!((1..=15).contains(&rounds), "CONVENE_BENCH_ROUNDS must be 1 to 15");

    let storage = Storage::prepare(&uri, &format!("convene_fairness_{}", new_id().simple())).await?;
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("convene.log");
    let mut server = Server::start(&binary, &uri, &storage.name, log).await?;
    let mut connection = Connection::open(server.address()).await?;
    let small = Organization::create(&mut connection, "small", SMALL).await?;
    let large = Organization::create(&mut connection, "large", LARGE).await?;

    print_line(
        "| calls | alone: calls/s | p50 | p99 | beside 256 callers: calls/s | p50 | p99 | p99 in proportion | of the others: calls/s |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|",
    )?;
    for load in Load::ALL {
        let mut measured = Vec::new();
        for _ in 0..rounds {
            let alone = load::run(server.address(), load, &small).await?;
            let (beside, others) = tokio::try_join!(
                load::run(server.address(), load, &small),
                load::run(server.address(), load, &large)
            )?;
            measured.push((alone, beside, others));
        }
        measured.sort_by(|one, other| proportion(one).total_cmp(&proportion(other)));
        let proportion = proportion(&measured[rounds / 2]);
        let (alone, beside, others) = measured.swap_remove(rounds / 2);
        print_line(&format!(
            "| {} | {:.0} | {} | {} | {:.0} | {} | {} | {:.1} | {:.0} |",
            load.name(),
            alone.rate(),
            time(alone.percentile(50)),
            time(alone.percentile(99)),
            beside.rate(),
            time(beside.percentile(50)),
            time(beside.percentile(99)),
            proportion,
            others.rate(),
        ))?;
    }
    storage.check().await?;
    let status = server.stop().await?;
    ensure!(status.success(), "convene ended with {status}");
    storage.drop().await
}

/// The time of the small organization, compared with its time alone.
fn proportion((alone, beside, _): &(Calls, Calls, Calls)) -> f64 {
    beside.percentile(99).as_secs_f64() / alone.percentile(99).as_secs_f64().max(f64::EPSILON)
}

fn time(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
