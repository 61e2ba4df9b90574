//! From the headers of a request to a known caller.
//!
//! Three steps, each in its own file: [`Authenticator`] reads the headers and proves them (a signed token, or the
//! plain headers of the development mode), the rate limit of the caller is charged, and a [`CallerResolver`] looks
//! the organization and the membership up. [`Gate`] does the three in order; every door into the server
//! (GraphQL, REST, subscriptions) goes through it.
//!
//! Whatever is wrong with the credentials, the answer is the same [`Denial::Unauthenticated`]: a caller must not
//! learn whether it was the signature, the organization or the membership.

mod authenticator;
mod claims;
mod credentials;
mod gate;
mod headers;
mod jwks;
mod keys;
mod mint;
mod rate_limit;
mod signature;
mod token;

pub use self::{
    authenticator::{Authenticator, UnixClock},
    gate::{CallerResolver, Denial, Fault, Gate},
    keys::{KeyProblem, VerificationKeys},
    mint::{MintError, TokenMint, TokenRequest},
    rate_limit::{CallerKey, Rate, RateLimits, RateSyntaxError},
    token::TokenVerifier,
};
