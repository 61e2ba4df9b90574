//! Long computations in small parts, so that other tasks of the thread run in between.

use std::{future::poll_fn, task::Poll};

/// Counts the steps of a computation, and lets other tasks run after every [`Pace::STEPS`] of them.
#[derive(Debug, Default)]
pub struct Pace {
    steps: usize,
}

impl Pace {
    /// The number of steps between two pauses. A step takes about a microsecond, so a part takes about a millisecond.
    pub const STEPS: usize = 1_000;

    /// Counts steps that follow, and pauses before them if enough were counted.
    pub async fn steps(&mut self, number: usize) {
        self.steps = self.steps.saturating_add(number);
        if self.steps >= Self::STEPS {
            self.steps = 0;
            pause().await;
        }
    }
}

/// Lets the executor run other tasks, whichever executor it is.
async fn pause() {
    let mut paused = false;
    poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{
        pin::pin,
        task::{Context, Waker},
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
            for _ in 0..10 * Pace::STEPS {
                pace.steps(1).await;
            }
            pace.steps(5 * Pace::STEPS).await;
        });
        assert_eq!((paused, parts), ((), 12));
    }
}
