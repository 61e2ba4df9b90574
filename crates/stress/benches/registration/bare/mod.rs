//! The same work without `convene`: on the MongoDB driver, with the same documents, durable on a majority as well.

mod batched;
mod documents;
mod insert;
mod transaction;

use mongodb::options::{ReadConcern, TransactionOptions, WriteConcern};

pub(crate) use self::{batched::BatchedCaller, insert::InsertCaller, transaction::TransactionCaller};

/// The settings of every transaction.
fn options() -> TransactionOptions {
    TransactionOptions::builder()
        .read_concern(ReadConcern::snapshot())
        .write_concern(WriteConcern::majority())
        .build()
}
