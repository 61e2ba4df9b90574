//! The keys of an identity provider that publishes them, as far as this process knows them.
//!
//! One task for each provider fetches the keys, so that there is never more than one request to it. A request with a key that
//! is not known may ask the task to fetch at once, and waits for the result; a pause after each attempt of that kind bounds how
//! often that can happen.

use std::{sync::Arc, time::Duration};

use futures::FutureExt;
use tokio::{
    sync::{Notify, Semaphore, watch},
    task::spawn_blocking,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    key_server::{KeyLocation, ProviderClient},
    keys::VerificationKeys,
};
use crate::{system::unix_time, telemetry};

/// The maximum number of requests that wait for the keys of one provider.
pub const MAX_WAITING_FOR_KEYS: usize = 100;

/// The times of the refreshes of one provider's keys.
#[derive(Clone, Copy, Debug)]
pub struct RefreshTimes {
    /// The time between two refreshes.
    pub interval: Duration,
    /// The shortest time between two attempts that requests ask for, and between a failed attempt and one of them.
    pub pause: Duration,
    /// The time between a first failed attempt and the next one. It doubles up to `longest_retry`.
    pub first_retry: Duration,
    pub longest_retry: Duration,
    /// The time for which keys are used after they were fetched, if no further refresh succeeds.
    pub max_age: Duration,
    /// The time for which a request waits for a refresh.
    pub wait: Duration,
}

impl Default for RefreshTimes {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            interval: seconds(300),
            pause: seconds(10),
            first_retry: seconds(1),
            longest_retry: seconds(30),
            max_age: seconds(86_400),
            wait: seconds(3),
        }
    }
}

/// The result of the last attempt, and the keys that were fetched last.
struct State {
    keys: Option<Arc<VerificationKeys>>,
    fetched: Instant,
    /// The end of the last attempt that a request asked for.
    requested: Option<Instant>,
    /// The end of the last attempt, if it failed.
    failed: Option<Instant>,
    next_attempt: Instant,
}

/// The keys of one provider.
pub struct RemoteKeys {
    issuer: String,
    client: ProviderClient,
    location: KeyLocation,
    times: RefreshTimes,
    state: watch::Sender<State>,
    wanted: Notify,
    waiting: Semaphore,
}

/// The provider could not be asked for its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreachable {
    /// The time until it has been asked again.
    pub(super) retry_after: Duration,
}

impl RemoteKeys {
    /// The keys that the provider publishes at this location. None are known before they are [kept](Self::keep).
    #[must_use]
    pub fn new(issuer: String, client: ProviderClient, location: KeyLocation, times: RefreshTimes) -> Self {
        let now = Instant::now();
        let state = State { keys: None, fetched: now, requested: None, failed: None, next_attempt: now };
        let (state, waiting) = (watch::Sender::new(state), Semaphore::new(MAX_WAITING_FOR_KEYS));
        Self { issuer, client, location, times, state, wanted: Notify::new(), waiting }
    }

    /// The keys; `None` if there are none, or if they are too old.
    pub(super) fn current(&self) -> Option<Arc<VerificationKeys>> {
        let state = self.state.borrow();
        state.keys.as_ref().filter(|_| state.fetched.elapsed() <= self.times.max_age).cloned()
    }

    /// The time until another attempt has been made, at least a second.
    pub(super) fn retry_after(&self) -> Duration {
        let wait = self.state.borrow().next_attempt.saturating_duration_since(Instant::now());
        wait.max(Duration::from_secs(1))
    }

    /// Waits until the keys have been fetched again, because a token names one that is not known. Does not wait if a request asked
    /// for that a short time ago.
    ///
    /// # Errors
    /// The last attempt failed, takes too long, or too many requests wait for it.
    pub(super) async fn refreshed(&self) -> Result<(), Unreachable> {
        let mut state = self.state.subscribe();
        let recent = {
            let last = state.borrow_and_update();
            let is_recent =
                |time: Option<Instant>| time.is_some_and(|time| time.elapsed() < self.times.pause);
            match (is_recent(last.failed), is_recent(last.requested)) {
                (true, _) => Some(false),
                (false, true) => Some(true),
                (false, false) => None,
            }
        };
        let succeeded = match (recent, self.waiting.try_acquire()) {
            (Some(succeeded), _) => succeeded,
            (None, Err(_)) => false,
            (None, Ok(_waiting)) => {
                self.wanted.notify_one();
                let ended = timeout(self.times.wait, state.changed()).await;
                matches!(ended, Ok(Ok(()))) && self.state.borrow().failed.is_none()
            }
        };
        if succeeded { Ok(()) } else { Err(Unreachable { retry_after: self.retry_after() }) }
    }

