//! A repeat with the same key is answered with what the first call did; with another input it is refused.

use convene_stress::{Connection, Outcome};
use rand::seq::IndexedRandom;

use crate::{
    caller::{ending, request},
    fleet::SERVERS,
    history::{Call, Ending, Operation},
    scene::Scene,
};

/// How many calls are repeated in each way.
const REPEATS: usize = 200;
const REUSED: &str = "IDEMPOTENCY_KEY_REUSED";

/// Repeats some of what was done, at both servers; answers with how many were repeated in each of the two ways.
pub(super) async fn run(scene: &Scene, operations: &[Operation]) -> anyhow::Result<(usize, usize)> {
    let done: Vec<(&Operation, &str)> = operations
        .iter()
        .filter_map(|operation| match operation.certain() {
            Some(Ending::Done { id, .. }) => Some((operation, id.as_str())),
            _ => None,
        })
        .collect();
    let mut connections = Vec::new();
    for server in 0..SERVERS {
        connections.push(Connection::open(scene.fleet.place(server).address).await?);
    }
    let chosen: Vec<_> = done.choose_multiple(&mut rand::rng(), REPEATS).copied().collect();
    for (number, &(operation, id)) in chosen.iter().enumerate() {
        let connection = &mut connections[number % SERVERS];
        match ask(scene, connection, &operation.call, &operation.key).await? {
            Ending::Done { id: again, .. } if again == id => {}
            other => {
                let key = &operation.key;
                scene.history.violation(format!("{key} was answered with {id}, and repeated with {other:?}"));
            }
        }
        match ask(scene, connection, &another(scene, &operation.call), &operation.key).await? {
            Ending::Refused { code } if code == REUSED => {}
            other => {
                let key = &operation.key;
                scene.history.violation(format!("{key} with another input was answered with {other:?}"));
            }
        }
    }
    Ok((chosen.len(), chosen.len()))
}

async fn ask(scene: &Scene, connection: &mut Connection, call: &Call, key: &str) -> anyhow::Result<Ending> {
    let body = connection.send(&request(&scene.cast, call, key)).await?;
    ending(Outcome::read(&body)?)
}

/// Another call of the same caller.
fn another(scene: &Scene, call: &Call) -> Call {
    match call.clone() {
        Call::Register { member, occurrence, join_waitlist } => Call::Register {
            member,
            occurrence: (occurrence + 1) % scene.cast.occurrences.len(),
            join_waitlist,
        },
        Call::Cancel { member, registration } => {
            // The id of another registration: one of its digits differs.
            let (head, last) = registration.split_at(registration.len() - 1);
            Call::Cancel { member, registration: format!("{head}{}", if last == "0" { "1" } else { "0" }) }
        }
        Call::Resize { occurrence, capacity } => Call::Resize { occurrence, capacity: capacity + 1 },
    }
}
