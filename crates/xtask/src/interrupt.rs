//! SIGINT, SIGTERM and SIGHUP as a value that waiting loops poll.
//!
//! The signals do not end this process. A waiting loop returns [`Interrupted`], and the guards on the stack stop
//! their processes, so that no process is left running.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Short enough to feel immediate, long enough to cost nothing.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The last signal, if there was one.
#[derive(Clone, Default)]
pub(crate) struct Interrupt {
    signal: Arc<AtomicUsize>,
}

/// The error of work that a signal interrupted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interrupted {
    signal: usize,
}

impl Interrupt {
    /// Installs handlers for SIGINT, SIGTERM and SIGHUP.
    pub(crate) fn install() -> anyhow::Result<Self> {
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let number = usize::try_from(signal)?;
            signal_hook::flag::register_usize(signal, Arc::clone(&interrupt.signal), number)
                .context("cannot listen for signals")?;
        }
        Ok(interrupt)
    }

    /// Clears the signal, so that the next one is detected. Returns true if there was one.
    pub(crate) fn take(&self) -> bool {
        self.signal.swap(0, Ordering::SeqCst) != 0
    }

    /// Fails after a signal.
    pub(crate) fn check(&self) -> Result<(), Interrupted> {
        match self.signal.load(Ordering::SeqCst) {
            0 => Ok(()),
            signal => Err(Interrupted { signal }),
        }
    }

    /// Calls `probe` until it returns a value, a signal arrives, or `limit` is over (`Ok(None)`).
    pub(crate) fn poll<T>(
        &self,
        limit: Duration,
        mut probe: impl FnMut() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<Option<T>> {
        let start = Instant::now();
        loop {
            if let Some(answer) = probe()? {
                return Ok(Some(answer));
            }
            self.check()?;
            if start.elapsed() >= limit {
                return Ok(None);
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Interrupted {
    /// The exit code that shells use for a process that was ended by the signal.
    pub(crate) fn exit_code(self) -> ExitCode {
        u8::try_from(128 + self.signal).map_or(ExitCode::FAILURE, ExitCode::from)
    }
}

impl std::fmt::Display for Interrupted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "interrupted by signal {}", self.signal)
    }
}

impl std::error::Error for Interrupted {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polling_ends_with_a_value_the_limit_or_a_signal() {
        let interrupt = Interrupt::default();
        let mut asked = 0;
        let third = interrupt.poll(Duration::from_secs(60), || {
            asked += 1;
            Ok((asked == 3).then_some(asked))
        });
        assert_eq!(third.unwrap(), Some(3));
        assert_eq!(interrupt.poll(Duration::ZERO, || Ok(None::<u8>)).unwrap(), None);

        interrupt.signal.store(15, Ordering::SeqCst);
        let refused = interrupt.poll(Duration::from_secs(60), || Ok(None::<u8>)).unwrap_err();
        assert_eq!(refused.downcast_ref::<Interrupted>().map(|it| it.signal), Some(15));
        assert!(interrupt.take());
        assert!(interrupt.check().is_ok());
    }
}
