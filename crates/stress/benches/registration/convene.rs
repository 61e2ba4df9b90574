//! The measured program: mutations over HTTP.

use std::net::SocketAddr;

use anyhow::bail;
use convene_stress::{CANCEL, Connection, Outcome, Population, REGISTER, call, text};
use serde_json::json;

use crate::{
    caller::{Caller, Decision, Seat},
    fixture::TestData,
};

/// A client with a persistent connection.
pub(crate) struct HttpCaller(Connection);

impl HttpCaller {
    /// Opens connections, distributed over the servers.
    pub(crate) async fn several(count: usize, servers: &[SocketAddr]) -> anyhow::Result<Vec<Self>> {
        let mut callers = Vec::with_capacity(count);
        for address in servers.iter().cycle().take(count) {
            callers.push(Self(Connection::open(*address).await?));
        }
        Ok(callers)
    }

    async fn execute(&mut self, data: &TestData, seat: Seat, body: &str) -> anyhow::Result<Outcome> {
        let request = Population::credentials(&data.population.members[seat.member]).post(body);
        Outcome::read(&self.0.send(&request).await?)
    }
}

impl Caller for HttpCaller {
    async fn register(&mut self, data: &TestData, seat: Seat) -> anyhow::Result<Decision> {
        let input = json!({
            "occurrenceId": data.occurrences[seat.occurrence].id,
            // Unique: no member requests the same occurrence twice in a run.
            "idempotencyKey": format!("bench-{}-{}", seat.member, seat.occurrence),
        });
        match self.execute(data, seat, &call(REGISTER, &input)).await? {
            Outcome::Done(payload) => {
                Ok(Decision::Registered(text(&payload, "/registration/id")?.to_owned()))
            }
            Outcome::Refused(code) => Ok(Decision::Refused(code)),
            Outcome::Failed(code) => bail!("a registration failed with {code}"),
        }
    }

    async fn cancel(&mut self, data: &TestData, seat: Seat, registration: &str) -> anyhow::Result<()> {
        let input =
            json!({ "registrationId": registration, "idempotencyKey": format!("back-{registration}") });
        match self.execute(data, seat, &call(CANCEL, &input)).await? {
            Outcome::Done(_) => Ok(()),
            other => bail!("a cancellation was answered with {other:?}"),
        }
    }
}
