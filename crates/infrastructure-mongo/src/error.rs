//! Errors of the database, and their translation into faults.

use std::sync::Arc;

use convene_application::failure::{Failure, Fault, Refusal, Refusals};
use mongodb::error::{ErrorKind, RETRYABLE_WRITE_ERROR, TRANSIENT_TRANSACTION_ERROR, WriteFailure};

use crate::{
    driver_error::{describe, is_unauthorized},
    time_limit::TimeLimit,
    unavailability::is_of_unavailability,
};

/// A stored document that is not valid.
#[derive(Debug, thiserror::Error)]
#[error("document {id} of {collection} is corrupt at {field}: {reason}")]
pub(crate) struct CorruptDocument {
    pub(crate) collection: &'static str,
    pub(crate) id: String,
    /// The field, or `document` if the error is not about one field.
    pub(crate) field: &'static str,
    pub(crate) reason: String,
}

/// A call to the database that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StorageError {
    /// The driver or the server reported an error. It is not a source, because sources are logged.
    #[error("the database refused or failed: {}", describe(.0))]
    Driver(mongodb::error::Error),
    /// The work did not end in time.
    #[error("{0}")]
    TimedOut(TimeLimit),
    /// One of several statements of a command failed. The server reports that within a successful answer.
    #[error("statement {index} failed with code {code}")]
    Statement {
        /// The position of the statement, from 0.
        index: i32,
        code: i32,
        /// The message may quote values, so it is not logged.
        message: String,
    },
    /// A value that a transaction trusted is stale.
    #[error("{0} had changed meanwhile")]
    Outdated(&'static str),
    /// A stored document is not valid.
    #[error(transparent)]
    Corrupt(#[from] CorruptDocument),
    /// A value can't be encoded.
    #[error("a value could not be turned into BSON")]
    Encoding(#[from] bson::error::Error),
    /// Too many calls wait for the database. The call was not made.
    #[error("too many calls wait for the database")]
    Overloaded,
    /// A pipeline has a stage that could read or write data of other organizations.
    #[error("the stage {0} could reach beyond the organization")]
    ForbiddenStage(String),
}

/// The server's code for a duplicate value in a unique index.
const DUPLICATE_KEY: i32 = 11_000;

impl StorageError {
    /// Tests whether a unique index, any or the one of this name, already has the value.
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

    /// Tests whether the database user may not run the command.
    pub(crate) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Driver(error) if is_unauthorized(error))
    }

    /// Tests whether the server refused the command with this code.
    pub(crate) fn is_refused_command(&self, refused: i32) -> bool {
        let Self::Driver(error) = self else { return false };
        matches!(error.kind.as_ref(), ErrorKind::Command(command) if command.code == refused)
    }

    /// Tests whether a retry of the whole transaction may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Driver(error) if error.contains_label(TRANSIENT_TRANSACTION_ERROR))
    }

    /// Tests whether the database could not be reached, or did not answer.
    pub(crate) fn is_unavailability(&self) -> bool {
        match self {
            Self::TimedOut(_) => true,
            Self::Statement { code, .. } => is_of_unavailability(*code),
            Self::Driver(error) => {
                error.contains_label(TRANSIENT_TRANSACTION_ERROR)
                    || error.contains_label(RETRYABLE_WRITE_ERROR)
                    || match error.kind.as_ref() {
                        // A password that is no longer accepted is repaired by an operator, like a server that is away.
                        ErrorKind::Authentication { .. }
                        | ErrorKind::Io(_)
                        | ErrorKind::ServerSelection { .. }
                        | ErrorKind::ConnectionPoolCleared { .. }
                        | ErrorKind::DnsResolve { .. }
                        | ErrorKind::Shutdown => true,
                        ErrorKind::Command(command) => is_of_unavailability(command.code),
                        ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => {
                            is_of_unavailability(concern.code)
                        }
                        ErrorKind::Write(WriteFailure::WriteError(write)) => is_of_unavailability(write.code),
                        _ => false,
                    }
            }
            _ => false,
        }
    }
}

/// Returns the server's message about a duplicate key.
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

impl From<mongodb::error::Error> for StorageError {
    fn from(error: mongodb::error::Error) -> Self {
        Self::Driver(error)
    }
}

impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Overloaded => Self::Overloaded,
            error if error.is_unavailability() => Self::Unavailable(error.into()),
            error => Self::Internal(error.into()),
        }
    }
}

/// Makes another fault of the same kind and with the same source, so that several callers can receive it.
pub(crate) fn shared(fault: &Arc<Fault>) -> Fault {
    let source = Box::new(Shared(Arc::clone(fault)));
    match **fault {
        Fault::Unavailable(_) => Fault::Unavailable(source),
        Fault::OutcomeUnknown(_) => Fault::OutcomeUnknown(source),
        Fault::Internal(_) => Fault::Internal(source),
        Fault::Overloaded => Fault::Overloaded,
    }
}

/// The source of a shared fault.
#[derive(Debug, thiserror::Error)]
#[error("an operation for several callers failed")]
struct Shared(#[source] Arc<Fault>);

/// The reason why the body of a transaction ended early. The transaction is aborted.
#[derive(Debug)]
pub(crate) enum Interruption {
    /// The rules refuse the change.
    Refused(Refusals),
    /// Something but the database failed.
    Fault(Fault),
    /// The database failed. The transaction is retried if the error is transient.
    Storage(StorageError),
    /// Another transaction interfered, but the database did not report a conflict. The transaction is retried.
    Retry(StorageError),
}

/// The result of the body of a transaction.
pub(crate) type Attempt<T> = Result<T, Interruption>;

impl Interruption {
    /// The reason, for the log: without values, which may be personal data.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::Refused(_) => "a refusal",
            Self::Fault(_) => "a fault",
            Self::Storage(_) => "an error of the database",
            Self::Retry(_) => "a change by another transaction",
        }
    }

    /// Tests whether a retry of the whole transaction may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_transient(),
            Self::Retry(_) => true,
            Self::Refused(_) | Self::Fault(_) => false,
        }
    }
}

impl From<Refusals> for Interruption {
    fn from(refusals: Refusals) -> Self {
        Self::Refused(refusals)
    }
}

impl From<Refusal> for Interruption {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
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
            // It was retried until the deadline: the database is busy, not broken.
            Interruption::Retry(error) => Self::Fault(Fault::Unavailable(error.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;
    use convene_application::failure::FaultKind;
    use mongodb::error::CommandError;
    use rstest::rstest;

    use super::*;

    #[rstest]
    // A member between its restart and the election of a primary, with authentication.
    #[case(211, FaultKind::Unavailable)]
    #[case(189, FaultKind::Unavailable)]
    #[case(202, FaultKind::Unavailable)]
    #[case(246, FaultKind::Unavailable)]
    #[case(13_388, FaultKind::Unavailable)]
    #[case(2, FaultKind::Internal)]
    #[case(13, FaultKind::Internal)]
    #[case(26, FaultKind::Internal)]
    #[case(121, FaultKind::Internal)]
    fn a_code_of_the_server_decides_whether_a_repeat_may_succeed(
        #[case] code: i32,
        #[case] expected: FaultKind,
    ) {
        let command = doc! { "code": code, "codeName": "Name", "errmsg": "in a test" };
        let command: CommandError = bson::deserialize_from_document(command).unwrap();
        let of_command = StorageError::Driver(ErrorKind::Command(command).into());
        let of_statement = StorageError::Statement { index: 0, code, message: String::from("in a test") };
        for error in [of_command, of_statement] {
            assert_eq!(Fault::from(error).kind(), expected);
        }
    }
}
