use std::sync::Arc;

use convene_domain::time::Instant;
use time::Duration;

use crate::{
    failure::Fault,
    ports::{Catalogue, Clock, Organizations},
};

/// The time for which deleted organizations are forgotten at intervals: far longer than a request that was let in before may
/// take, and than the clocks of processes differ.
const MARGIN: Duration = Duration::minutes(10);

/// Drops what a process keeps in memory about deleted organizations, also about those that another process deleted.
pub struct ForgetDeleted {
    clock: Arc<dyn Clock>,
    organizations: Arc<dyn Organizations>,
    catalogue: Arc<dyn Catalogue>,
    /// The time of the last complete call.
    since: Instant,
}

impl ForgetDeleted {
    /// The use case for a process that begins now.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        organizations: Arc<dyn Organizations>,
        catalogue: Arc<dyn Catalogue>,
    ) -> Self {
        let since = clock.now();
        Self { clock, organizations, catalogue, since }
    }

    /// Forgets the organizations that were deleted since the last call.
    ///
    /// # Errors
    /// [`Fault`] if they could not be read. The next call makes up for it.
    pub async fn execute(&mut self) -> Result<(), Fault> {
        let now = self.clock.now();
        for organization in self.organizations.deleted_since(self.since - MARGIN).await? {
            self.catalogue.forget(organization);
        }
        self.since = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixtures,
        ports::{MockCatalogue, MockOrganizations},
        testing::FixedClock,
    };

    #[tokio::test]
    async fn a_call_that_fails_is_made_up_for() {
        let clock = FixedClock::default();
        let mut organizations = MockOrganizations::new();
        let mut calls = 0;
        organizations.expect_deleted_since().times(3).returning(move |since| {
            assert_eq!(since, FixedClock::START - MARGIN);
            calls += 1;
            if calls == 1 { Err(Fault::Overloaded) } else { Ok(vec![fixtures::organization_id()]) }
        });
        let mut catalogue = MockCatalogue::new();
        catalogue.expect_forget().times(2).returning(|id| assert_eq!(id, fixtures::organization_id()));
        let mut forget = ForgetDeleted::new(Arc::new(clock), Arc::new(organizations), Arc::new(catalogue));
        assert!(forget.execute().await.is_err());
        forget.execute().await.unwrap();
        forget.execute().await.unwrap();
    }
}
