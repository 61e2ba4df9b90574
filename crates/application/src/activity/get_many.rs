use std::sync::Arc;

use convene_domain::{activity::Activity, id::ActivityId};

use crate::{caller::Admin, failure::Outcome, ports::ActivityLog};

/// Reads entries of the activity log by their ids.
pub struct GetActivities {
    pub(crate) activity_log: Arc<dyn ActivityLog>,
}

impl GetActivities {
    /// The entries that exist in the admin's organization, in any order.
    ///
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "activity.get_many", skip_all)]
    pub async fn execute(&self, admin: Admin<'_>, ids: &[ActivityId]) -> Outcome<Vec<Activity>> {
        Ok(self.activity_log.get_many(admin.scope(), ids).await?)
    }
}
