use juniper::{GraphQLInterface, ID};

use super::{Activity, Event, Issue, Member, Occurrence, Organization, Registration};
use crate::graphql::context::Context;

/// An object with a global id. The prefix of the id names the type of the object.
#[derive(GraphQLInterface)]
#[graphql(
    enum = NodeValue,
    for = [Organization, Member, Event, Occurrence, Registration, Issue, Activity],
    context = Context,
)]
pub struct Node {
    /// The id of the object.
    id: ID,
}
