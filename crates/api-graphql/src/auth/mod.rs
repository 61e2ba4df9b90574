//! Authentication and rate limits of requests.
//!
//! [`AccessControl`] has three steps: an [`Authenticator`] verifies the credentials in the headers (a signed token of an
//! [`IdentityProvider`], or the plain headers of the development mode), the rate limit of the caller is charged, and a
//! [`CallerResolver`] looks up the organization and the membership. All routes use it.
//!
//! Every problem of credentials has the same result, [`Denial::Unauthenticated`], so that a client cannot learn whether
//! the signature, the organization or the membership was wrong; the log has the [`Rejection`]. [`Denial::KeysUnknown`] only says that the issuer's keys are
//! not known.

mod access_control;
mod authenticator;
mod claim_mapping;
mod claim_path;
mod claims;
mod credentials;
mod headers;
mod in_flight;
mod jwks;
mod key_server;
mod keys;
mod rate_limit;
mod rejection;
mod remote_keys;
mod signature;
mod token;
mod token_issuer;

pub use self::{
    access_control::{AccessControl, CallerResolver, Denial, Resolution},
    authenticator::{Authenticator, UnixClock, Unverified},
    claim_mapping::{ClaimMapping, OperatorMark},
    claim_path::{ClaimPath, ClaimPathSyntaxError},
    claims::ClaimRules,
    in_flight::{InFlightLimits, Owner, Slot},
    key_server::{FETCH_TIME, KeyLocation, MAX_ANSWER_BYTES, ProviderClient, ProviderUrl, ProviderUrlError},
    keys::{KeyProblem, MAX_KEYS, VerificationKeys},
    rate_limit::{CallerKey, ClientKey, Exceeded, Rate, RateLimits, RateSyntaxError},
    rejection::Rejection,
    remote_keys::{MAX_WAITING_FOR_KEYS, RefreshTimes, RemoteKeys},
    token::{IdentityProvider, KeySource, MAX_TOKEN_LENGTH, TokenProblem, TokenVerifier},
    token_issuer::{IssueError, TokenIssuer, TokenRequest},
};
