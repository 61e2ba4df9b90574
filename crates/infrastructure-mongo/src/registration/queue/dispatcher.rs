use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    panic::AssertUnwindSafe,
    time::Duration,
};

use convene_application::failure::Fault;
use convene_domain::id::OrganizationId;
use futures::FutureExt;
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{
    lane::{BatchLimits, Lane},
    request::{Batch, QueuedRequest},
};
use crate::{
    metrics,
    observed::{Origin, share},
    registration::settings::BookSettings,
};

/// The number of batches in flight, of all organizations.
const MAX_BATCHES_IN_FLIGHT: usize = 8;
/// The number of requests that are received at once.
const RECEIVE_BATCH_SIZE: usize = 256;
/// The time for which batches stay small after requests of two organizations waited or were in flight, so that the next
/// request of the small one finds the database free.
const SHARED_FOR: Duration = Duration::from_millis(100);

/// The sending half of the queue.
pub(in crate::registration) struct Queue(mpsc::Sender<QueuedRequest>);

impl Queue {
    /// Opens a queue and starts its dispatcher, which ends when the queue has been dropped and all requests are answered.
    /// `execute` executes a batch and answers its requests.
    pub(in crate::registration) fn open<F>(
        settings: BookSettings,
        execute: impl Fn(Batch) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(settings.queue.get());
        let dispatcher = Dispatcher {
            execute,
            settings,
            lanes: HashMap::new(),
            rotation: VecDeque::new(),
            in_flight: JoinSet::new(),
            waiting: 0,
            shared_at: None,
        };
        let _task = tokio::spawn(dispatcher.run(receiver));
        Self(sender)
    }

    /// Tests whether the dispatcher runs.
    pub(in crate::registration) fn is_served(&self) -> bool {
        !self.0.is_closed()
    }

    /// Adds a request to the queue.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] if the queue is full.
    pub(in crate::registration) fn submit(&self, request: QueuedRequest) -> Result<(), Fault> {
        self.0.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => Fault::Overloaded,
            TrySendError::Closed(_) => Fault::internal("the registration queue ended before its book"),
        })
    }
}

/// Merges requests into batches and has them executed.
struct Dispatcher<E> {
    execute: E,
    settings: BookSettings,
    lanes: HashMap<OrganizationId, Lane<QueuedRequest>>,
    /// The organizations that have a lane. The first one has waited longest for a batch.
    rotation: VecDeque<OrganizationId>,
    in_flight: JoinSet<(OrganizationId, u64)>,
    /// The number of requests that wait in all lanes.
    waiting: usize,
    /// The last time at which more than one organization had a lane.
    shared_at: Option<Instant>,
}

impl<E, F> Dispatcher<E>
where
    E: Fn(Batch) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    async fn run(mut self, mut receiver: mpsc::Receiver<QueuedRequest>) {
        let mut received = Vec::new();
        let mut is_open = true;
        while is_open || !self.in_flight.is_empty() {
            let wake_at = self.wake_at();
            tokio::select! {
                biased;
                Some(ended) = self.in_flight.join_next() => self.end_batch(ended.ok()),
                count = receiver.recv_many(&mut received, RECEIVE_BATCH_SIZE), if is_open => {
                    is_open = count > 0;
                    received.drain(..).for_each(|request| self.enqueue(request));
                }
                () = sleep_until(wake_at.unwrap_or_else(Instant::now)), if wake_at.is_some() => {}
            }
            self.start_batches();
            metrics::queue_depth(self.waiting + receiver.len());
        }
    }

    fn enqueue(&mut self, request: QueuedRequest) {
        if self.waiting >= self.settings.queue.get() {
            return request.reject(Fault::Overloaded);
        }
        let organization = request.arrival().scope.organization();
        let lane = self.lanes.entry(organization).or_insert_with(|| {
            self.rotation.push_back(organization);
            Lane::default()
        });
        match lane.push(request) {
            Ok(()) => self.waiting += 1,
            Err(request) => request.reject(Fault::Overloaded),
        }
    }

    /// Starts every batch that is due.
    fn start_batches(&mut self) {
        let now = Instant::now();
        if self.lanes.len() > 1 {
            self.shared_at = Some(now);
        }
        let BookSettings { at_once, batch: size, .. } = self.settings;
        let is_shared = self.shared_at.is_some_and(|shared_at| now < shared_at + SHARED_FOR);
        let limits = BatchLimits { at_once, size, is_shared };
        let mut position = 0;
        while self.in_flight.len() < MAX_BATCHES_IN_FLIGHT
            && let Some(&organization) = self.rotation.get(position)
        {
            let lane = self.lanes.get_mut(&organization);
            let Some((number, requests)) = lane.and_then(|lane| lane.start(limits, now)) else {
                position += 1;
                continue;
            };
            self.rotation.remove(position);
            self.rotation.push_back(organization);
            self.waiting = self.waiting.saturating_sub(requests.len());
            metrics::batch_started(requests.iter().map(|request| now - request.arrival().queued_at));
            let span = tracing::debug_span!(parent: None, "registration batch", requests = requests.len());
            let origins: Vec<Origin> =
                requests.iter().map(|request| request.arrival().origin.clone()).collect();
            let batch = (self.execute)(requests.into_iter().collect());
            self.in_flight.spawn(async move {
                let execution = share(span, origins.iter(), batch);
                // The lane waits for the end of the batch, even if that is a panic.
                drop(AssertUnwindSafe(execution).catch_unwind().await);
                (organization, number)
            });
        }
    }

    fn wake_at(&self) -> Option<Instant> {
        let now = Instant::now();
        self.lanes.values().filter_map(|lane| lane.wake_at(self.settings.at_once, now)).min()
    }

    fn end_batch(&mut self, ended: Option<(OrganizationId, u64)>) {
        let Some((organization, number)) = ended else { return };
        let Some(lane) = self.lanes.get_mut(&organization) else { return };
        lane.end(number);
        if lane.is_idle() {
            self.lanes.remove(&organization);
            self.rotation.retain(|other| *other != organization);
        }
    }
}
