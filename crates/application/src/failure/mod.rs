//! The two ways in which a use case fails, and the table of their codes and messages.
//!
//! A [`Refusal`] is an answer by the rules: nothing was changed, and it carries the data that explain it. A [`Fault`]
//! is a technical failure: it keeps its source for the log, and a caller sees its [`FaultKind`] only. Transports
//! render what is written here; they add no codes or messages of their own to it.

mod code;
mod fault;
mod field;
mod refusal;
mod refusals;

use convene_domain::registration::RegistrationRefusal;

pub use self::{
    code::RefusalCode,
    fault::{Fault, FaultKind, Source},
    field::{Field, FieldPath},
    refusal::{Refusal, UNKNOWN_REFERENCE},
    refusals::Refusals,
};

/// The failure of a use case.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// All refusals that were found.
    #[error("refused: {0}")]
    Refused(Refusals),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Failure {
    /// Tests whether the only refusal is that the object with this id is missing.
    pub(crate) fn is_missing(&self, id: Field) -> bool {
        matches!(self, Self::Refused(refusals) if matches!(&refusals[..], [Refusal::NotFound { field }] if field.is(id)))
    }

    /// The failure of a creation, whose input does not have the id of the new object.
    pub(crate) fn of_creation(self, id: Field) -> Self {
        self.with_refusals(|refusal| refusal.of_creation(id))
    }

    /// The failure of a restoration, whose input has no capacity.
    pub(crate) fn of_restoration(self) -> Self {
        self.with_refusals(Refusal::of_restoration)
    }

    fn with_refusals(self, other: impl Fn(Refusal) -> Refusal) -> Self {
        match self {
            Self::Refused(refusals) => Self::Refused(refusals.map(other)),
            Self::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<Refusals> for Failure {
    fn from(refusals: Refusals) -> Self {
        Self::Refused(refusals)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<RegistrationRefusal> for Failure {
    fn from(refusal: RegistrationRefusal) -> Self {
        Refusal::from(refusal).into()
    }
}

/// The result of a use case, or of a port that decides.
pub type Outcome<T> = Result<T, Failure>;
