//! The validators and indexes, without which invariants do not stay intact and reads become slow.

use std::time::Duration;

use mongodb::Database;

use super::Finding;
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
    let mut finding = Finding { examined: compared.examined, ..Finding::new(invariant) };
    compared.differences.into_iter().for_each(|difference| finding.add(difference));
    finding
}
