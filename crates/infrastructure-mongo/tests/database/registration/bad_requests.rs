//! One request that makes the transaction of its batch fail: the number of transactions that it costs the others.

use bson::doc;
use convene_application::{
    change::Change,
    failure::{Failure, Fault, Outcome, Refusal},
    ports::{RegisterRequest, RegistrationBook},
    testing::builders::{ChangeBuilder, EventBuilder},
};
use convene_domain::{event::Event, registration::Registration};
use convene_infrastructure_mongo::registration::BookSettings;
use futures::future::join_all;
use time::macros::datetime;

use crate::support::{Commands, Scenario, TestDatabase, by, first, refusal, request_for};

/// The number of requests of a batch, and twice its binary logarithm, rounded up: halves that fail and halves that succeed.
const BATCH: usize = 64;
const TWICE_LOG: usize = 14;

/// A process that executes all waiting requests as one batch, and the commands that it sends.
async fn scenario() -> (Scenario, Commands) {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("tenant").await;
    let at_once = std::num::NonZeroUsize::MIN;
    let books =
        vec![database.ports.start_registration_book(BookSettings { at_once, ..BookSettings::default() })];
    (Scenario { database, tenant, books }, commands)
}

async fn event(scenario: &Scenario) -> Event {
    scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(10_000).build()).await
}

/// Executes a batch of valid requests around bad ones. Returns the outcomes of those and the number of transactions.
async fn batch(
    (scenario, commands): &(Scenario, Commands),
    event: &Event,
    bad: impl IntoIterator<Item = (RegisterRequest, Change)>,
) -> (Vec<Outcome<Registration>>, usize) {
    let mut requests: Vec<(RegisterRequest, Change)> = Vec::new();
    for member in scenario.crowd(BATCH).await {
        let change = by(member).key("a new key", 1).build();
        requests.push((request_for(event, member), change));
    }
    let start = BATCH / 3;
    let added = requests.splice(start..start, bad).count();
    assert_eq!(added, 0, "nothing is replaced");
    let bad = start..start + requests.len() - BATCH;
    commands.take();
    let calls = requests.iter().map(|(request, change)| scenario.register(*request, change));
    let mut outcomes = join_all(calls).await;
    let transactions =
        commands.take().iter().filter(|sent| sent.command.contains_key("startTransaction")).count();
    let of_bad = outcomes.drain(bad).collect();
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    (of_bad, transactions)
}

/// The same with one bad request.
async fn batch_with(
    environment: &(Scenario, Commands),
    event: &Event,
    bad: RegisterRequest,
    change: Change,
) -> (Outcome<Registration>, usize) {
    let (mut outcomes, transactions) = batch(environment, event, [(bad, change)]).await;
    (outcomes.remove(0), transactions)
}

#[tokio::test]
async fn a_used_key_does_not_multiply_the_transactions() {
    let environment = scenario().await;
    let scenario = &environment.0;
    let (event, later) = (event(scenario).await, datetime!(2031-05-01 09:00));
    let later = scenario.event(EventBuilder::once(later).seats(10_000).build()).await;
    let member = scenario.member().await;
    let key = |input| by(member).key("used", input).build();
    scenario.register(request_for(&event, member), &key(1)).await.unwrap();
    for repeat in 0..4 {
        let (outcome, transactions) =
            batch_with(&environment, &event, request_for(&later, member), key(2)).await;
        assert_eq!(refusal(outcome), Refusal::IdempotencyKeyReused);
        // At first the batch fails and is run again; later the caller has a batch of its own.
        assert!(transactions <= 2, "{transactions} in batch {repeat}");
    }
    // A repeat of a cancelled registration would be a valid request but for its key.
    let seat = scenario.register(request_for(&event, member), &key(1)).await.unwrap();
    scenario.cancel(&seat, &by(member).build()).await.unwrap();
    let (outcome, transactions) = batch_with(&environment, &event, request_for(&event, member), key(1)).await;
    assert_eq!((outcome.unwrap().id, transactions), (seat.id, 2));
    scenario.assert_sound().await;
}

#[tokio::test]
async fn one_key_for_two_requests_of_a_batch_does_not_make_it_fail() {
    let environment = scenario().await;
    let scenario = &environment.0;
    let event = event(scenario).await;
    let members = scenario.crowd(2).await;
    let change = |input| ChangeBuilder::by("admin").key("new", input).build();
    let (one, two) = (change(1), change(2));
    let pair = [(request_for(&event, members[0]), one), (request_for(&event, members[1]), two)];
    let (mut outcomes, transactions) = batch(&environment, &event, pair).await;
    assert_eq!(refusal(outcomes.remove(1)), Refusal::IdempotencyKeyReused);
    outcomes.remove(0).unwrap();
    assert!(transactions <= 2, "{transactions}");
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_request_that_cannot_be_executed_costs_the_logarithm_of_its_batch_once() {
    let environment = scenario().await;
    let scenario = &environment.0;
    let (event, broken) = (event(scenario).await, datetime!(2031-05-01 09:00));
    let broken = scenario.event(EventBuilder::once(broken).seats(10_000).build()).await;
    let members = scenario.crowd(3).await;
    // Another process stores the occurrence, so that it is not in the cache of the first one.
    let other = scenario.database.another_process().await.start_registration_book(BookSettings::default());
    let change = by(members[0]).build();
    other.register(&scenario.tenant.scope, request_for(&broken, members[0]), &change).await.unwrap();
    scenario.without_validator("occurrences").await;
    let this = doc! { "_id": first(&broken).to_string() };
    let corrupt = doc! { "$set": { "capacity": "many" } };
    scenario.database.collection("occurrences").update_one(this, corrupt).await.unwrap();
    let bad = request_for(&broken, members[1]);
    for most in [2 + TWICE_LOG, 2, 2] {
        let change = by(members[1]).build();
        let (outcome, transactions) = batch_with(&environment, &event, bad, change).await;
        assert!(matches!(outcome, Err(Failure::Fault(Fault::Internal(_)))), "{outcome:?}");
        assert!(transactions <= most, "{transactions}, at most {most}");
    }
    // Another caller for the same occurrence does not make a batch fail either.
    let bad = request_for(&broken, members[2]);
    let (outcome, transactions) = batch_with(&environment, &event, bad, by(members[2]).build()).await;
    assert!(matches!(outcome, Err(Failure::Fault(Fault::Internal(_)))), "{outcome:?}");
    assert!(transactions <= 2, "{transactions}");
}

#[tokio::test]
async fn a_request_that_a_validator_refuses_costs_the_logarithm_of_its_batch_once() {
    let environment = scenario().await;
    let scenario = &environment.0;
    let event = event(scenario).await;
    let member = scenario.member().await;
    let validator = doc! { "member": { "$ne": member.to_string() } };
    let refuse = doc! { "collMod": "registrations", "validator": validator };
    scenario.database.raw().run_command(refuse).await.unwrap();
    for most in [2 + TWICE_LOG, 2, 2] {
        let change = by(member).key("new", 1).build();
        let (outcome, transactions) =
            batch_with(&environment, &event, request_for(&event, member), change).await;
        assert!(matches!(outcome, Err(Failure::Fault(Fault::Internal(_)))), "{outcome:?}");
        assert!(transactions <= most, "{transactions}, at most {most}");
    }
}
