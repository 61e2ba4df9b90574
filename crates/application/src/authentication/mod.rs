//! Finding out who calls.

mod authenticate;

pub use authenticate::{Authenticate, Credentials};
