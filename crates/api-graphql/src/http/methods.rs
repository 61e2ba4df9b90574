//! Routes of reads.

use actix_web::{Route, guard, web};

/// The route of GET and HEAD: wherever a client may read a resource, it may also ask for its headers alone (RFC 9110,
/// section 9.1). The server leaves the body of a response to HEAD out.
pub(crate) fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}
