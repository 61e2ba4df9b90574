//! The schema as a whole.

use juniper::{EmptySubscription, RootNode};

use super::{context::Context, mutation::Mutation, query::Query};

/// The schema.
pub type Schema = RootNode<Query, Mutation, EmptySubscription<Context>>;

/// The schema, ready to run documents.
#[must_use]
pub fn schema() -> Schema {
    Schema::new(Query, Mutation, EmptySubscription::new())
}

/// The schema in GraphQL's own language, as `docs/schema.graphql` has it.
#[must_use]
pub fn sdl() -> String {
    schema().as_sdl()
}
