//! The queue of one process: requests wait here until a batch takes them.
//!
//! The [`dispatcher`] starts batches; a [`lane`] holds the requests of one organization. The queue knows nothing of
//! the database: whatever executes a batch is given to it.

mod dispatcher;
mod lane;
mod request;
mod ticket;

pub use self::lane::MAX_REQUESTS_PER_MEMBER;
pub(super) use self::{
    dispatcher::Queue,
    lane::{LaneKey, Target},
    request::{Arrival, Batch, Operation, Queued, QueuedRequest},
    ticket::Ticket,
};
