//! The memory of replicas. `CONVENE_TEST_ORGANIZATIONS=100` with `--nocapture`, alone, makes the documented run.

use std::{sync::Arc, time::Instant};

use bson::{Bson, doc};
use convene_application::{
    authentication::{Authenticate, Credentials, Deadline},
    caller::{Caller, Identity, Principal},
    catalogue::Replica,
    ports::OrganizationReference,
    testing::{
        FixedClock,
        builders::{ChangeBuilder, EventBuilder, fresh_uuid},
    },
};
use convene_domain::{id::EventId, text::UserId};
use convene_infrastructure_mongo::ports::MongoPorts;
use time::macros::datetime;

use crate::support::{Tenant, TestDatabase};

/// The number of series of each organization.
const SERIES: usize = 1_000;

/// The additional memory that the documented run allows.
const MARGIN: usize = 60 << 20;

/// The number of seconds for which a machine may be busy with other tests, about.
const MAX_ATTEMPTS: usize = 60;

/// The resident memory of this process in bytes.
fn resident() -> usize {
    let statistics = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = statistics.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4_096
}

/// Stores series directly, because there are many.
async fn store_series(database: &TestDatabase, tenant: &Tenant) {
    let at = bson::DateTime::from_millis(FixedClock::START.unix_timestamp() * 1_000);
    let first = bson::DateTime::parse_rfc3339_str("2021-03-01T10:00:00Z").unwrap();
    let rules = ["FREQ=WEEKLY", "FREQ=DAILY", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=WEEKLY;BYDAY=MO,WE"];
    let series = (0..SERIES).map(|number| {
        let title = format!("rehearsal {number}");
        let description = "bring your own music.".repeat(10);
        let search = format!("{title}\n{description}");
        doc! {
            "_id": EventId::from_uuid(fresh_uuid()).to_string(),
            "organization": tenant.scope.organization().to_string(),
            "title": &title,
            "sortTitle": title,
            "description": description,
            "searchBytes": i32::try_from(search.len()).unwrap(),
            "search": search,
            "location": "Hall",
            "startsAt": if number % 4 == 2 { "2021-03-09T10:00:00" } else { "2021-03-01T10:00:00" },
            "timeZone": "Europe/Paris",
            "durationSeconds": 3_600,
            "recurring": true,
            "recurrence": { "rule": rules[number % 4], "exdates": Bson::Array(vec![]), "rdates": Bson::Array(vec![]) },
            "capacity": 10,
            "status": "SCHEDULED",
            "version": 1,
            "revision": 1_i64,
            "firstStart": first,
            "lastEnd": Bson::Null,
            "createdAt": at,
            "updatedAt": at,
        }
    });
    database.collection("events").insert_many(series).await.unwrap();
    let this = doc! { "_id": tenant.scope.organization().to_string() };
    let set = doc! { "$set": { "revision": 1_i64 } };
    database.collection("organizations").update_one(this, set).await.unwrap();
}

async fn caller(authenticate: &Authenticate, tenant: &Tenant) -> Caller {
    let credentials = Credentials {
        organization: Some(OrganizationReference::Id(tenant.scope.organization())),
        user: UserId::parse("first-admin").unwrap(),
        operator: false,
        role: None,
    };
    match authenticate.execute(credentials, Deadline::NONE).await.unwrap() {
        Principal::Authenticated(Identity::Member(caller)) => caller,
        other => panic!("{other:?}"),
    }
}

/// Reads the replica of an organization.
async fn read(ports: &MongoPorts, authenticate: &Authenticate, tenant: &Tenant) -> Arc<Replica> {
    let caller = caller(authenticate, tenant).await;
    // A request waits for a replica for some seconds only.
    for _ in 0..MAX_ATTEMPTS {
        if let Some(replica) = ports.catalogue.replica(caller.scope()).await.unwrap() {
            return replica;
        }
    }
    panic!("a replica")
}

#[tokio::test]
async fn the_largest_catalogues_leave_small_ones_in_memory() {
    let database = TestDatabase::prepared().await;
    let change = ChangeBuilder::by("first-admin").build();
    let (mut small, mut large) = (Vec::new(), Vec::new());
    for number in 0..3 {
        let tenant = database.organization(&format!("small-{number}")).await;
        let event = EventBuilder::once(datetime!(2031-03-03 09:00)).build();
        database.ports.events.create(&tenant.scope, event, &change).await.unwrap();
        small.push(tenant);
        let tenant = database.organization(&format!("large-{number}")).await;
        store_series(&database, &tenant).await;
        large.push(tenant);
    }
    // There is room for one of the large ones beside the part for small ones.
    let bound = 5 << 19;
    let ports = database.another_process().await.with_catalogue_bytes(bound);
    let authenticate = Authenticate::new(ports.directory.clone());
    for tenant in small.iter().chain(&large) {
        read(&ports, &authenticate, tenant).await;
    }
    let mut held = 0;
    for tenant in &small {
        let caller = caller(&authenticate, tenant).await;
        assert!(ports.catalogue.held(caller.scope()).is_some(), "a small one");
    }
    for tenant in small.iter().chain(&large) {
        let caller = caller(&authenticate, tenant).await;
        held += ports.catalogue.held(caller.scope()).map_or(0, |replica| replica.bytes());
    }
    assert!((1 << 20..=bound).contains(&held), "{held}");
    // One that has grown leaves the part for small ones.
    store_series(&database, &small[0]).await;
    database.collection("revisions").delete_many(doc! {}).await.unwrap();
    let organization = doc! { "_id": small[0].scope.organization().to_string() };
    let later = doc! { "$set": { "revision": 9_i64 } };
    database.collection("organizations").update_one(organization, later).await.unwrap();
    let grown = read(&ports, &authenticate, &small[0]).await;
    assert!(grown.held_events().count() >= SERIES);
    let caller = caller(&authenticate, &small[0]).await;
    assert!(ports.catalogue.held(caller.scope()).is_some_and(|held| Arc::ptr_eq(&held, &grown)));
}

#[tokio::test]
async fn the_replicas_of_many_organizations_stay_within_their_bound() {
    let asked = std::env::var("CONVENE_TEST_ORGANIZATIONS").ok().and_then(|number| number.parse().ok());
    // By default there is room for one and a half organizations.
    let (organizations, bound) = asked.map_or((3, 8 << 20), |number| (number, 256 << 20));
    let database = TestDatabase::prepared().await;
    let mut tenants = Vec::new();
    for number in 0..organizations {
        let tenant = database.organization(&format!("tenant-{number}")).await;
        store_series(&database, &tenant).await;
        tenants.push(tenant);
    }
    let ports = database.another_process().await.with_catalogue_bytes(bound);
    let authenticate = Authenticate::new(ports.directory.clone());
    let before = resident();
    let begun = Instant::now();
    let mut bytes = 0;
    for tenant in tenants.iter().chain(&tenants) {
        let replica = read(&ports, &authenticate, tenant).await;
        assert_eq!(replica.held_events().count(), SERIES);
        for held in replica.held_events() {
            let event = held.event().expect("an event");
            assert!(!event.folded_description().as_str().is_empty());
        }
        bytes = replica.bytes();
    }
    let mut held = 0;
    for tenant in &tenants {
        let caller = caller(&authenticate, tenant).await;
        held += ports.catalogue.held(caller.scope()).map_or(0, |replica| replica.bytes());
    }
    let grown = resident().saturating_sub(before);
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!(
        "{organizations} organizations: {held} bytes held of {bound}, {bytes} each, resident +{grown}, {seconds:.1} s"
    );
    assert!(held > 0 && held <= bound, "{held}");
    assert!(asked.is_none() || grown <= bound + MARGIN, "{grown}");
}
