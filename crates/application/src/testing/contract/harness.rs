use std::{panic::resume_unwind, sync::Arc, time::Duration};

use async_trait::async_trait;
use convene_domain::occurrence::OccurrenceKey;

use super::{environment::Environment, invariants};
use crate::{caller::TenantScope, testing::Adapters};

/// Storage that an earlier time-zone database was used with.
#[async_trait]
pub trait FormerClocks: Send + Sync {
    /// Gives a stored occurrence, with its registrations, the id and the times that it would have if it had been stored while the
    /// clocks of its zone differed by this much from now. Its wall-clock times stay.
    async fn set(&self, scope: &TenantScope, occurrence: OccurrenceKey, by: time::Duration);
}

/// The storage that one case runs on.
#[async_trait]
pub trait Harness: Send + Sync + 'static {
    /// The ports of this storage. It must be empty and not shared.
    fn adapters(&self) -> Adapters;

    /// The ports of another process on the same storage, if it can have several.
    fn other_process(&self) -> Adapters {
        self.adapters()
    }

    /// Access to what is stored.
    fn former_clocks(&self) -> Arc<dyn FormerClocks>;

    /// Releases the storage, after a passed or a failed case.
    async fn close(self)
    where
        Self: Sized,
    {
    }
}

/// The time after which a case counts as hanging.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Runs one case and then checks the invariants.
///
/// # Panics
/// If the case or an invariant fails, or after two minutes.
pub async fn run<H, F>(harness: H, case: impl FnOnce(Environment) -> F)
where
    H: Harness,
    F: Future<Output = ()> + Send + 'static,
{
    let environment = Environment::over(harness.adapters(), harness.other_process())
        .with_former_clocks(harness.former_clocks());
    let case = case(environment.clone());
    let outcome = tokio::spawn(async move {
        let all = async {
            case.await;
            invariants::check(&environment).await;
        };
        tokio::time::timeout(TIME_LIMIT, all).await.expect("the case ends in time");
    })
    .await;
    harness.close().await;
    if let Err(failed) = outcome {
        resume_unwind(failed.into_panic());
    }
}
