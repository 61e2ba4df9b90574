//! The validators and indexes, without which invariants do not stay intact and reads become slow.

use std::time::Duration;

use mongodb::Database;

use super::{Finding, MAX_EXAMPLES, Violation};
use crate::{
    error::StorageError,
    schema::{Compared, all_indexes, validators},
};

/// Compares the definitions that the database has with those of this version. They are not part of a snapshot.
pub(super) async fn check(
    database: &Database,
    activity_retention: Duration,
) -> Result<[Finding; 2], StorageError> {
    let validators = validators(database).await?;
    let indexes = all_indexes(database, activity_retention).await?;
    Ok([
        finding("every collection has the validator of this version", validators),
        finding("every collection has the indexes of this version", indexes),
    ])
}

fn finding(invariant: &'static str, compared: Compared) -> Finding {
    let Compared { examined, differences } = compared;
    let violations = u64::try_from(differences.len()).unwrap_or(u64::MAX);
    let examples = differences.into_iter().take(MAX_EXAMPLES).map(Violation::of).collect();
    Finding { invariant, examined, violations, examples }
}
