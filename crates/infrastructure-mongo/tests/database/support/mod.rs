//! A database for one test, with recorded commands and simulated failures.

mod commands;
mod failpoint;
mod held;
mod random;
mod scenario;
mod stored_times;

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use bson::{Document, doc};
use convene_application::{
    caller::TenantScope,
    ports::{Clock, Ids, Random},
    testing::{
        FixedClock,
        builders::{ChangeBuilder, MemberBuilder, OrganizationBuilder, fresh_uuid},
    },
};
use convene_domain::{id::MemberId, member::Member, time::Instant};
use convene_infrastructure_mongo::{admission::DEFAULT_CONNECTIONS, connect::make_safe, ports::MongoPorts};
use mongodb::{Client, Collection, options::ClientOptions};

pub(crate) use self::{
    commands::Commands,
    failpoint::FailPoint,
    held::{Held, days, times_of_agenda},
    random::SeededRandom,
    scenario::{Scenario, by, first, refusal, request_for, waitlist_request_for},
    stored_times::StoredTimes,
};

/// Unique ids for the documents that the adapters create.
#[derive(Debug)]
struct FreshIds;

impl Ids for FreshIds {
    fn next(&self) -> uuid::Uuid {
        fresh_uuid()
    }
}

/// Random numbers for what the adapters write.
#[derive(Debug)]
struct SystemRandom;

impl Random for SystemRandom {
    fn number(&self) -> i64 {
        // Every state has random keys.
        RandomState::new().hash_one(()).cast_signed()
    }
}

/// A database of one test, which is dropped at the end, even if the test fails.
pub(crate) struct TestDatabase {
    pub(crate) ports: MongoPorts,
    pub(crate) client: Client,
    name: String,
    uri: String,
}

impl TestDatabase {
    /// A database with all collections.
    pub(crate) async fn prepared() -> Self {
        let database = Self::empty(|_| {}).await;
        database.ports.prepare().await.unwrap();
        database
    }

    /// A database with all collections, and the commands that its client sends from now on.
    pub(crate) async fn watched() -> (Self, Commands) {
        let commands = Commands::default();
        let database = Self::empty(|options| options.command_event_handler = Some(commands.handler())).await;
        database.ports.prepare().await.unwrap();
        commands.take();
        (database, commands)
    }

    /// An empty database, and a client with these options.
    pub(crate) async fn empty(adjust: impl FnOnce(&mut ClientOptions)) -> Self {
        let uri = std::env::var("CONVENE_TEST_MONGODB_URI").expect(
            "CONVENE_TEST_MONGODB_URI must name a MongoDB replica set to test on; `cargo xtask test` starts one",
        );
        let name = format!("convene_test_{:016x}", SystemRandom.number());
        let mut options = ClientOptions::parse(&uri).await.unwrap();
        make_safe(&mut options);
        // Failpoints are set for a client by its name, so that other tests do not notice.
        options.app_name = Some(name.clone());
        adjust(&mut options);
        let client = Client::with_options(options).unwrap();
        Self {
            ports: MongoPorts::new(
                client.clone(),
                DEFAULT_CONNECTIONS,
                &name,
                Arc::new(FixedClock::at(Instant::UNIX_EPOCH)),
                Arc::new(FreshIds),
                Arc::new(SystemRandom),
            ),
            client,
            name,
            uri,
        }
    }

    /// The ports of another process on the same database.
    pub(crate) async fn another_process(&self) -> MongoPorts {
        self.another_process_with(Arc::new(FixedClock::at(Instant::UNIX_EPOCH))).await
    }

    /// The ports of another process with this clock on the same database.
    pub(crate) async fn another_process_with(&self, clock: Arc<dyn Clock>) -> MongoPorts {
        let mut options = ClientOptions::parse(&self.uri).await.unwrap();
        make_safe(&mut options);
        MongoPorts::new(
            Client::with_options(options).unwrap(),
            DEFAULT_CONNECTIONS,
            &self.name,
            clock,
            Arc::new(FreshIds),
            Arc::new(SystemRandom),
        )
    }

    /// The database's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The database, without the adapters.
    pub(crate) fn raw(&self) -> mongodb::Database {
        self.client.database(&self.name)
    }

    /// A collection, without the adapters.
    pub(crate) fn collection(&self, name: &str) -> Collection<Document> {
        #[expect(clippy::disallowed_methods, reason = "tests bypass the scoped collections")]
        self.raw().collection(name)
    }

    /// The number of log entries with this action.
    pub(crate) async fn logged(&self, action: &str) -> u64 {
        self.collection("activity").count_documents(doc! { "action": action }).await.unwrap()
    }

    /// A new organization with its first admin.
    pub(crate) async fn organization(&self, slug: &str) -> Tenant {
        let organization = OrganizationBuilder::new(slug).build();
        let scope = TenantScope::for_tests(organization.id);
        let admin = MemberBuilder::new("first-admin").admin().build();
        let change = ChangeBuilder::by("operator").build();
        let (_, admin) = self.ports.organizations.create(&scope, organization, admin, &change).await.unwrap();
        Tenant { scope, admin }
    }
}

/// An organization of a test.
pub(crate) struct Tenant {
    pub(crate) scope: TenantScope,
    pub(crate) admin: Member,
}

impl Tenant {
    /// The first admin's id.
    pub(crate) fn admin(&self) -> MemberId {
        self.admin.id
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (uri, name) = (self.uri.clone(), self.name.clone());
        // The test's own runtime is busy with dropping this.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.and_then(|runtime| {
                runtime
                    .block_on(async { Client::with_uri_str(&uri).await?.database(&name).drop().await })
                    .map_err(std::io::Error::other)
            })
        });
        if !matches!(dropping.join(), Ok(Ok(()))) {
            eprintln!("could not drop the database {}", self.name);
        }
    }
}
