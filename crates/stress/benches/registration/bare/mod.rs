//! The same work without `convene`: the MongoDB driver, the same documents, and the same write concern.

mod batched;
mod documents;
mod insert;
mod transaction;

use mongodb::options::{ReadConcern, TransactionOptions, WriteConcern};

pub(crate) use self::{batched::BatchedCaller, insert::InsertCaller, transaction::TransactionCaller};

fn options() -> TransactionOptions {
    TransactionOptions::builder()
        .read_concern(ReadConcern::snapshot())
        .write_concern(WriteConcern::majority())
        .build()
}
