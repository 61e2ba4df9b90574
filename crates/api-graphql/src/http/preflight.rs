//! Refusals of preflight requests, by which a browser asks whether a page of another origin may send a request.

use actix_cors::CorsError;
use actix_web::{Error, http::header::HeaderValue};

use super::error::HttpError;
use crate::errors::RequestError;

/// The value of `Vary` of the response to a preflight request: the headers that it depends on.
pub(crate) const VARY: HeaderValue =
    HeaderValue::from_static("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");

/// The refusal of a preflight request, which names the header that is the reason; `None` for another error.
pub(crate) fn refusal(error: &Error) -> Option<HttpError> {
    let reason = match error.as_error::<CorsError>()? {
        CorsError::OriginNotAllowed => "pages of the origin in `Origin` may not call this server",
        CorsError::MissingOrigin => "`Origin` is missing",
        CorsError::MethodNotAllowed => "no address has the method in `Access-Control-Request-Method`",
        _ => "`Access-Control-Request-Headers` or `Access-Control-Request-Method` cannot be read",
    };
    let message = format!("The preflight request is refused: {reason}.");
    Some(HttpError::with_message(RequestError::BadRequest, message))
}
