//! A schema of the form of the real one: connections, a self reference, mutations, and fields that fail.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use convene_api_graphql::{change_state::ChangeState, telemetry::log_fault};
use convene_application::failure::Fault;
use juniper::{FieldError, FieldResult, GraphQLObject, ID, graphql_object, graphql_value};
use tokio::sync::Semaphore;

use super::Caller;

/// The state that tests observe and control.
pub(crate) struct State {
    /// The number of completed runs of the mutation `add`.
    pub(crate) added: AtomicU32,
    /// A permit for each run of `add` that has begun.
    pub(crate) begun: Semaphore,
    /// The permits that `add` takes, one before each completion.
    pub(crate) may_finish: Semaphore,
}

impl Default for State {
    fn default() -> Self {
        Self { added: AtomicU32::new(0), begun: Semaphore::new(0), may_finish: Semaphore::new(0) }
    }
}

pub(crate) struct ToyContext {
    pub(crate) caller: Caller,
    pub(crate) change: ChangeState,
    pub(crate) state: Arc<State>,
}

impl juniper::Context for ToyContext {}

pub(crate) struct Query;

#[derive(GraphQLObject)]
#[graphql(context = ToyContext)]
struct Event {
    id: ID,
    title: String,
}

#[derive(GraphQLObject)]
#[graphql(context = ToyContext)]
struct EventConnection {
    nodes: Vec<Event>,
}

fn event(number: i32) -> Event {
    Event { id: format!("evt_{number}").into(), title: "A title".to_owned() }
}

fn connection(first: Option<i32>) -> EventConnection {
    EventConnection { nodes: (0..first.unwrap_or(20)).map(event).collect() }
}

fn large(bytes: i32) -> String {
    "x".repeat(usize::try_from(bytes).unwrap())
}

#[graphql_object(context = ToyContext)]
impl Query {
    /// The query type, for any depth.
    fn again() -> Query {
        Query
    }

    fn organization(context: &ToyContext) -> Option<&str> {
        context.caller.organization.as_deref()
    }

    fn event(id: ID) -> Event {
        Event { id, title: "A title".to_owned() }
    }

    fn events(first: Option<i32>) -> EventConnection {
        connection(first)
    }

    fn occurrences(first: Option<i32>) -> EventConnection {
        connection(first)
    }

    fn nodes(ids: Vec<ID>) -> Vec<Event> {
        ids.into_iter().map(|id| Event { id, title: "A title".to_owned() }).collect()
    }

    /// A text of this many bytes.
    fn large(bytes: i32) -> String {
        large(bytes)
    }

    /// Never completes.
    async fn stuck() -> bool {
        std::future::pending().await
    }

    fn boom() -> bool {
        panic!("a resolver panics")
    }

    fn broken() -> FieldResult<bool> {
        Err("db.internal:27017 refused the connection".into())
    }

    fn unavailable() -> FieldResult<bool> {
        log_fault(&Fault::Unavailable("db.internal:27017 does not answer".into()));
        Err(FieldError::new("Try again.", graphql_value!({"code": "UNAVAILABLE"})))
    }

    fn overloaded() -> FieldResult<bool> {
        log_fault(&Fault::Overloaded);
        Err(FieldError::new("Try again.", graphql_value!({"code": "OVERLOADED"})))
    }

    fn forbidden() -> FieldResult<Option<bool>> {
        Err(FieldError::new("Only for admins.", graphql_value!({"code": "FORBIDDEN"})))
    }
}

pub(crate) struct Mutation;

#[graphql_object(context = ToyContext)]
impl Mutation {
    /// Adds one when the test provides a permit.
    async fn add(context: &ToyContext) -> i32 {
        assert!(context.change.begin());
        context.state.begun.add_permits(1);
        context.state.may_finish.acquire().await.unwrap().forget();
        let added = context.state.added.fetch_add(1, Ordering::SeqCst) + 1;
        i32::try_from(added).unwrap()
    }

    fn large(bytes: i32) -> String {
        large(bytes)
    }

    /// Changes nothing, and never completes.
    async fn preview(context: &ToyContext) -> bool {
        context.state.begun.add_permits(1);
        std::future::pending().await
    }

    fn boom(context: &ToyContext) -> bool {
        assert!(context.change.begin());
        panic!("a resolver panics")
    }

    fn early_boom() -> bool {
        panic!("a resolver panics before its change begins")
    }
}
