//! Look-ups that many ask for at once, each for a little: merged into one.
//!
//! While one look-up is in flight, whoever asks next waits for it to end and is then looked up together with all
//! others who wait. Nothing is kept: every answer was read after it was asked for.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use convene_application::failure::Fault;
use futures::{FutureExt, future::BoxFuture};
use tokio::sync::oneshot;

use crate::error::shared;

/// Answers all of these questions, each at its place.
type LookUp<Q, A> = Box<dyn Fn(Vec<Q>) -> BoxFuture<'static, Result<Vec<A>, Fault>> + Send + Sync>;

/// A question, and where its answer is waited for.
type Asked<Q, A> = (Q, oneshot::Sender<Result<A, Fault>>);

/// Merges look-ups of one kind. Cheap to clone.
pub(crate) struct Gather<Q, A>(Arc<Gathering<Q, A>>);

struct Gathering<Q, A> {
    look_up: LookUp<Q, A>,
    waiting: Mutex<Waiting<Q, A>>,
}

struct Waiting<Q, A> {
    /// Whether a look-up is in flight, whose end the others wait for.
    busy: bool,
    asked: Vec<Asked<Q, A>>,
}

impl<Q, A> Clone for Gather<Q, A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Q: Send + 'static, A: Send + 'static> Gather<Q, A> {
    /// Merges calls of this look-up, which answers every question at its place.
    pub(crate) fn new<F>(look_up: impl Fn(Vec<Q>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<A>, Fault>> + Send + 'static,
    {
        let waiting = Mutex::new(Waiting { busy: false, asked: Vec::new() });
        Self(Arc::new(Gathering { look_up: Box::new(move |asked| look_up(asked).boxed()), waiting }))
    }

    /// Asks a question.
    ///
    /// # Errors
    /// The fault of the look-up that it was part of.
    pub(crate) async fn ask(&self, question: Q) -> Result<A, Fault> {
        let (answer, answered) = oneshot::channel();
        let is_first = {
            let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.asked.push((question, answer));
            !std::mem::replace(&mut waiting.busy, true)
        };
        if is_first {
            // A task of its own: whoever asks may go away, and the others still get their answers.
            let _task = tokio::spawn(Arc::clone(&self.0).run());
        }
        answered.await.unwrap_or_else(|_| Err(Fault::internal("a look-up ended without an answer")))
    }
}

impl<Q: Send + 'static, A: Send + 'static> Gathering<Q, A> {
    /// Looks up whatever is asked, until nobody waits.
    async fn run(self: Arc<Self>) {
        while let Some(asked) = self.next() {
            let (questions, answers): (Vec<Q>, Vec<_>) = asked.into_iter().unzip();
            let found = std::panic::AssertUnwindSafe((self.look_up)(questions)).catch_unwind().await;
            match found.unwrap_or_else(|_| Err(Fault::internal("a look-up panicked"))) {
                Ok(found) => {
                    for (answer, found) in answers.into_iter().zip(found) {
                        // Who has gone needs no answer.
                        drop(answer.send(Ok(found)));
                    }
                }
                Err(fault) => {
                    let fault = Arc::new(fault);
                    for answer in answers {
                        drop(answer.send(Err(shared(&fault))));
                    }
                }
            }
        }
    }

    /// Everybody who waits; none if nobody does, and then nothing is in flight any more.
    fn next(&self) -> Option<Vec<Asked<Q, A>>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = std::mem::take(&mut waiting.asked);
        waiting.busy = !asked.is_empty();
        waiting.busy.then_some(asked)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    /// Doubles numbers when it is let; counts how often it was asked.
    fn doubling(gate: &Arc<Semaphore>, calls: &Arc<AtomicUsize>) -> Gather<u32, u32> {
        let (gate, calls) = (Arc::clone(gate), Arc::clone(calls));
        Gather::new(move |asked: Vec<u32>| {
            let gate = Arc::clone(&gate);
            calls.fetch_add(1, Ordering::Relaxed);
            async move {
                gate.acquire().await.expect("it is never closed").forget();
                match asked.contains(&0) {
                    true => Err(Fault::Overloaded),
                    false => Ok(asked.into_iter().map(|number| number * 2).collect()),
                }
            }
        })
    }

    #[tokio::test]
    async fn everybody_who_comes_meanwhile_is_looked_up_at_once() {
        let (gate, calls) = (Arc::new(Semaphore::new(0)), Arc::default());
        let gather = doubling(&gate, &calls);
        let mut first = Box::pin(gather.ask(1));
        assert!((&mut first).now_or_never().is_none());
        tokio::task::yield_now().await;
        let mut others: Vec<_> = (2..100).map(|number| Box::pin(gather.ask(number))).collect();
        for other in &mut others {
            assert!(other.now_or_never().is_none());
        }
        gate.add_permits(2);
        assert_eq!(first.await.unwrap(), 2);
        let answers: Vec<u32> = join_all(others).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, (2..100).map(|number| number * 2).collect::<Vec<_>>());
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn who_goes_away_holds_nobody_up() {
        let (gate, calls) = (Arc::new(Semaphore::new(0)), Arc::default());
        let gather = doubling(&gate, &calls);
        let mut gone = Box::pin(gather.ask(1));
        assert!((&mut gone).now_or_never().is_none());
        drop(gone);
        gate.add_permits(2);
        assert_eq!(gather.ask(2).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_fault_is_told_to_all_and_is_over_with_its_look_up() {
        let (gate, calls) = (Arc::new(Semaphore::new(0)), Arc::default());
        let gather = doubling(&gate, &calls);
        let mut first = Box::pin(gather.ask(1));
        assert!((&mut first).now_or_never().is_none());
        tokio::task::yield_now().await;
        let failing = [gather.ask(0), gather.ask(3)];
        gate.add_permits(3);
        let (first, failing) = futures::join!(first, join_all(failing));
        assert_eq!(first.unwrap(), 2);
        assert!(failing.iter().all(|answer| matches!(answer, Err(Fault::Overloaded))));
        assert_eq!(gather.ask(4).await.unwrap(), 8);
    }
}
