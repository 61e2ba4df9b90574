//! Work that is run to its end even if nobody waits for it any more.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{FutureExt, future::BoxFuture};
use tokio::runtime::Handle;

use crate::metrics;

/// A future that continues in a task of its own if it is dropped after it has begun.
///
/// The driver closes the connection of a command that is dropped, and reuses its session, while the server may still
/// execute it. A command that is run to its end, which `maxTimeMS` bounds, keeps its connection, its session and its
/// permit until the server is done with it. See ADR 11.
pub(crate) struct Uninterrupted<T: Send + 'static> {
    work: Option<BoxFuture<'static, T>>,
    has_begun: bool,
}

impl<T: Send + 'static> Uninterrupted<T> {
    pub(crate) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self { work: Some(work.boxed()), has_begun: false }
    }
}

impl<T: Send + 'static> Future for Uninterrupted<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.has_begun = true;
        // A future is not polled again after its end, so there always is some work.
        let Some(work) = &mut self.work else { return Poll::Pending };
        let polled = work.poll_unpin(context);
        if polled.is_ready() {
            self.work = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Uninterrupted<T> {
    fn drop(&mut self) {
        if !self.has_begun {
            return;
        }
        // Without a runtime the process is ending.
        if let (Some(work), Ok(runtime)) = (self.work.take(), Handle::try_current()) {
            metrics::command_outlived_caller();
            drop(runtime.spawn(work.map(drop)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;

    /// Work that waits for the gate, and adds a permit to the other semaphore when it ends.
    fn work(gate: &Arc<Semaphore>, ended: &Arc<Semaphore>) -> Uninterrupted<u8> {
        let (gate, ended) = (Arc::clone(gate), Arc::clone(ended));
        Uninterrupted::new(async move {
            gate.acquire().await.unwrap().forget();
            ended.add_permits(1);
            7
        })
    }

    #[tokio::test]
    async fn work_that_is_dropped_continues() {
        let (gate, ended) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let mut dropped = work(&gate, &ended);
        assert!((&mut dropped).now_or_never().is_none());
        drop(dropped);
        gate.add_permits(1);
        ended.acquire().await.unwrap().forget();
    }

    #[tokio::test]
    async fn work_that_has_not_begun_is_not_done() {
        let (gate, ended) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(0)));
        drop(work(&gate, &ended));
        tokio::task::yield_now().await;
        assert_eq!((gate.available_permits(), ended.available_permits()), (1, 0));
    }

    #[tokio::test]
    async fn the_result_is_that_of_the_work() {
        let (gate, ended) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(0)));
        assert_eq!(work(&gate, &ended).await, 7);
        assert_eq!(ended.available_permits(), 1);
    }
}
