use std::{fmt, time::Duration};

/// A time limit, as it is configured. The time that was left of it when a command began is of no use in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeLimit {
    /// The limit of a call to the database.
    Call(Duration),
    /// The limit of a transaction with its retries.
    Transaction(Duration),
    /// The limit of a call of the registration queue.
    Queue(Duration),
    /// The deadline of the caller.
    Deadline,
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(limit) => write!(f, "the database did not answer within {limit:?}"),
            Self::Transaction(limit) => write!(f, "the transaction did not end within {limit:?}"),
            Self::Queue(limit) => write!(f, "the queued request was not executed within {limit:?}"),
            Self::Deadline => f.write_str("the database did not answer by the deadline of the request"),
        }
    }
}
