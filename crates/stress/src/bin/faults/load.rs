//! Concurrent callers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;

use crate::{caller::Caller, fixture::Fixture};

pub(crate) const CALLERS: usize = 32;
/// The longest pause of a caller between two calls. It keeps the machine busy without overloading it.
const MAX_PAUSE: Duration = Duration::from_millis(20);

/// The running callers.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    callers: JoinSet<anyhow::Result<()>>,
}

impl Load {
    /// Starts the callers.
    pub(crate) fn start(fixture: &Fixture) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut callers = JoinSet::new();
        for number in 0..CALLERS {
            let mut caller = Caller::new(number, fixture);
            let stop = Arc::clone(&stop);
            callers.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    caller.act().await?;
                    tokio::time::sleep(MAX_PAUSE.mul_f64(rand::random_range(0.0..1.0))).await;
                }
                Ok(())
            });
        }
        Self { stop, callers }
    }

    /// Stops the callers after their current calls.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.callers.join_next().await {
            ended??;
        }
        Ok(())
    }
}
