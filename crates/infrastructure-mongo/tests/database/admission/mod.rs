//! The limit on the work in flight: whatever callers do, the others are served.

mod deadlines;
mod fairness;
mod given_up;
mod previews;
mod sessions;

use std::time::{Duration, Instant};

use convene_application::{authentication::Deadline, caller::TenantScope, failure::Fault};
use convene_domain::id::MemberId;
use uuid::Uuid;

use crate::support::{Tenant, TestDatabase};

/// The scope of a call of a member, by number, with this time.
fn call_of(tenant: &Tenant, member: u128, time: Duration) -> TenantScope {
    let member = MemberId::from_uuid(Uuid::from_u128(member));
    tenant.scope.called_by(member, Deadline::at(Instant::now() + time))
}

/// Reads an issue, which is one command.
async fn read_issue(database: &TestDatabase, scope: &TenantScope) -> Result<(), Fault> {
    database.ports.issues.get_by_number(scope, 1).await.map(drop)
}

/// Reads a member, which is one command.
async fn read_member(database: &TestDatabase, tenant: &Tenant) -> Result<(), Fault> {
    database.ports.members.get_many(&tenant.scope, &[tenant.admin()]).await.map(drop)
}

/// Waits until every permit is returned.
async fn all_permits_are_returned(database: &TestDatabase) {
    let returned = async {
        while database.ports.calls_in_flight() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), returned).await.expect("every permit is returned");
}
