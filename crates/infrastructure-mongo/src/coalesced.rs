//! Coalesced lookups: concurrent lookups of one kind are merged into one query.
//!
//! While one query is in flight, further keys wait for it to end; then one query looks up all of them. Nothing is
//! cached: every result was read after it was asked for.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use convene_application::failure::Fault;
use futures::{FutureExt, future::BoxFuture};
use tokio::sync::oneshot;
use tracing::debug_span;

use crate::{
    error::shared,
    observed::{Origin, share},
};

/// Looks up all of these keys. The results are in the order of the keys.
type Query<K, V> = Box<dyn Fn(Vec<K>) -> BoxFuture<'static, Result<Vec<V>, Fault>> + Send + Sync>;

/// A key, and the caller of its lookup.
type Pending<K, V> = (K, WaitingCaller<V>);

/// A caller that waits for a result.
struct WaitingCaller<V> {
    origin: Origin,
    sender: oneshot::Sender<Result<V, Fault>>,
}

impl<V> WaitingCaller<V> {
    fn answer(self, result: Result<V, Fault>) {
        self.origin.count_shared();
        // A caller that was dropped needs no result.
        drop(self.sender.send(result));
    }
}

/// Coalesces lookups of one kind. A clone is cheap.
pub(crate) struct CoalescedLookup<K, V>(Arc<Inner<K, V>>);

struct Inner<K, V> {
    query: Query<K, V>,
    /// The keys that wait while a query is in flight; `None` if none is.
    pending: Mutex<Option<Vec<Pending<K, V>>>>,
}

