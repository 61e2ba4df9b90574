//! Refusals of requests.

use utoipa::IntoResponses;

use crate::http::error::ErrorAnswer;

#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the document uses it")]
pub(in crate::rest) enum BadBody {
    /// The body is not valid; every invalid field is named
    #[response(status = 400)]
    Invalid(#[to_schema] ErrorAnswer),
    /// The body did not arrive in time
    #[response(status = 408)]
    Slow(#[to_schema] ErrorAnswer),
    /// The body is too large
    #[response(status = 413)]
    Large(#[to_schema] ErrorAnswer),
    /// The content type is not application/json
    #[response(status = 415)]
    Kind(#[to_schema] ErrorAnswer),
}

/// A parameter is not valid; every invalid parameter is named
#[derive(IntoResponses)]
#[response(status = 400)]
#[expect(dead_code, reason = "only the document uses it")]
pub(in crate::rest) struct BadQuery(#[to_schema] ErrorAnswer);

#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the document uses it")]
pub(in crate::rest) enum Denied {
    /// The credentials are missing or wrong
    #[response(status = 401)]
    Unauthenticated(#[to_schema] ErrorAnswer),
    /// The caller's role does not allow it
    #[response(status = 403)]
    Forbidden(#[to_schema] ErrorAnswer),
    /// Too many requests; Retry-After says how long to wait
    #[response(status = 429)]
    Throttled(#[to_schema] ErrorAnswer),
    /// The service is unavailable; Retry-After says when to try again
    #[response(status = 503)]
    Unavailable(#[to_schema] ErrorAnswer),
}

/// The issue does not exist, or not for this caller
#[derive(IntoResponses)]
#[response(status = 404)]
#[expect(dead_code, reason = "only the document uses it")]
pub(in crate::rest) struct Missing(#[to_schema] ErrorAnswer);

/// The issue that was created with this Idempotency-Key has been deleted
#[derive(IntoResponses)]
#[response(status = 410)]
#[expect(dead_code, reason = "only the document uses it")]
pub(in crate::rest) struct Gone(#[to_schema] ErrorAnswer);

/// The condition of If-Match or If-None-Match does not hold
#[derive(IntoResponses)]
#[response(status = 412)]
#[expect(dead_code, reason = "only the document uses it")]
pub(in crate::rest) struct Changed(#[to_schema] ErrorAnswer);

/// The Idempotency-Key was used for another request
#[derive(IntoResponses)]
#[response(status = 422)]
#[expect(dead_code, reason = "only the document uses it")]
pub(in crate::rest) struct KeyReused(#[to_schema] ErrorAnswer);
