//! Authentication and rate limits of requests.
//!
//! [`AccessControl`] has three steps: an [`Authenticator`] verifies the credentials in the headers (a signed token, or the
//! plain headers of the development mode), the rate limit of the caller is charged, and a [`CallerResolver`] looks up
//! the organization and the membership. All routes use it.
//!
//! Every problem of credentials has the same result, [`Denial::Unauthenticated`], so that a client cannot learn whether
//! the signature, the organization or the membership was wrong.

mod access_control;
mod authenticator;
mod claims;
mod credentials;
mod headers;
mod in_flight;
mod jwks;
mod keys;
mod rate_limit;
mod signature;
mod token;
mod token_issuer;

pub use self::{
    access_control::{AccessControl, CallerResolver, Denial, Fault},
    authenticator::{Authenticator, UnixClock},
    in_flight::{InFlightLimits, Owner, Slot},
    keys::{KeyProblem, VerificationKeys},
    rate_limit::{CallerKey, ClientKey, Exceeded, Rate, RateLimits, RateSyntaxError},
    token::{MAX_TOKEN_LENGTH, TokenVerifier},
    token_issuer::{IssueError, TokenIssuer, TokenRequest},
};
