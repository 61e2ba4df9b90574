//! Commands that write many documents, each small enough to end well within the time limit of a call.

use super::CHUNK;
use crate::{
    error::StorageError, schema::CollectionSchema, scoped::UpdateStatement, transaction::Transaction,
};

/// A statement, and the effort that it takes, in documents of ordinary size.
pub(super) struct Weighted {
    pub(super) effort: usize,
    pub(super) statement: UpdateStatement,
}

/// Runs the statements in order, in commands of at most [`CHUNK`] documents or one statement. Returns the number of
/// documents that passed the filters.
pub(super) async fn update_in_commands(
    transaction: &mut Transaction<'_>,
    schema: &'static CollectionSchema,
    statements: Vec<Weighted>,
) -> Result<u64, StorageError> {
    let (mut matched, mut effort, mut command) = (0, 0, Vec::new());
    for next in statements {
        if !command.is_empty() && effort + next.effort > CHUNK {
            let statements = std::mem::take(&mut command);
            matched += transaction.collection(schema).update_in_order(statements).await?.matched;
            effort = 0;
        }
        effort += next.effort;
        command.push(next.statement);
    }
    matched += transaction.collection(schema).update_in_order(command).await?.matched;
    Ok(matched)
}
