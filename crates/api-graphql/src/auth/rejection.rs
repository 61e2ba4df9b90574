//! The reasons why credentials are rejected.

/// The reason why credentials are rejected. Only the log has it: all reasons have the same response, so that a client cannot
/// learn how close it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There are no credentials, or several.
    Missing,
    /// The token or the headers do not have the expected form.
    Malformed,
    /// The token is of another kind than an access token.
    Kind,
    /// No provider in the settings has the issuer.
    Issuer,
    /// The token is for another audience.
    Audience,
    /// The token is not valid any more.
    Expired,
    /// The token is not valid yet.
    Early,
    /// A claim is missing or has a wrong type, or the organization is not one of those of the provider.
    Claims,
    /// The provider has no key with the id and the algorithm.
    UnknownKey,
    /// The signature does not match.
    Signature,
    /// The organization does not exist, or the user is not a member of it.
    UnknownCaller,
}

impl Rejection {
    /// The name in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Kind => "kind",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::Early => "early",
            Self::Claims => "claims",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::UnknownCaller => "unknown_caller",
        }
    }
}
