//! The stored results of changes of single occurrences, which follow their occurrences: a repeat is answered with the occurrence
//! that was changed, although another one may have its id by then.

use std::collections::HashMap;

use bson::doc;
use serde::Deserialize;

use super::CHUNK;
use crate::{
    documents::idempotency::KeyDocument,
    error::Attempt,
    registration::seats::commands::{Weighted, update_in_commands},
    schema::{self, OCCURRENCE_OPERATIONS},
    scoped::{Query, UpdateStatement},
    transaction::Transaction,
};

/// Replaces the ids of the results by those that their occurrences get.
pub(super) async fn follow(
    transaction: &mut Transaction<'_>,
    moved: &HashMap<String, String>,
) -> Attempt<()> {
    #[derive(Deserialize)]
    struct Used {
        #[serde(rename = "_id")]
        id: KeyDocument,
        result: UsedResult,
    }
    #[derive(Deserialize)]
    struct UsedResult {
        subject: String,
    }

    let ids: Vec<&String> = moved.keys().collect();
    let mut statements = Vec::new();
    for ids in ids.chunks(CHUNK) {
        let about = doc! {
            "result.subject": { "$in": ids },
            "operation": { "$in": OCCURRENCE_OPERATIONS.to_vec() },
        };
        let query =
            Query::from(about).projected(doc! { "result.subject": 1 }).hinted("results_of_occurrences");
        let found: Vec<Used> = transaction.collection(&schema::IDEMPOTENCY).find(query).await?;
        for used in found {
            let Some(id) = moved.get(&used.result.subject) else { continue };
            let statement = UpdateStatement {
                filter: doc! { "_id": bson::serialize_to_bson(&used.id)? },
                update: doc! { "$set": { "result.subject": id } }.into(),
                many: false,
            };
            statements.push(Weighted { effort: 1, statement });
        }
    }
    update_in_commands(transaction, &schema::IDEMPOTENCY, statements).await?;
    Ok(())
}
