//! The schema as a whole.

use juniper::{EmptySubscription, RootNode};

use super::{context::Context, mutation::Mutation, query::Query};

/// The schema.
pub type Schema = RootNode<Query, Mutation, EmptySubscription<Context>>;

#[must_use]
pub fn schema() -> Schema {
    Schema::new(Query, Mutation, EmptySubscription::new())
}

/// The schema in GraphQL's schema definition language, as in `docs/schema.graphql`.
#[must_use]
pub fn sdl() -> String {
    schema().as_sdl()
}
