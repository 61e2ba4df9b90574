//! How requests are refused.

use utoipa::IntoResponses;

use super::Error;

#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
pub(in crate::rest) enum BadBody {
    /// Not the JSON that is asked for; every field that is wrong is named
    #[response(status = 400)]
    Invalid(#[to_schema] Error),
    /// The body is not whole in time
    #[response(status = 408)]
    Slow(#[to_schema] Error),
    /// The body is too large
    #[response(status = 413)]
    Large(#[to_schema] Error),
    /// The body is of another type than application/json
    #[response(status = 415)]
    Kind(#[to_schema] Error),
}

/// A parameter is wrong; every one that is wrong is named
#[derive(IntoResponses)]
#[response(status = 400)]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
pub(in crate::rest) struct BadQuery(#[to_schema] Error);

#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
pub(in crate::rest) enum Denied {
    /// The credentials are missing or wrong
    #[response(status = 401)]
    Unauthenticated(#[to_schema] Error),
    /// The caller's role does not allow it
    #[response(status = 403)]
    Forbidden(#[to_schema] Error),
    /// Too many requests; Retry-After says how long to wait
    #[response(status = 429)]
    Throttled(#[to_schema] Error),
    /// The service cannot answer right now; Retry-After says when to try again
    #[response(status = 503)]
    Unavailable(#[to_schema] Error),
}

/// There is no such issue, or not for this caller
#[derive(IntoResponses)]
#[response(status = 404)]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
pub(in crate::rest) struct Missing(#[to_schema] Error);

/// What was made under this Idempotency-Key has been deleted since
#[derive(IntoResponses)]
#[response(status = 410)]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
pub(in crate::rest) struct Gone(#[to_schema] Error);

/// The Idempotency-Key was used with another request
#[derive(IntoResponses)]
#[response(status = 422)]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
pub(in crate::rest) struct KeyReused(#[to_schema] Error);
