//! Batches of lookups: keys that the fields of one document need at the same time are looked up together.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::oneshot, task::yield_now};

/// The rounds of the executor without a new key after which a batch is looked up. In the first one, fields that are polled
/// after the collecting one have not requested their keys yet.
const IDLE_ROUNDS: usize = 2;

/// Looks up keys in batches, each key once.
///
/// The first caller of a batch collects keys for as long as the rounds of the executor bring new ones, and then looks all
/// of them up. A batch therefore waits for the fields that run next to it and for nothing else, neither for a time nor for
/// a number of keys. The number of keys is bounded by the cost of the document.
pub(super) struct Batched<K, V> {
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    values: HashMap<K, Value<V>>,
    /// The keys of the next batch, in the order in which they were requested.
    next: Vec<K>,
}

enum Value<V> {
    Known(V),
    Expected(Vec<oneshot::Sender<V>>),
}

/// The part of a caller in a lookup.
enum Part<V> {
    Known(V),
    /// Another caller looks the key up.
    Waits(oneshot::Receiver<V>),
    /// The caller collects the next batch.
    Collects(oneshot::Receiver<V>),
}

impl<K: Clone + Eq + Hash, V: Clone> Batched<K, V> {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State { values: HashMap::new(), next: Vec::new() }) }
    }

    /// The value of a key. `load` looks up a batch of keys; keys that it leaves out fail with `None`.
    pub(super) async fn get<F>(&self, key: &K, load: impl Fn(Vec<K>) -> F) -> Option<V>
    where
        F: Future<Output = Vec<(K, V)>>,
    {
        loop {
            let receiver = match self.take_part(key) {
                Part::Known(value) => return Some(value),
                Part::Waits(receiver) => receiver,
                Part::Collects(mut receiver) => {
                    self.run_batch(&load).await;
                    return receiver.try_recv().ok();
                }
            };
            // Without a value, the caller that collected the batch was dropped.
            if let Ok(value) = receiver.await {
                return Some(value);
            }
        }
    }

    fn take_part(&self, key: &K) -> Part<V> {
        let mut state = self.lock();
        let (sender, receiver) = oneshot::channel();
        match state.values.get_mut(key) {
            Some(Value::Known(value)) => return Part::Known(value.clone()),
            Some(Value::Expected(senders)) => {
                senders.push(sender);
                return Part::Waits(receiver);
            }
            None => {}
        }
        state.values.insert(key.clone(), Value::Expected(vec![sender]));
        state.next.push(key.clone());
        if state.next.len() == 1 { Part::Collects(receiver) } else { Part::Waits(receiver) }
    }

    async fn run_batch<F>(&self, load: impl Fn(Vec<K>) -> F)
    where
        F: Future<Output = Vec<(K, V)>>,
    {
        let mut batch = Batch { state: self, keys: Vec::new() };
        let (mut collected, mut idle) = (0, 0);
        while idle < IDLE_ROUNDS {
            let requested = self.lock().next.len();
            idle = if requested > collected { 0 } else { idle + 1 };
            collected = requested;
            yield_now().await;
        }
        batch.keys = std::mem::take(&mut self.lock().next);
        for (key, value) in load(batch.keys.clone()).await {
            let known = self.lock().values.insert(key, Value::Known(value.clone()));
            if let Some(Value::Expected(senders)) = known {
                for sender in senders {
                    // A caller that was dropped needs no value.
                    drop(sender.send(value.clone()));
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A batch that is being collected or looked up. If it is dropped early, its keys can be requested again.
struct Batch<'l, K: Clone + Eq + Hash, V: Clone> {
    state: &'l Batched<K, V>,
    /// The keys that are looked up; empty while the batch is being collected.
    keys: Vec<K>,
}

impl<K: Clone + Eq + Hash, V: Clone> Drop for Batch<'_, K, V> {
    fn drop(&mut self) {
        let mut state = self.state.lock();
        let keys = match self.keys.is_empty() {
            true => std::mem::take(&mut state.next),
            false => std::mem::take(&mut self.keys),
        };
        for key in keys {
            if matches!(state.values.get(&key), Some(Value::Expected(_))) {
                state.values.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::{FutureExt, future::join_all};

    use super::*;

    /// Doubles numbers, and counts its batches.
    #[derive(Default)]
    struct Doubling {
        batched: Option<Batched<u32, u32>>,
        batches: AtomicUsize,
    }

    impl Doubling {
        fn new() -> Self {
            Self { batched: Some(Batched::new()), ..Self::default() }
        }

        async fn get(&self, key: u32) -> Option<u32> {
            let load = |keys: Vec<u32>| {
                self.batches.fetch_add(1, Ordering::Relaxed);
                async move {
                    yield_now().await;
                    keys.into_iter().filter(|key| *key != 13).map(|key| (key, key * 2)).collect()
                }
            };
            self.batched.as_ref()?.get(&key, load).await
        }

        fn batches(&self) -> usize {
            self.batches.load(Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn keys_of_any_number_that_are_requested_together_are_few_batches() {
        let doubling = Doubling::new();
        let found = join_all((0..5_000).map(|key| doubling.get(key % 4_000))).await;
        assert_eq!(found[3_999], Some(7_998));
        assert_eq!(found[4_999], Some(1_998));
        // The executor interrupts a task that waits for thousands of values, which can divide a batch.
        let batches = doubling.batches();
        assert!(batches <= 5, "{batches}");
        assert_eq!(doubling.get(7).await, Some(14));
        assert_eq!(doubling.batches(), batches, "a known value is not looked up again");
    }

    #[tokio::test]
    async fn keys_that_follow_in_the_next_rounds_join_the_batch() {
        let doubling = Doubling::new();
        let later = |key: u32| {
            let doubling = &doubling;
            async move {
                for _ in 0..key {
                    yield_now().await;
                }
                doubling.get(key).await
            }
        };
        let found = join_all((0..10).map(later)).await;
        assert_eq!(found, (0..10).map(|key| Some(key * 2)).collect::<Vec<_>>());
        assert_eq!(doubling.batches(), 1);
    }

    #[tokio::test]
    async fn values_of_one_batch_lead_to_one_further_batch() {
        let (first, second) = (Doubling::new(), Doubling::new());
        let both = |key| {
            let (first, second) = (&first, &second);
            async move { second.get(first.get(key).await?).await }
        };
        let found = join_all((0..2_000).filter(|key| *key != 13).map(both)).await;
        assert_eq!(found.last(), Some(&Some(7_996)));
        assert_eq!((first.batches(), second.batches()), (1, 1));
    }

    #[tokio::test]
    async fn a_key_without_a_value_fails_alone() {
        let doubling = Doubling::new();
        assert_eq!(join_all([13, 4].map(|key| doubling.get(key))).await, [None, Some(8)]);
    }

    #[tokio::test]
    async fn a_caller_that_is_dropped_does_not_block_the_others() {
        let doubling = Doubling::new();
        for polls in 1..4 {
            let mut dropped = Box::pin(doubling.get(polls));
            for _ in 0..polls {
                assert!((&mut dropped).now_or_never().is_none());
            }
            let mut waiting = Box::pin(doubling.get(polls));
            assert!((&mut waiting).now_or_never().is_none());
            drop(dropped);
            assert_eq!(waiting.await, Some(polls * 2));
        }
    }
}
