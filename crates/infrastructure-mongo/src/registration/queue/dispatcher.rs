use std::{
    collections::{HashMap, VecDeque},
    panic::AssertUnwindSafe,
};

use convene_application::failure::Fault;
use convene_domain::id::OrganizationId;
use futures::FutureExt;
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{lane::Lane, request::Entry};
use crate::{
    database::Database,
    registration::{
        batch::{Tools, process},
        cache::Memory,
        seats::Guards,
        settings::BookSettings,
    },
};

/// How many transactions are in flight, of all organizations.
const MOST_IN_FLIGHT: usize = 8;
/// How many calls are taken from the queue at once.
const GULP: usize = 256;

/// Where calls queue until a transaction takes them.
pub(in crate::registration) struct Queue(mpsc::Sender<Entry>);

impl Queue {
    /// Opens a queue and starts what serves it; that ends when the queue is dropped and everybody is answered.
    pub(in crate::registration) fn open(database: Database, settings: BookSettings, guards: Guards) -> Self {
        let (queue, queued) = mpsc::channel(settings.queue.get());
        let dispatcher = Dispatcher {
            database,
            settings,
            guards,
            memory: Memory::new(),
            lanes: HashMap::new(),
            turns: VecDeque::new(),
            in_flight: JoinSet::new(),
            waiting: 0,
        };
        let _task = tokio::spawn(dispatcher.run(queued));
        Self(queue)
    }

    /// Queues a call.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] if the queue is full.
    pub(in crate::registration) fn submit(&self, entry: Entry) -> Result<(), Fault> {
        self.0.try_send(entry).map_err(|error| match error {
            TrySendError::Full(_) => Fault::Overloaded,
            TrySendError::Closed(_) => {
                Fault::internal("the queue of registrations has ended before its book")
            }
        })
    }
}

/// Puts calls together and has them done.
struct Dispatcher {
    database: Database,
    settings: BookSettings,
    guards: Guards,
    memory: Memory,
    lanes: HashMap<OrganizationId, Lane<Entry>>,
    /// The organizations that have a lane; who has waited longest for a transaction is first.
    turns: VecDeque<OrganizationId>,
    in_flight: JoinSet<(OrganizationId, u64)>,
    /// How many calls wait in all lanes.
    waiting: usize,
}

impl Dispatcher {
    async fn run(mut self, mut queued: mpsc::Receiver<Entry>) {
        let mut arrived = Vec::new();
        let mut is_open = true;
        while is_open || !self.in_flight.is_empty() {
            let ask_again = self.ask_again();
            tokio::select! {
                biased;
                Some(ended) = self.in_flight.join_next() => self.end(ended.ok()),
                count = queued.recv_many(&mut arrived, GULP), if is_open => {
                    is_open = count > 0;
                    arrived.drain(..).for_each(|entry| self.queue(entry));
                }
                () = sleep_until(ask_again.unwrap_or_else(Instant::now)), if ask_again.is_some() => {}
            }
            self.start();
        }
    }

    fn queue(&mut self, entry: Entry) {
        if self.waiting >= self.settings.queue.get() {
            return entry.reply(Err(Fault::Overloaded.into()));
        }
        let organization = entry.scope.organization();
        let lane = self.lanes.entry(organization).or_insert_with(|| {
            self.turns.push_back(organization);
            Lane::default()
        });
        match lane.push(entry) {
            Ok(()) => self.waiting += 1,
            Err(entry) => entry.reply(Err(Fault::Overloaded.into())),
        }
    }

    /// Starts whatever it is time for.
    fn start(&mut self) {
        let now = Instant::now();
        let mut turn = 0;
        while self.in_flight.len() < MOST_IN_FLIGHT
            && let Some(&organization) = self.turns.get(turn)
        {
            let BookSettings { at_once, batch, .. } = self.settings;
            let lane = self.lanes.get_mut(&organization);
            let Some((number, entries)) = lane.and_then(|lane| lane.start(at_once, batch, now)) else {
                turn += 1;
                continue;
            };
            self.turns.remove(turn);
            self.turns.push_back(organization);
            self.waiting = self.waiting.saturating_sub(entries.len());
            let (database, memory, guards) = (self.database.clone(), self.memory.clone(), self.guards);
            self.in_flight.spawn(async move {
                let tools = Tools { database: &database, memory: &memory, guards };
                // However it ends, others wait for that.
                drop(AssertUnwindSafe(process(tools, entries)).catch_unwind().await);
                (organization, number)
            });
        }
    }

    fn ask_again(&self) -> Option<Instant> {
        let now = Instant::now();
        self.lanes.values().filter_map(|lane| lane.ask_again(self.settings.at_once, now)).min()
    }

    fn end(&mut self, ended: Option<(OrganizationId, u64)>) {
        let Some((organization, number)) = ended else { return };
        let Some(lane) = self.lanes.get_mut(&organization) else { return };
        lane.end(number);
        if lane.is_idle() {
            self.lanes.remove(&organization);
            self.turns.retain(|other| *other != organization);
        }
    }
}
