use std::sync::Arc;

use convene_domain::organization;
use juniper::{ID, graphql_object};

use super::NodeValue;
use crate::graphql::{
    context::Context,
    scalars::{DateTime, TimeZone},
};

/// The tenant that everything else belongs to.
#[derive(Clone, Debug)]
pub struct Organization(Arc<organization::Organization>);

impl From<organization::Organization> for Organization {
    fn from(organization: organization::Organization) -> Self {
        Self(Arc::new(organization))
    }
}

/// The tenant that everything else belongs to.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Organization {
    /// Its id.
    fn id(&self) -> ID {
        ID::from(self.0.id.to_string())
    }

    /// Its name in credentials and addresses; it never changes.
    fn slug(&self) -> &str {
        self.0.slug.as_str()
    }

    /// Its name for people.
    fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// The zone that new events get when they name none.
    fn time_zone(&self) -> TimeZone {
        self.0.time_zone.into()
    }

    /// When it was created.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it last changed.
    fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }
}
