//! Checks that a repeat with the same key returns the first result, and that another input is refused.

use convene_stress::{Connection, Outcome};
use rand::seq::IndexedRandom;

use crate::{
    caller::{outcome, request},
    fixture::Fixture,
    history::{AttemptOutcome, Call, Operation},
    servers::SERVERS,
};

/// The number of repeated operations.
const REPEATS: usize = 200;
const REUSED: &str = "IDEMPOTENCY_KEY_REUSED";

/// Repeats a sample of the successful operations on both servers, with the same and with another input. Returns the
/// number of each.
pub(super) async fn run(fixture: &Fixture, operations: &[Operation]) -> anyhow::Result<(usize, usize)> {
    let done: Vec<(&Operation, &str)> = operations
        .iter()
        .filter_map(|operation| match operation.certain() {
            Some(AttemptOutcome::Done { id, .. }) => Some((operation, id.as_str())),
            _ => None,
        })
        .collect();
    let mut connections = Vec::new();
    for server in 0..SERVERS {
        connections.push(Connection::open(fixture.servers.endpoint(server).address).await?);
    }
    let chosen: Vec<_> = done.choose_multiple(&mut rand::rng(), REPEATS).copied().collect();
    for (number, &(operation, id)) in chosen.iter().enumerate() {
        let connection = &mut connections[number % SERVERS];
        match ask(fixture, connection, &operation.call, &operation.key).await? {
            AttemptOutcome::Done { id: again, .. } if again == id => {}
            other => {
                let key = &operation.key;
                fixture
                    .history
                    .violation(format!("{key} was answered with {id}, and repeated with {other:?}"));
            }
        }
        match ask(fixture, connection, &with_other_input(fixture, &operation.call), &operation.key).await? {
            AttemptOutcome::Refused { code } if code == REUSED => {}
            other => {
                let key = &operation.key;
                fixture.history.violation(format!("{key} with another input was answered with {other:?}"));
            }
        }
    }
    Ok((chosen.len(), chosen.len()))
}

async fn ask(
    fixture: &Fixture,
    connection: &mut Connection,
    call: &Call,
    key: &str,
) -> anyhow::Result<AttemptOutcome> {
    let body = connection.send(&request(&fixture.data, call, key)).await?;
    outcome(Outcome::read(&body)?)
}

/// The same call with another input.
fn with_other_input(fixture: &Fixture, call: &Call) -> Call {
    match call.clone() {
        Call::Register { member, occurrence, join_waitlist } => Call::Register {
            member,
            occurrence: (occurrence + 1) % fixture.data.occurrences.len(),
            join_waitlist,
        },
        Call::Cancel { member, registration } => {
            // The id of another registration.
            let (head, last) = registration.split_at(registration.len() - 1);
            Call::Cancel { member, registration: format!("{head}{}", if last == "0" { "1" } else { "0" }) }
        }
        Call::Resize { occurrence, capacity } => Call::Resize { occurrence, capacity: capacity + 1 },
        Call::CancelOccurrence { occurrence } => Call::CancelOccurrence { occurrence: occurrence - 1 },
        Call::RestoreOccurrence { occurrence } => Call::RestoreOccurrence { occurrence: occurrence - 1 },
    }
}
