//! The check of all invariants over the data of all organizations.
//!
//! Each [invariant](invariants) is an aggregation that finds violations. All of them read one snapshot, so they can be
//! checked while others write. The violations are streamed; the first few are reported in detail, the others are counted.

mod dates;
mod definitions;
mod folded;
mod invariants;
mod readable;
mod report;

use std::collections::BTreeMap;

use bson::{Document, doc};
use convene_application::{event::UpdateDue, failure::Fault};
use convene_domain::time::Instant;
use mongodb::{
    ClientSession, Collection, Database,
    options::{CollectionOptions, ReadConcern},
};
use time::Duration;

pub(crate) use self::dates::outdated;
use self::invariants::{INVARIANTS, Invariant, Times};
pub use self::report::{Finding, Report, Violation};
use crate::{
    documents::job::DELETE_ORGANIZATION,
    error::StorageError,
    schema::{self, CollectionSchema, Retention, SchemaSettings},
};

/// Checks every invariant. `now` is needed because ended entries are pruned from agendas.
///
/// A snapshot can be read for as long as the server keeps its history, which is 5 minutes by default.
///
/// # Errors
/// A fault if the database can't be read. Violations are in the report.
pub async fn run(database: &Database, now: Instant) -> Result<Report, Fault> {
    Ok(check(database, now).await?)
}

async fn check(database: &Database, now: Instant) -> Result<Report, StorageError> {
    let activity_retention = schema::activity_retention(database).await?;
    let retention = match activity_retention {
        Some(Retention::For(time)) => time,
        Some(Retention::Unlimited) | None => SchemaSettings::default().activity_retention,
    };
    // Expired entries are deleted within a day.
    let times = Times { now, logged_since: now - retention + Duration::DAY };
    let mut session = database.client().start_session().snapshot(true).await?;
    let mut findings = Vec::from(definitions::check(database, retention).await?);
    let deleted = under_deletion(database, &mut session).await?;
    for invariant in &INVARIANTS {
        findings.push(examine(database, &mut session, invariant, times, &deleted).await?);
    }
    findings.push(dates::check(database, &mut session, now).await?);
    findings.extend(folded::check(database, &mut session).await?);
    findings.extend(readable::check(database, &mut session).await?);
    let organizations = doc! { "deletedAt": null };
    let organizations = count(database, &mut session, &schema::ORGANIZATIONS, organizations).await?;
    let mut documents = BTreeMap::new();
    for schema in schema::ALL {
        documents.insert(schema.name, count(database, &mut session, schema, doc! {}).await?);
    }
    let recorded = dates::recorded_version(database, &mut session).await?;
    let has_occurrences = documents.get(schema::OCCURRENCES.name).is_some_and(|&number| number > 0);
    let update_due = UpdateDue::of(recorded, has_occurrences);
    Ok(Report { findings, organizations, documents, activity_retention, update_due })
}

/// Counts the documents that pass the filter.
async fn count(
    database: &Database,
    session: &mut ClientSession,
    schema: &CollectionSchema,
    filter: Document,
) -> Result<u64, StorageError> {
    let collection = collection::<Document>(database, schema);
    let count = collection.aggregate([doc! { "$match": filter }, doc! { "$count": "examined" }]);
    let mut counted = count.session(&mut *session).await?;
    let Some(document) = counted.next(session).await.transpose()? else { return Ok(0) };
    let number = document.get_i32("examined").map(i64::from).or_else(|_| document.get_i64("examined"));
    Ok(number.unwrap_or(0).unsigned_abs())
}

/// The organizations whose data is being deleted. What is left of it may refer to what is gone already.
async fn under_deletion(
    database: &Database,
    session: &mut ClientSession,
) -> Result<Vec<String>, StorageError> {
    let unfinished = doc! { "kind": DELETE_ORGANIZATION, "finishedAt": null };
    let jobs = collection::<Document>(database, &schema::JOBS);
    let mut jobs =
        jobs.find(unfinished).projection(doc! { "organization": 1 }).session(&mut *session).await?;
    let mut organizations = Vec::new();
    while let Some(job) = jobs.next(session).await.transpose()? {
        organizations.extend(job.get_str("organization").map(str::to_owned));
    }
    Ok(organizations)
}

/// A collection of all organizations, for reads in the session of a snapshot. The session does not replace the read concern that
/// the client has, so the collection has its own.
fn collection<T: Send + Sync>(database: &Database, schema: &CollectionSchema) -> Collection<T> {
    let snapshot = CollectionOptions::builder().read_concern(ReadConcern::snapshot()).build();
    #[expect(clippy::disallowed_methods, reason = "a check covers all organizations")]
    database.collection_with_options(schema.name, snapshot)
}

async fn examine(
    database: &Database,
    session: &mut ClientSession,
    invariant: &Invariant,
    times: Times,
    deleted: &[String],
) -> Result<Finding, StorageError> {
    let collection = collection::<Document>(database, invariant.collection);
    let mut finding = Finding::new(invariant.name);

    finding.examined = count(database, session, invariant.collection, doc! {}).await?;
    let mut stages = (invariant.violations)(times);
    if !deleted.is_empty() {
        stages.insert(0, doc! { "$match": { "organization": { "$nin": deleted } } });
    }
    let violations = collection.aggregate(stages).allow_disk_use(true);
    let mut violations = violations.session(&mut *session).await?;
    while let Some(document) = violations.next(session).await.transpose()? {
        finding.add(document);
    }
    Ok(finding)
}
