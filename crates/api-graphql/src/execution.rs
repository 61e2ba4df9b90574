//! Runs documents of the HTTP handler against the GraphQL schema.

use std::sync::Arc;

use convene_application::caller::Identity;

use crate::{
    graphql::{
        context::{Context, Services},
        limits::DocumentLimits,
        schema::schema,
    },
    http::graphql::{RequestInfo, SchemaExecutor, SharedExecutor},
};

/// An executor of documents, each with a context of its own. `introspection` says whether documents may ask for the
/// schema.
#[must_use]
pub fn schema_executor(
    services: Services,
    limits: DocumentLimits,
    introspection: bool,
) -> SharedExecutor<Identity> {
    let context = move |identity: Identity, info: &RequestInfo| {
        Context::new(identity, info.request_id.clone(), services.clone())
    };
    Arc::new(SchemaExecutor::new(schema(), limits, introspection, context))
}
