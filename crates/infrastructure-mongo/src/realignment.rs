//! The port of realignments.

use async_trait::async_trait;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    ports::{Changed, OutdatedEvent, Realignment},
};
use convene_domain::{event::Event, id::EventId, time::Instant};

use crate::{check, database::Database, events};

/// Realignments in MongoDB.
#[derive(Clone)]
pub(crate) struct MongoRealignment(pub(crate) Database);

#[async_trait]
impl Realignment for MongoRealignment {
    async fn outdated(&self, now: Instant) -> Result<Vec<OutdatedEvent>, Fault> {
        check::outdated(self.0.driver(), now).await
    }

    async fn realign(&self, scope: &TenantScope, event: EventId, change: &Change) -> Outcome<Changed<Event>> {
        events::realign(&self.0, scope, event, change).await
    }
}
