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

/// What the payload of a mutation shows as its result.
pub(in crate::graphql) trait Changed {
    /// The id of the object.
    fn changed_id(&self) -> ID;
}

/// The payload of a deletion shows the id only.
impl Changed for ID {
    fn changed_id(&self) -> ID {
        self.clone()
    }
}

macro_rules! changed {
    ($($object:ident),*) => {
        $(impl Changed for $object {
            fn changed_id(&self) -> ID {
                self.id()
            }
        })*
    };
}

changed!(Organization, Member, Event, Occurrence, Registration, Issue);
