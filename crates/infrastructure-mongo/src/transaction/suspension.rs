use std::time::Duration;

use bson::doc;
use convene_domain::organization::OrganizationStatus;
use serde::Deserialize;
use tokio::time::Instant;

use super::Transaction;
use crate::{error::Attempt, schema, scoped::Query};

/// The time after which the status of the organization is read again that was read when a caller was let in. With the time of a
/// transaction it is less than a second, in which a suspension takes effect.
const MAX_UNVERIFIED: Duration = Duration::from_millis(500);

impl Transaction<'_> {
    /// Tests whether the organization was suspended or deleted after a call had begun. It is not tested for a call that began a
    /// short time ago, nor for work that no call asked for.
    pub(crate) async fn is_suspended(&mut self, since: Option<Instant>) -> Attempt<bool> {
        #[derive(Deserialize)]
        struct Found {
            status: String,
        }

        if since.is_none_or(|since| since.elapsed() < MAX_UNVERIFIED) {
            return Ok(false);
        }
        let status = Query::from(doc! {}).projected(doc! { "status": 1 });
        let found: Option<Found> = self.collection(&schema::ORGANIZATIONS).find_one(status).await?;
        Ok(found.is_none_or(|found| found.status != OrganizationStatus::Active.as_str()))
    }
}
