//! The error of a request that is not well-formed.

/// The reason why a request is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MalformedRequest(String);

impl MalformedRequest {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
