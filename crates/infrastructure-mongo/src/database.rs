//! The database handle that all adapters share.

use std::{sync::Arc, time::Duration};

use convene_application::{
    caller::TenantScope,
    ports::{Clock, Ids, Random},
};
use convene_domain::time::Instant;
use mongodb::Client;

#[cfg(any(test, feature = "testing"))]
use crate::guards::MissingGuard;
use crate::{
    admission::{Admission, Gate},
    command::Access,
    guards::Guards,
    known_revisions::KnownRevisions,
    organization_locks::OrganizationLocks,
    schema::CollectionSchema,
    scoped::{Outside, ScopedCollection},
    set_aside::SessionsSetAside,
};

/// The number of registrations that a change cancels in its own transaction, and that a step cancels or deletes.
pub const STEP_SIZE: usize = 500;

/// The time for which the caller of a large change waits for its completion, before the time limit of a request.
const WAIT_FOR_STEPS: Duration = Duration::from_secs(4);

/// The kind of work that a handle is used for, which determines its gates.
#[derive(Debug, Clone, Copy)]
enum Work {
    Requests,
    Registrations,
}

/// The database, the clock, the sources of ids and random numbers, the organization locks and the gates. A clone is cheap.
#[derive(Clone)]
pub(crate) struct Database {
    client: Client,
    database: mongodb::Database,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    random: Arc<dyn Random>,
    organization_locks: Arc<OrganizationLocks>,
    reading_locks: Arc<OrganizationLocks>,
    step_size: usize,
    /// Leaves the steps of large changes to others.
    begins_only: bool,
    admission: Admission,
    known_revisions: KnownRevisions,
    set_aside: SessionsSetAside,
    work: Work,
    guards: Guards,
}

impl Database {
    /// The database of this name, whose client opens at most this number of connections.
    pub(crate) fn new(
        client: Client,
        connections: u32,
        name: &str,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        random: Arc<dyn Random>,
    ) -> Self {
        let database = client.database(name);
        let [organization_locks, reading_locks] = [(); 2].map(|()| Arc::new(OrganizationLocks::default()));
        let admission = Admission::new(connections);
        let set_aside = SessionsSetAside::new(client.clone());
        Self {
            client,
            database,
            clock,
            ids,
            random,
            organization_locks,
            reading_locks,
            step_size: STEP_SIZE,
            begins_only: false,
            admission,
            known_revisions: KnownRevisions::new(),
            set_aside,
            work: Work::Requests,
            guards: Guards::ON,
        }
    }

    /// Limits the steps of large changes to this number of registrations.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn in_steps_of(self, step_size: usize) -> Self {
        Self { step_size, ..self }
    }

    /// Begins large changes and leaves their steps to others, like a process that is stopped.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn begins_only(self) -> Self {
        Self { begins_only: true, ..self }
    }

    /// Turns a guard off, for tests that must fail without it.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn without(self, guard: MissingGuard) -> Self {
        Self { guards: guard.rest(), ..self }
    }

    pub(crate) const fn guards(&self) -> Guards {
        self.guards
    }

    /// The time for which the caller of a large change waits for its completion.
    pub(crate) fn wait_for_steps(&self) -> Duration {
        if self.begins_only { Duration::ZERO } else { WAIT_FOR_STEPS }
    }

    /// The time by the clock of this process.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(crate) fn step_size(&self) -> usize {
        self.step_size
    }

    /// The same database for the transactions of the registration queue and what they wait for. They have permits of their
    /// own, so that the queue does not wait behind other requests.
    pub(crate) fn for_registrations(&self) -> Self {
        Self { work: Work::Registrations, ..self.clone() }
    }

    /// The organization's part of a collection, for reads outside a transaction.
    pub(crate) fn collection(
        &self,
        scope: &TenantScope,
        schema: &'static CollectionSchema,
    ) -> ScopedCollection<Outside> {
        let gate = match self.work {
            Work::Requests => &self.admission.requests,
            Work::Registrations => &self.admission.lookups,
        };
        let access = Access { gate: Arc::clone(gate), owner: scope.into(), deadline: scope.deadline() };
        ScopedCollection::new(&self.database, schema, scope, Outside(access))
    }

    /// The gate for transactions.
    pub(crate) const fn transaction_gate(&self) -> &Arc<Gate> {
        match self.work {
            Work::Requests => &self.admission.requests,
            Work::Registrations => &self.admission.registrations,
        }
    }

    pub(crate) const fn admission(&self) -> &Admission {
        &self.admission
    }

    /// The place for sessions that end in doubt.
    pub(crate) fn set_aside(&self) -> SessionsSetAside {
        self.set_aside.clone()
    }

    /// The driver's client, for sessions.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The driver's database, for the schema, [`unscoped`](crate::unscoped) lookups, and [`scoped`].
    ///
    /// [`scoped`]: crate::scoped
    pub(crate) fn driver(&self) -> &mongodb::Database {
        &self.database
    }

    pub(crate) fn organization_locks(&self) -> &OrganizationLocks {
        &self.organization_locks
    }

    /// The locks of requests that read the events of a page from the database, because their catalogue is not in memory: each of
    /// them holds megabytes if the events are large.
    pub(crate) fn reading_locks(&self) -> &OrganizationLocks {
        &self.reading_locks
    }

    /// The revisions of catalogues that this process has made recently.
    pub(crate) const fn known_revisions(&self) -> &KnownRevisions {
        &self.known_revisions
    }

    pub(crate) fn ids(&self) -> &dyn Ids {
        self.ids.as_ref()
    }

    pub(crate) fn random(&self) -> i64 {
        self.random.number()
    }
}
