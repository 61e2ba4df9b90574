//! Injects faults into a replica set and two `convene` processes under load, and checks that no change was lost,
//! executed twice or executed in part.
//!
//! `cargo xtask faults` starts the replica set and this program, and restarts dead members. Callers register, join
//! waitlists, cancel, change capacities, and cancel and restore occurrences, each call with an idempotency key, and retry with the same key while
//! the outcome is uncertain. Every attempt is recorded as a line of JSON, and the history is compared with the
//! database at the end. Readers change an event through one process, and read it through the other one when the change is
//! acknowledged. `docs/benchmarks.md` describes the faults.

#![expect(clippy::disallowed_methods, reason = "the harness breaks things at random")]

mod audit;
mod caller;
mod cluster;
mod connections;
mod fault;
mod fixture;
mod history;
mod load;
mod reader;
mod report;
mod servers;
mod settings;

use std::{process::ExitCode, time::Duration};

use anyhow::Context;
use convene_stress::print_line;
use rand::seq::IndexedRandom;

use fault::Fault;
use fixture::Fixture;
use load::Load;
use settings::Settings;

/// The longest recovery after a fault.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest outage after the death of a primary.
const MAX_OUTAGE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let settings = Settings::read()?;
    let fixture = Fixture::set(&settings).await?;
    let load = Load::start(&fixture);

    fixture.history.wait_for_done(100, RECOVERY_TIMEOUT).await.context("the load does not start")?;
    report::begin()?;
    for fault in Fault::ALL {
        inject(&fixture, fault).await?;
    }
    while fixture.history.operations() < settings.operations {
        let fault = Fault::ALL.choose(&mut rand::rng()).copied().context("there are no faults")?;
        inject(&fixture, fault).await?;
    }
    load.stop().await?;

    let findings = audit::run(&fixture).await?;
    report::end(&fixture, &findings)?;
    let violations = fixture.history.violations();
    for violation in &violations {
        print_line(&format!("VIOLATION: {violation}"))?;
    }
    fixture.clear().await?;
    Ok(if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Injects a fault and waits for the recovery.
async fn inject(fixture: &Fixture, fault: Fault) -> anyhow::Result<()> {
    fixture.cluster.wait_until_healthy(RECOVERY_TIMEOUT * 2).await?;
    fixture.history.wait_for_done(20, RECOVERY_TIMEOUT).await.with_context(|| format!("before: {fault}"))?;
    let before = fixture.history.mark();
    fault.inject(fixture).await.with_context(|| format!("while: {fault}"))?;
    let over = fixture.history.mark();
    fixture.history.wait_for_done(100, RECOVERY_TIMEOUT).await.with_context(|| format!("after: {fault}"))?;
    let outage = fixture.history.longest_outage(&before);
    if fault == Fault::PrimaryKilled && outage >= MAX_OUTAGE {
        fixture.history.violation(format!("{fault}: no call succeeded for {outage:?}"));
    }
    report::row(fixture, fault, &before, &over, outage)
}
