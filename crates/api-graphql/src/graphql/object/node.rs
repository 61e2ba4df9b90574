use juniper::{GraphQLInterface, ID};

use super::{Activity, Event, Issue, Member, Occurrence, Organization, Registration};
use crate::graphql::context::Context;

/// Anything that has an id of its own. The id's prefix tells its type.
#[derive(GraphQLInterface)]
#[graphql(
    enum = NodeValue,
    for = [Organization, Member, Event, Occurrence, Registration, Issue, Activity],
    context = Context,
)]
pub struct Node {
    /// Its id.
    id: ID,
}
