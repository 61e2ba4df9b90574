//! The port of realignments.

use async_trait::async_trait;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    ports::{OutdatedEvent, RealignedEvents, Realignment},
};
use convene_domain::{id::EventId, time::Instant};

use crate::{check, database::Database, events};

/// Realignments in MongoDB.
#[derive(Clone)]
pub(crate) struct MongoRealignment(pub(crate) Database);

#[async_trait]
impl Realignment for MongoRealignment {
    async fn outdated(&self, now: Instant) -> Result<Vec<OutdatedEvent>, Fault> {
        check::outdated(self.0.driver(), now).await
    }

    async fn realign(
        &self,
        scope: &TenantScope,
        events: Vec<EventId>,
        change: &Change,
    ) -> Outcome<RealignedEvents> {
        events::realign(&self.0, scope, &events, change).await
    }
}
