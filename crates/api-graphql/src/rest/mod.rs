//! The REST routes of the issue tracker, over the same use cases as GraphQL.
//!
//! | route | who |
//! |---|---|
//! | `POST /api/issues`, `GET /api/issues`, `GET /api/issues/{number}` | every member |
//! | `PATCH /api/issues/{number}`, `DELETE /api/issues/{number}` | admins |
//! | `GET /api/openapi.json` | everybody |
//!
//! Issues go by their number and members by their user id. Callers come in through the same gate as those of GraphQL,
//! so they share rate limits. Input is strict: what is not known is refused, and everything that is wrong is told at
//! once. Errors have the shape of all errors outside GraphQL.

mod call;
mod failure;
mod idempotency;
mod input;
mod issues;
pub mod openapi;
mod schemas;

use std::sync::Arc;

use actix_web::web;
use convene_application::{caller::Identity, use_cases::UseCases};

use crate::{
    auth::{CallerResolver, Gate},
    server::Routes,
};

/// What the routes work with.
pub struct Rest<R: CallerResolver<Caller = Identity>> {
    /// Lets callers in. Shared with every other door.
    pub gate: Arc<Gate<R>>,
    /// What the platform does.
    pub use_cases: Arc<UseCases>,
}

/// The routes, to be added to a server.
#[must_use]
pub fn routes<R: CallerResolver<Caller = Identity>>(rest: Rest<R>) -> Routes {
    let credentials =
        if rest.gate.takes_tokens() { openapi::Credentials::Token } else { openapi::Credentials::Headers };
    let rest = web::Data::new(rest);
    Arc::new(move |config| {
        config
            .app_data(rest.clone())
            .configure(issues::routes::<R>)
            .configure(|config| openapi::routes(config, credentials));
    })
}
