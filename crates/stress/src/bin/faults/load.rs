//! Concurrent callers and readers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;

use crate::{caller::Caller, fixture::Fixture, reader::Reader};

pub(crate) const CALLERS: usize = 32;
/// The number of callers who change an event and read it.
pub(crate) const READERS: usize = 2;
/// The longest pause of a caller between two calls. It keeps the machine busy without overloading it.
const MAX_PAUSE: Duration = Duration::from_millis(20);

/// The running callers and readers.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    callers: JoinSet<anyhow::Result<()>>,
}

impl Load {
    /// Starts the callers and readers.
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
        for number in 0..READERS {
            let mut reader = Reader::new(number, fixture);
            let stop = Arc::clone(&stop);
            callers.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    reader.act().await?;
                    tokio::time::sleep(MAX_PAUSE).await;
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
