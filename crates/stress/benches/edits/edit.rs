//! The edits, as an admin or the operator makes them.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use convene_stress::{Connection, Outcome, Population, call, new_id, program};
use serde_json::{Value, json};

use crate::settings::Settings;

/// The time between two repeats of a client that waits for the end of an edit.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest time of an edit.
const MAX_TIME: Duration = Duration::from_secs(180);

/// An edit of many registrations.
#[derive(Debug)]
pub(crate) enum Edit<'a> {
    /// Moves the event with this id by two hours.
    Move(&'a str),
    Cancel(&'a str),
    Delete(&'a str),
    /// Removes the member with this id.
    Remove(&'a str),
    /// Erases the data of the person with this user id, by a command on the machine.
    Erase(&'a str),
}

/// A complete edit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edited {
    /// From the first call to the answer that says that nothing remains.
    pub(crate) time: Duration,
    /// The calls of the client.
    pub(crate) calls: usize,
}

impl Edit<'_> {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Move(_) => "move",
            Self::Cancel(_) => "cancel",
            Self::Delete(_) => "delete",
            Self::Remove(_) => "remove a member with waitlists behind the seats",
            Self::Erase(_) => "erase a person with waitlists behind the seats",
        }
    }

    /// Carries the edit out, and waits until it is complete.
    pub(crate) async fn carry_out(
        &self,
        settings: &Settings,
        address: SocketAddr,
        database: &str,
    ) -> anyhow::Result<Edited> {
        match *self {
            Self::Move(event) => {
                repeat(address, "updateEvent", json!({ "eventId": event, "startsAt": "2080-01-01T12:00:00" }))
                    .await
            }
            Self::Cancel(event) => repeat(address, "cancelEvent", json!({ "eventId": event })).await,
            Self::Delete(event) => repeat(address, "deleteEvent", json!({ "eventId": event })).await,
            Self::Remove(member) => repeat(address, "removeMember", json!({ "memberId": member })).await,
            Self::Erase(user) => erase(settings, database, user).await,
        }
    }
}

/// Sends a mutation with the same key until nothing remains, as a client does.
async fn repeat(address: SocketAddr, mutation: &str, mut input: Value) -> anyhow::Result<Edited> {
    let (first, rest) = mutation.split_at(1);
    let input_type = format!("{}{rest}Input", first.to_uppercase());
    let document = format!(
        "mutation E($input: {input_type}!) {{ {mutation}(input: $input) {{ remainingRegistrations userErrors {{ code }} }} }}"
    );
    input["idempotencyKey"] = json!(new_id().to_string());
    let request = Population::admin().post(&call(&document, &input));
    let mut connection = Connection::open(address).await?;
    let begun = Instant::now();
    let mut calls = 0;
    loop {
        calls += 1;
        match Outcome::read(&connection.send(&request).await?)? {
            Outcome::Done(payload) => {
                let remaining = payload["remainingRegistrations"].as_u64();
                if remaining.with_context(|| format!("no progress in {payload}"))? == 0 {
                    return Ok(Edited { time: begun.elapsed(), calls });
                }
            }
            // A client repeats the call with the same key.
            Outcome::Failed(code)
                if ["OVERLOADED", "UNAVAILABLE", "OUTCOME_UNKNOWN"].contains(&code.as_str()) => {}
            other => bail!("{mutation} was answered with {other:?}"),
        }
        ensure!(begun.elapsed() < MAX_TIME, "{mutation} was not complete after {MAX_TIME:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

async fn erase(settings: &Settings, database: &str, user: &str) -> anyhow::Result<Edited> {
    let mut command = program(&settings.binary, &settings.uri, database);
    command.args(["erase", "--org", Population::SLUG, "--user", user, "--yes"]);
    let begun = Instant::now();
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    ensure!(output.status.success(), "convene erase: {}", String::from_utf8_lossy(&output.stderr));
    Ok(Edited { time: begun.elapsed(), calls: 1 })
}
