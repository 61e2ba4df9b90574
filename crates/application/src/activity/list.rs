use std::sync::Arc;

use convene_domain::{activity::Activity, id::ActivityId, time::Instant};

use crate::{
    caller::Admin,
    failure::Outcome,
    page::{BoundedPage, PageRequest},
    period,
    ports::{ActivityFilter, ActivityLog},
};

/// Lists the activity log of the admin's organization.
pub struct ListActivity {
    pub(crate) activity_log: Arc<dyn ActivityLog>,
}

impl ListActivity {
    /// The entries that match the filter, newest first.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `filter.to` unless it is after `filter.from`.
    #[tracing::instrument(name = "activity.list", skip_all)]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        filter: ActivityFilter,
        page: PageRequest<(Instant, ActivityId)>,
    ) -> Outcome<BoundedPage<Activity, (Instant, ActivityId)>> {
        period::check_filter(filter.from, filter.to)?;
        Ok(self.activity_log.list(admin.scope(), filter, page).await?)
    }
}