    /// Fetches the keys now and at intervals, until the future is dropped. Each change of state is one line of the log.
    pub async fn keep(self: Arc<Self>) {
        let mut known = None;
        let mut reported = None;
        let mut retry = self.times.first_retry;
        let mut is_requested = false;
        telemetry::record_keys_time(&self.issuer, 0);
        loop {
            let fetched = self.fetch().await;
            // Those who have asked during the attempt get its result.
            self.wanted.notified().now_or_never();
            let pause = match fetched {
                Ok(keys) => {
                    let fingerprint = Some(keys.fingerprint());
                    let has_changed = std::mem::replace(&mut known, fingerprint) != fingerprint;
                    self.report_keys(&keys, has_changed, reported.take().is_some());
                    retry = self.times.first_retry;
                    self.publish(Some(keys), self.times.interval, is_requested);
                    self.times.interval
                }
                Err(reason) => {
                    telemetry::record_key_refresh(&self.issuer, "failed");
                    let pause = retry;
                    retry = (retry * 2).min(self.times.longest_retry);
                    self.publish(None, pause, is_requested);
                    let state = (self.current().is_some(), reason);
                    if reported.as_ref() != Some(&state) {
                        self.report_failure(state.0, &state.1);
                        reported = Some(state);
                    }
                    pause
                }
            };
            is_requested = self.pause(pause).await;
        }
    }

    /// Fetches the keys once.
    async fn fetch(&self) -> Result<VerificationKeys, String> {
        let (client, location) = (self.client.clone(), self.location.clone());
        let fetched = spawn_blocking(move || {
            let document = client.key_set(&location).map_err(|problem| problem.to_string())?;
            VerificationKeys::from_jwks(&document).map_err(|problem| format!("the key set {problem}"))
        });
        fetched.await.unwrap_or_else(|problem| Err(problem.to_string()))
    }

    /// Waits for the next attempt: for the time, or until a request asks for it. Returns true if one has asked.
    async fn pause(&self, time: Duration) -> bool {
        let last = {
            let state = self.state.borrow();
            state.requested.max(state.failed)
        };
        let earliest = last.map_or_else(Instant::now, |last| last + self.times.pause);
        tokio::select! {
            () = sleep(time) => false,
            () = async { sleep_until(earliest).await; self.wanted.notified().await; } => true,
        }
    }

    /// Makes the result of an attempt known: the new keys, or none if it failed.
    fn publish(&self, keys: Option<VerificationKeys>, pause: Duration, is_requested: bool) {
        let now = Instant::now();
        self.state.send_modify(|state| {
            state.failed = keys.is_none().then_some(now);
            if is_requested {
                state.requested = Some(now);
            }
            state.next_attempt = now + pause;
            if let Some(keys) = keys {
                state.fetched = now;
                state.keys = Some(Arc::new(keys));
            }
        });
    }

    fn report_failure(&self, has_keys: bool, reason: &str) {
        let issuer = &self.issuer;
        tracing::warn!(issuer, has_keys, reason, "the keys of an identity provider cannot be fetched");
    }

    fn report_keys(&self, keys: &VerificationKeys, has_changed: bool, had_failed: bool) {
        let issuer = &self.issuer;
        telemetry::record_keys_time(issuer, unix_time());
        telemetry::record_key_refresh(issuer, if has_changed { "changed" } else { "unchanged" });
        if has_changed || had_failed {
            let skipped = Some(keys.skipped()).filter(|skipped| !skipped.is_empty());
            tracing::info!(
                issuer,
                keys = keys.len(),
                has_changed,
                skipped,
                "the keys of an identity provider are known"
            );
        }
    }
}

impl std::fmt::Debug for RemoteKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RemoteKeys").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
