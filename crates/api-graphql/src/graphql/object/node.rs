use juniper::{GraphQLInterface, ID};

use super::{Activity, Event, Issue, Member, Occurrence, Organization, Registration};
use crate::graphql::{context::Context, loaders::SubjectObject};

impl From<SubjectObject> for NodeValue {
    fn from(object: SubjectObject) -> Self {
        match object {
            SubjectObject::Organization(it) => Organization::from(*it).into(),
            SubjectObject::Member(it) => Member::from(it).into(),
            SubjectObject::Event(it) => Event::from(it).into(),
            SubjectObject::Occurrence(it) => Occurrence::from(it).into(),
            SubjectObject::Registration(it) => Registration::from(it).into(),
            SubjectObject::Issue(it) => Issue::from(it).into(),
        }
    }
}

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
