//! Checks whether what must hold does hold, over everything that is stored, of all organizations.
//!
//! Each [invariant](invariants) is an aggregation that finds what breaks it. All of them read one snapshot, so they can be
//! checked while others write; what they find is streamed, and only counted after the first few.

mod invariants;
mod report;

use bson::{Document, doc};
use convene_application::failure::Fault;
use convene_domain::time::Instant;
use mongodb::{ClientSession, Database};
use time::Duration;

use self::invariants::{INVARIANTS, Invariant, Times};
pub use self::report::{Finding, Report, Violation};
use crate::{error::StorageError, schema};

/// How many violations of an invariant are named.
const NAMED: usize = 10;

/// Checks every invariant. `now` tells what is over: agendas forget that.
///
/// A read of a snapshot can go on for as long as the server keeps its history, 5 minutes unless it is told otherwise.
///
/// # Errors
/// A fault if the database can't be read. A violation is none: the report tells of it.
pub async fn run(database: &Database, now: Instant) -> Result<Report, Fault> {
    Ok(check(database, now).await?)
}

async fn check(database: &Database, now: Instant) -> Result<Report, StorageError> {
    let kept = schema::activity_retention(database).await?;
    // What is too old is deleted at some moment of the following day at the latest.
    let times = Times { now, logged_since: now - kept + Duration::DAY };
    let mut session = database.client().start_session().snapshot(true).await?;
    let mut findings = Vec::with_capacity(INVARIANTS.len());
    for invariant in &INVARIANTS {
        findings.push(examine(database, &mut session, invariant, times).await?);
    }
    Ok(Report { findings })
}

async fn examine(
    database: &Database,
    session: &mut ClientSession,
    invariant: &Invariant,
    times: Times,
) -> Result<Finding, StorageError> {
    #[expect(clippy::disallowed_methods, reason = "a check is about all organizations")]
    let collection = database.collection::<Document>(invariant.collection.name);
    let mut finding = Finding { invariant: invariant.name, examined: 0, violations: 0, examples: Vec::new() };

    let count = collection.aggregate([doc! { "$count": "examined" }]);
    let mut counted = count.session(&mut *session).await?;
    while let Some(document) = counted.next(session).await.transpose()? {
        finding.examined = document
            .get_i32("examined")
            .map(i64::from)
            .or_else(|_| document.get_i64("examined"))
            .unwrap_or(0)
            .unsigned_abs();
    }
    let breaking = collection.aggregate((invariant.breaking)(times)).allow_disk_use(true);
    let mut broken = breaking.session(&mut *session).await?;
    while let Some(document) = broken.next(session).await.transpose()? {
        finding.violations += 1;
        if finding.examples.len() < NAMED {
            finding.examples.push(Violation::of(document));
        }
    }
    Ok(finding)
}
