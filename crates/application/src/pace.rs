//! Long computations in small parts, so that other tasks of the thread run in between.

use std::sync::Arc;

use tokio::{sync::Mutex, task::yield_now};

thread_local! {
    /// The turn of the computations of this thread.
    static TURN: Arc<Mutex<()>> = Arc::default();
}

/// Counts the steps of a computation, and lets other tasks run after every [`Pace::STEPS_PER_PART`] of them.
#[derive(Debug, Default)]
pub struct Pace {
    steps: usize,
}

impl Pace {
    /// The number of steps between two pauses. A step takes about a microsecond, so a part takes about a millisecond.
    pub const STEPS_PER_PART: usize = 1_000;

    /// The steps of asking the rule of an event whether it has an occurrence in a period.
    pub const STEPS_PER_RULE: usize = 5;

    /// Counts steps that follow, and pauses before them if enough were counted.
    pub async fn steps(&mut self, number: usize) {
        self.steps = self.steps.saturating_add(number);
        if self.steps >= Self::STEPS_PER_PART {
            self.steps = 0;
            pause().await;
        }
    }
}

/// Lets other tasks run. The computations of a thread continue in turns, so that a short task waits for one part, and not for
/// one part of each of them.
async fn pause() {
    let turn = TURN.with(Arc::clone);
    let _turn = turn.lock().await;
    // The executor looks for input and output before it continues.
    yield_now().await;
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    /// Runs a future, and returns its output and the number of its parts.
    pub(crate) fn parts<F: Future>(future: F) -> (F::Output, usize) {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        for parts in 1.. {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return (output, parts);
            }
        }
        unreachable!("a future ends")
    }

    #[test]
    fn a_computation_pauses_after_its_steps() {
        let (paused, parts) = parts(async {
            let mut pace = Pace::default();
            for _ in 0..10 * Pace::STEPS_PER_PART {
                pace.steps(1).await;
            }
            pace.steps(5 * Pace::STEPS_PER_PART).await;
        });
        assert_eq!((paused, parts), ((), 12));
    }

    #[test]
    fn computations_of_a_thread_take_turns() {
        let computation = |_| async {
            let mut pace = Pace::default();
            for _ in 0..10 {
                pace.steps(Pace::STEPS_PER_PART).await;
            }
        };
        let (_, parts) = parts(futures::future::join_all((0..10).map(computation)));
        assert!(parts >= 100, "{parts}");
    }
}
