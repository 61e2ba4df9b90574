//! The REST routes of the issue tracker, over the same use cases as GraphQL.
//!
//! | route | allowed for |
//! |---|---|
//! | `POST /api/issues`, `GET /api/issues`, `GET /api/issues/{number}` | all members |
//! | `PATCH /api/issues/{number}`, `DELETE /api/issues/{number}` | admins |
//! | `GET /api/openapi.json` | public, without authentication |
//!
//! Issues are identified by number and members by user id. Requests share the access control of GraphQL,
//! and so its rate limits. Input is strict: unknown fields are refused, and all problems are reported at
//! once. Errors have the format of all errors outside GraphQL.

mod call;
mod failure;
mod idempotency;
mod input;
mod issues;
pub mod openapi;
mod precondition;
mod schemas;

use std::sync::Arc;

use actix_web::web;
use convene_application::use_cases::UseCases;

pub use self::input::{MAX_FIELDS, MAX_PARAMETERS};
use crate::{auth::AccessControl, callers::Callers, server::Routes};

/// The data of the routes.
pub struct Rest {
    /// Shared with the other routes, so that all count against the same rate limits.
    pub access_control: Arc<AccessControl<Callers>>,
    pub use_cases: Arc<UseCases>,
}

#[must_use]
pub fn routes(rest: Rest) -> Routes {
    let credentials = if rest.access_control.takes_tokens() {
        openapi::Credentials::Token
    } else {
        openapi::Credentials::Headers
    };
    let rest = web::Data::new(rest);
    Arc::new(move |config| {
        config
            .app_data(rest.clone())
            .configure(issues::routes)
            .configure(|config| openapi::routes(config, credentials));
    })
}
