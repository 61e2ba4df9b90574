//! How a use case ends when it does not succeed.
//!
//! A *refusal* is an answer: the rules say no, nothing was changed, and it carries the data that explain it. A
//! *fault* is a failure of the machinery: it keeps its source for the log and tells the caller only whether to
//! try again.

mod fault;
mod field;
mod refusal;

use convene_domain::registration::RegistrationRefusal;

pub use self::{
    fault::{Fault, Source},
    field::{Field, FieldPath},
    refusal::Refusal,
};

/// How a use case ends when it does not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The rules say no; at least one reason, all that were found.
    #[error("refused: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Refusal>),
    /// The machinery failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

impl From<RegistrationRefusal> for Failure {
    fn from(refusal: RegistrationRefusal) -> Self {
        Refusal::from(refusal).into()
    }
}

/// What a use case, or a port that decides, answers with.
pub type Outcome<T> = Result<T, Failure>;
