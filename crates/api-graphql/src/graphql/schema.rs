//! The schema as a whole.

use std::sync::Arc;

use convene_application::caller::Identity;
use juniper::{EmptySubscription, RootNode};

use super::{
    context::{Context, Services},
    limits::DocumentLimits,
    mutation::Mutation,
    query::Query,
};
use crate::http::graphql::{RequestInfo, SchemaExecutor, SharedExecutor};

/// The schema.
pub type Schema = RootNode<Query, Mutation, EmptySubscription<Context>>;

/// The schema, ready to run documents.
#[must_use]
pub fn schema() -> Schema {
    Schema::new(Query, Mutation, EmptySubscription::new())
}

/// What runs documents against the schema, each with a context of its own. `introspection` says whether they may ask
/// for the schema.
#[must_use]
pub fn executor(services: Services, limits: DocumentLimits, introspection: bool) -> SharedExecutor<Identity> {
    let context = move |identity: Identity, info: &RequestInfo| {
        Context::new(identity, info.request_id.clone(), services.clone())
    };
    Arc::new(SchemaExecutor::new(schema(), limits, introspection, context))
}

/// The schema in GraphQL's own language, as `docs/schema.graphql` has it.
#[must_use]
pub fn sdl() -> String {
    schema().as_sdl()
}
