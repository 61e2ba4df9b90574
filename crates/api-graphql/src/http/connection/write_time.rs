//! The time that a connection may spend with waiting for its client to read.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// The time that a client has used up by not reading. Reading at the minimum rate pays it back.
pub(crate) struct WriteTime {
    max: Duration,
    bytes_per_second: u32,
    used: Duration,
    blocked: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl WriteTime {
    pub(crate) const fn new(max: Duration, bytes_per_second: u32) -> Self {
        Self { max, bytes_per_second, used: Duration::ZERO, blocked: None }
    }

    /// Notes that the client has taken this many bytes.
    pub(crate) fn progress(&mut self, bytes: usize) {
        if let Some((since, _)) = self.blocked.take() {
            self.used = self.used.saturating_add(since.elapsed());
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = Duration::from_secs_f64(f64::from(bytes) / f64::from(self.bytes_per_second));
        self.used = self.used.saturating_sub(earned);
    }

    /// Notes that the client takes no bytes now. Ready when its time is used up.
    pub(crate) fn poll_expired(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let left = self.max.saturating_sub(self.used);
        // A new timer is pending on its first poll, even one that is due.
        if left.is_zero() {
            return Poll::Ready(());
        }
        let start = || {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + left)))
        };
        let (_, timer) = self.blocked.get_or_insert_with(start);
        timer.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn is_expired(time: &mut WriteTime) -> bool {
        time.poll_expired(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[tokio::test]
    async fn reading_at_the_minimum_rate_pays_time_back() {
        let mut time = WriteTime::new(Duration::from_millis(400), 1_000);
        assert!(!is_expired(&mut time));
        tokio::time::sleep(Duration::from_millis(300)).await;
        time.progress(300);
        assert!(!is_expired(&mut time));
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!is_expired(&mut time), "the time of the first wait was paid back");
    }

    #[tokio::test]
    async fn single_bytes_do_not_pay_for_the_time_between_them() {
        let mut time = WriteTime::new(Duration::from_millis(100), 1_000_000);
        let mut waits = 0;
        while !is_expired(&mut time) {
            waits += 1;
            tokio::time::sleep(Duration::from_millis(40)).await;
            time.progress(1);
        }
        assert!(waits <= 3, "{waits} waits of 40 ms");
    }
}
