//! Callers who never rest.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;

use crate::{caller::Caller, scene::Scene};

/// How many callers there are.
pub(crate) const CALLERS: usize = 32;
/// A caller thinks for at most so long between two calls: the machine is to be busy, not to be choked.
const PAUSE: Duration = Duration::from_millis(20);

/// The callers at work.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    callers: JoinSet<anyhow::Result<()>>,
}

impl Load {
    /// Lets them begin.
    pub(crate) fn start(scene: &Scene) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut callers = JoinSet::new();
        for number in 0..CALLERS {
            let mut caller = Caller::new(number, scene);
            let stop = Arc::clone(&stop);
            callers.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    caller.act().await?;
                    tokio::time::sleep(PAUSE.mul_f64(rand::random_range(0.0..1.0))).await;
                }
                Ok(())
            });
        }
        Self { stop, callers }
    }

    /// Lets them finish what they have begun.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.callers.join_next().await {
            ended??;
        }
        Ok(())
    }
}
