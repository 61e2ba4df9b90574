//! The port of realignments.

use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    ports::{OutdatedEvent, RealignedEvents, Realignment},
};
use convene_domain::{id::EventId, time::Instant};
use serde::de::IgnoredAny;

use crate::{
    check,
    database::Database,
    documents::{convert::date, realignment::RealignmentDocument},
    events,
    schema::{LAST, OCCURRENCES, REALIGNMENTS},
    unscoped,
};

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

    async fn recorded_version(&self) -> Result<Option<String>, Fault> {
        let found = unscoped::find_one(&self.0, &REALIGNMENTS, doc! { "_id": LAST }).await?;
        Ok(found.map(|RealignmentDocument { time_zones }| time_zones))
    }

    async fn record_version(&self, version: &str, now: Instant) -> Result<(), Fault> {
        let set = doc! { "$set": { "timeZones": version, "at": date(now) } };
        Ok(unscoped::upsert(&self.0, &REALIGNMENTS, doc! { "_id": LAST }, set).await?)
    }

    async fn has_occurrences(&self) -> Result<bool, Fault> {
        let found: Option<IgnoredAny> = unscoped::find_one(&self.0, &OCCURRENCES, doc! {}).await?;
        Ok(found.is_some())
    }
}
