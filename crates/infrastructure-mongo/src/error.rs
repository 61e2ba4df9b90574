//! What goes wrong between here and the database, and what it means to the caller.

use std::{sync::Arc, time::Duration};

use convene_application::failure::{Failure, Fault, Refusal};
use mongodb::error::{ErrorKind, TRANSIENT_TRANSACTION_ERROR, WriteFailure};

/// A stored document that can't be turned into what it stands for.
#[derive(Debug, thiserror::Error)]
#[error("document {id} of {collection} is corrupt at {field}: {reason}")]
pub(crate) struct CorruptDocument {
    /// The collection's name.
    pub(crate) collection: &'static str,
    /// The document's `_id`.
    pub(crate) id: String,
    /// The field, or `document` where none can be named.
    pub(crate) field: &'static str,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// A call to the database that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StorageError {
    /// The driver or the server says so.
    #[error("the database refused or failed")]
    Driver(#[from] mongodb::error::Error),
    /// There was no answer in time.
    #[error("the database did not answer within {0:?}")]
    TimedOut(Duration),
    /// A statement of a command with several failed, which the server tells within a successful answer.
    #[error("statement {index} failed with code {code}: {message}")]
    Statement {
        /// Which statement, from 0.
        index: i32,
        /// The server's error code.
        code: i32,
        /// The server's explanation.
        message: String,
    },
    /// What a transaction went by is not so, or not any more.
    #[error("{0} had changed meanwhile")]
    Outdated(&'static str),
    /// What is stored can't be understood.
    #[error(transparent)]
    Corrupt(#[from] CorruptDocument),
    /// Something of ours can't be stored.
    #[error("a value could not be turned into BSON")]
    Encoding(#[from] bson::error::Error),
    /// A pipeline would have left the organization.
    #[error("the stage {0} could reach beyond the organization")]
    ForbiddenStage(String),
}

/// The server's code for a value that a unique index has already.
const DUPLICATE_KEY: i32 = 11_000;

/// Codes by which a server says that it can't answer now: shutting down, stepping down, recovering, no primary,
/// interrupted, a cursor lost or killed, out of time. (Names: the server's `error_codes.yml`.)
const NOT_NOW: [i32; 20] = [
    6, 7, 43, 50, 64, 89, 91, 112, 133, 134, 189, 237, 262, 9001, 10_107, 11_600, 11_601, 11_602, 13_435,
    13_436,
];

impl StorageError {
    /// Whether a unique index, any or the one of this name, has the value already.
    pub(crate) fn is_duplicate(&self, index: Option<&str>) -> bool {
        let message = match self {
            Self::Statement { code: DUPLICATE_KEY, message, .. } => message,
            Self::Driver(error) => match duplicate_message(error) {
                Some(message) => message,
                None => return false,
            },
            _ => return false,
        };
        // "E11000 duplicate key error collection: convene.members index: one_membership dup key: {...}"
        index.is_none_or(|index| message.contains(&format!(" index: {index} dup key")))
    }

    /// Whether the whole transaction may succeed when it is run again.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Driver(error) if error.contains_label(TRANSIENT_TRANSACTION_ERROR))
    }

    /// Whether the database could not be asked, or did not answer.
    pub(crate) fn is_unavailability(&self) -> bool {
        match self {
            Self::TimedOut(_) => true,
            Self::Driver(error) => {
                error.contains_label(TRANSIENT_TRANSACTION_ERROR)
                    || match error.kind.as_ref() {
                        ErrorKind::Io(_)
                        | ErrorKind::ServerSelection { .. }
                        | ErrorKind::ConnectionPoolCleared { .. }
                        | ErrorKind::DnsResolve { .. }
                        | ErrorKind::Shutdown => true,
                        ErrorKind::Command(command) => NOT_NOW.contains(&command.code),
                        ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => {
                            NOT_NOW.contains(&concern.code)
                        }
                        _ => false,
                    }
            }
            _ => false,
        }
    }
}

/// The server's message about a duplicate key, if the error is one.
fn duplicate_message(error: &mongodb::error::Error) -> Option<&str> {
    match error.kind.as_ref() {
        ErrorKind::Write(WriteFailure::WriteError(write)) if write.code == DUPLICATE_KEY => {
            Some(&write.message)
        }
        ErrorKind::Command(command) if command.code == DUPLICATE_KEY => Some(&command.message),
        ErrorKind::InsertMany(many) => many
            .write_errors
            .iter()
            .flatten()
            .find(|write| write.code == DUPLICATE_KEY)
            .map(|write| write.message.as_str()),
        _ => None,
    }
}

impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Self {
        if error.is_unavailability() { Self::Unavailable(error.into()) } else { Self::Internal(error.into()) }
    }
}

/// A fault that many are told of, each as one of their own, with the same source.
pub(crate) fn shared(fault: &Arc<Fault>) -> Fault {
    let source = Box::new(Shared(Arc::clone(fault)));
    match **fault {
        Fault::Unavailable(_) => Fault::Unavailable(source),
        Fault::OutcomeUnknown(_) => Fault::OutcomeUnknown(source),
        Fault::Internal(_) => Fault::Internal(source),
        Fault::Overloaded => Fault::Overloaded,
    }
}

/// The fault of what was done for many at once, as the source of each one's.
#[derive(Debug, thiserror::Error)]
#[error("what was done for many at once failed")]
struct Shared(#[source] Arc<Fault>);

/// Why the body of a transaction did not come to its end. Nothing it wrote stays.
#[derive(Debug)]
pub(crate) enum Interruption {
    /// The rules say no.
    Refused(Vec<Refusal>),
    /// The machinery failed.
    Fault(Fault),
    /// The database failed; the transaction is run again where that may help.
    Storage(StorageError),
    /// Another transaction got in the way in a manner that the database did not call a conflict: run again.
    Again(StorageError),
}

/// How the body of a transaction ends.
pub(crate) type Attempt<T> = Result<T, Interruption>;

impl Interruption {
    /// Whether the whole transaction may succeed when it is run again.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_transient(),
            Self::Again(_) => true,
            Self::Refused(_) | Self::Fault(_) => false,
        }
    }
}

impl From<Refusal> for Interruption {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

impl From<Failure> for Interruption {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusals) => Self::Refused(refusals),
            Failure::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<Fault> for Interruption {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StorageError> for Interruption {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<CorruptDocument> for Interruption {
    fn from(error: CorruptDocument) -> Self {
        Self::Storage(error.into())
    }
}

impl From<bson::error::Error> for Interruption {
    fn from(error: bson::error::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl From<Interruption> for Failure {
    fn from(interruption: Interruption) -> Self {
        match interruption {
            Interruption::Refused(refusals) => Self::Refused(refusals),
            Interruption::Fault(fault) => Self::Fault(fault),
            Interruption::Storage(error) => Self::Fault(error.into()),
            // It was run again until the deadline: the database is busy, not broken.
            Interruption::Again(error) => Self::Fault(Fault::Unavailable(error.into())),
        }
    }
}