impl<K, V> Clone for CoalescedLookup<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Send + 'static, V: Send + 'static> CoalescedLookup<K, V> {
    /// Coalesces calls of this query, whose results are in the order of the keys.
    pub(crate) fn new<F>(query: impl Fn(Vec<K>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<V>, Fault>> + Send + 'static,
    {
        let query = Box::new(move |keys| query(keys).boxed());
        Self(Arc::new(Inner { query, pending: Mutex::default() }))
    }

    /// Looks up a key.
    ///
    /// # Errors
    /// The fault of the query that the key was part of.
    pub(crate) async fn get(&self, key: K) -> Result<V, Fault> {
        let (sender, result) = oneshot::channel();
        let is_first = {
            let mut pending = self.0.pending.lock().unwrap_or_else(PoisonError::into_inner);
            let is_first = pending.is_none();
            pending.get_or_insert_default().push((key, WaitingCaller { origin: Origin::current(), sender }));
            is_first
        };
        if is_first {
            // A task of its own: a caller may be dropped, and the others still get their results.
            let _task = tokio::spawn(Running { inner: Arc::clone(&self.0), is_cut_off: true }.run());
        }
        // The thread that ran the task ends at a shutdown, and may end before those of other callers.
        result
            .await
            .unwrap_or_else(|_| Err(Fault::Unavailable("the thread of a coalesced lookup has ended".into())))
    }
}

/// The task that runs the queries. If its runtime drops it, also before it has begun, those that wait for it are answered, and the
/// next lookup starts another one.
struct Running<K, V> {
    inner: Arc<Inner<K, V>>,
    is_cut_off: bool,
}

impl<K: Send + 'static, V: Send + 'static> Running<K, V> {
    /// Runs queries until no key is pending.
    async fn run(mut self) {
        while let Some(pending) = self.inner.take_pending() {
            let (keys, waiting): (Vec<K>, Vec<WaitingCaller<V>>) = pending.into_iter().unzip();
            let origins: Vec<Origin> = waiting.iter().map(|waiting| waiting.origin.clone()).collect();
            let span = debug_span!(parent: None, "coalesced lookup", keys = keys.len());
            share(span, origins.iter(), self.inner.look_up(keys, waiting)).await;
        }
        self.is_cut_off = false;
    }
}

impl<K, V> Drop for Running<K, V> {
    fn drop(&mut self) {
        if self.is_cut_off {
            // Without their senders, the callers wait no longer.
            drop(self.inner.pending.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

impl<K: Send + 'static, V: Send + 'static> Inner<K, V> {
    /// Looks up all keys with one query.
    async fn look_up(&self, keys: Vec<K>, waiting: Vec<WaitingCaller<V>>) {
        let found = std::panic::AssertUnwindSafe((self.query)(keys)).catch_unwind().await;
        match found.unwrap_or_else(|_| Err(Fault::internal("a coalesced lookup panicked"))) {
            Ok(values) => {
                waiting.into_iter().zip(values).for_each(|(waiting, value)| waiting.answer(Ok(value)));
            }
            Err(fault) => {
                let fault = Arc::new(fault);
                waiting.into_iter().for_each(|waiting| waiting.answer(Err(shared(&fault))));
            }
        }
    }

    /// Takes the pending keys. If there are none, no query is in flight any more.
    fn take_pending(&self) -> Option<Vec<Pending<K, V>>> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = pending.take().filter(|pending| !pending.is_empty())?;
        *pending = Some(Vec::new());
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    /// Doubles numbers as soon as the gate is open, and counts its queries.
    fn doubling(gate: &Arc<Semaphore>, calls: &Arc<AtomicUsize>) -> CoalescedLookup<u32, u32> {
        let (gate, calls) = (Arc::clone(gate), Arc::clone(calls));
        CoalescedLookup::new(move |keys: Vec<u32>| {
            let gate = Arc::clone(&gate);
            calls.fetch_add(1, Ordering::Relaxed);
            async move {
                gate.acquire().await.expect("it is never closed").forget();
                match keys.contains(&0) {
                    true => Err(Fault::Overloaded),
                    false => Ok(keys.into_iter().map(|number| number * 2).collect()),
                }
            }
        })
    }

    #[tokio::test]
    async fn lookups_during_a_query_share_the_next_query() {
        let (gate, calls) = (Arc::new(Semaphore::new(0)), Arc::default());
        let lookup = doubling(&gate, &calls);
        let mut first = Box::pin(lookup.get(1));
        assert!((&mut first).now_or_never().is_none());
        tokio::task::yield_now().await;
        let mut others: Vec<_> = (2..100).map(|number| Box::pin(lookup.get(number))).collect();
        for other in &mut others {
            assert!(other.now_or_never().is_none());
        }
        gate.add_permits(2);
        assert_eq!(first.await.unwrap(), 2);
        let results: Vec<u32> = join_all(others).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(results, (2..100).map(|number| number * 2).collect::<Vec<_>>());
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_dropped_caller_does_not_block_the_others() {
        let (gate, calls) = (Arc::new(Semaphore::new(0)), Arc::default());
        let lookup = doubling(&gate, &calls);
        let mut dropped = Box::pin(lookup.get(1));
        assert!((&mut dropped).now_or_never().is_none());
        drop(dropped);
        gate.add_permits(2);
        assert_eq!(lookup.get(2).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_fault_fails_all_lookups_of_its_query_and_no_later_one() {
        let (gate, calls) = (Arc::new(Semaphore::new(0)), Arc::default());
        let lookup = doubling(&gate, &calls);
        let mut first = Box::pin(lookup.get(1));
        assert!((&mut first).now_or_never().is_none());
        tokio::task::yield_now().await;
        let failing = [lookup.get(0), lookup.get(3)];
        gate.add_permits(3);
        let (first, failing) = futures::join!(first, join_all(failing));
        assert_eq!(first.unwrap(), 2);
        assert!(failing.iter().all(|result| matches!(result, Err(Fault::Overloaded))));
        assert_eq!(lookup.get(4).await.unwrap(), 8);
    }

    /// A thread of the server ends before those that wait for its query.
    #[test]
    fn the_end_of_the_runtime_of_a_query_is_an_outage_for_those_that_wait() {
        let (gate, calls) = (Arc::new(Semaphore::new(0)), Arc::default());
        let lookup = doubling(&gate, &calls);
        let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (ending, staying) = (runtime(), runtime());
        let mut waiting: Vec<_> = (1..4).map(|number| Box::pin(lookup.get(number))).collect();
        ending.block_on(async {
            assert!((&mut waiting[0]).now_or_never().is_none());
            tokio::task::yield_now().await;
        });
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        for others in &mut waiting[1..] {
            assert!(others.now_or_never().is_none());
        }
        drop(ending);
        for result in waiting {
            let result = result.now_or_never().expect("nothing is left that could answer");
            assert!(matches!(result, Err(Fault::Unavailable(_))), "{result:?}");
        }
        gate.add_permits(1);
        assert_eq!(staying.block_on(lookup.get(4)).unwrap(), 8);
    }
}
