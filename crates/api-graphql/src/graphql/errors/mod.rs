//! The form in which failures reach a caller.
//!
//! A mutation that the rules refuse answers with its payload and `userErrors` (`user_error.rs`). Everything else that
//! goes wrong is a top-level error with an `extensions.code` ([`top_level`]).

mod reporter;
mod top_level;
mod user_error;

pub use self::user_error::{
    InvalidInput, NotFound, Refused, RegistrationsAffected, ScheduleConflict, UserError, UserErrorCode,
    UserErrorValue, VersionConflict,
};
pub(crate) use self::{
    reporter::{FaultReporter, ReportedFault},
    top_level::{FieldProblem, ListedRefusals},
    user_error::user_errors,
};
