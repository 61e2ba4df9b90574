//! Authentication: from verified credentials to a principal.
//!
//! The types of [`caller`] are proofs of authority, and nothing but this module constructs them: [`Authenticate`]
//! from credentials, [`LocalOperator`] for commands of the program. Both need the directory port, which use cases do
//! not give out, so neither a resolver nor a route can authenticate anybody. A test of the sources enforces that the API crate
//! implements no directory, and where it names these two.

mod authenticate;
pub mod caller;
mod deadline;
pub(crate) mod directory;
mod local;

pub use authenticate::{Authenticate, Credentials};
pub use deadline::Deadline;
pub use local::LocalOperator;
