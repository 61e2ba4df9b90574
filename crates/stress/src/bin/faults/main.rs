//! Breaks a replica set and two `convene` processes under load, and checks that nothing was lost, done twice or done
//! by halves.
//!
//! `cargo xtask faults` starts the replica set and this program, and starts members again that have died. Callers
//! register, queue, cancel and change capacities, each call with an idempotency key, and repeat with the same key
//! whatever they got no certain answer to. All of it is written down, in a line of JSON for each attempt, and held
//! against what the database has at the end. `docs/benchmarks.md` tells what is broken, and how.

#![expect(clippy::disallowed_methods, reason = "the harness breaks things at random")]

mod audit;
mod caller;
mod cluster;
mod fault;
mod fleet;
mod history;
mod load;
mod report;
mod scene;
mod settings;

use std::{process::ExitCode, time::Duration};

use anyhow::Context;
use rand::seq::IndexedRandom;

use fault::Fault;
use load::Load;
use scene::Scene;
use settings::Settings;

/// How long anything may take to be as it was, once what broke it is over.
const RECOVERY: Duration = Duration::from_secs(30);
/// The longest that nobody may be served after the death of a primary.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let settings = Settings::read()?;
    let scene = Scene::set(&settings).await?;
    let load = Load::start(&scene);

    scene.history.wait_for_done(100, RECOVERY).await.context("the load does not get going")?;
    report::begin()?;
    for fault in Fault::ALL {
        strike(&scene, fault).await?;
    }
    while scene.history.operations() < settings.operations {
        let fault = Fault::ALL.choose(&mut rand::rng()).copied().context("there are no faults")?;
        strike(&scene, fault).await?;
    }
    load.stop().await?;

    let findings = audit::run(&scene).await?;
    report::end(&scene, &findings)?;
    let violations = scene.history.violations();
    for violation in &violations {
        report::say(&format!("VIOLATION: {violation}"))?;
    }
    scene.clear().await?;
    Ok(if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lets a fault happen, and waits until all is well again.
async fn strike(scene: &Scene, fault: Fault) -> anyhow::Result<()> {
    scene.cluster.whole(RECOVERY * 2).await?;
    scene.history.wait_for_done(20, RECOVERY).await.with_context(|| format!("before: {fault}"))?;
    let before = scene.history.mark();
    fault.happen(scene).await.with_context(|| format!("while: {fault}"))?;
    let over = scene.history.mark();
    scene.history.wait_for_done(100, RECOVERY).await.with_context(|| format!("after: {fault}"))?;
    let silence = scene.history.longest_silence(&before);
    if fault == Fault::PrimaryKilled && silence >= LONGEST_SILENCE {
        scene.history.violation(format!("{fault}: nobody was served for {silence:?}"));
    }
    report::row(scene, fault, &before, &over, silence)
}
