//! Authentication: from verified credentials to a principal.

mod authenticate;

pub use authenticate::{Authenticate, Credentials};
