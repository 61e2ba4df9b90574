//! The way that is measured: mutations over HTTP.

use std::net::SocketAddr;

use anyhow::bail;
use convene_stress::{Connection, Outcome, Population, REGISTER, call, text};
use serde_json::json;

use crate::{
    contender::{Contender, Seat, Verdict},
    stage::Cast,
};

const CANCEL: &str = "mutation X($input: CancelRegistrationInput!) { \
    cancelRegistration(input: $input) { registration { id } userErrors { code } } }";

/// A client that keeps its connection.
pub(crate) struct HttpCaller(Connection);

impl HttpCaller {
    /// So many clients, spread over the servers.
    pub(crate) async fn several(count: usize, servers: &[SocketAddr]) -> anyhow::Result<Vec<Self>> {
        let mut callers = Vec::with_capacity(count);
        for address in servers.iter().cycle().take(count) {
            callers.push(Self(Connection::open(*address).await?));
        }
        Ok(callers)
    }

    async fn ask(&mut self, cast: &Cast, seat: Seat, body: &str) -> anyhow::Result<Outcome> {
        let request = Population::credentials(&cast.population.members[seat.member]).post(body);
        Outcome::read(&self.0.send(&request).await?)
    }
}

impl Contender for HttpCaller {
    async fn register(&mut self, cast: &Cast, seat: Seat) -> anyhow::Result<Verdict> {
        let input = json!({
            "occurrenceId": cast.occurrences[seat.occurrence].id,
            // Unique in this run: a member is asked for a seat of an occurrence once.
            "idempotencyKey": format!("bench-{}-{}", seat.member, seat.occurrence),
        });
        match self.ask(cast, seat, &call(REGISTER, &input)).await? {
            Outcome::Done(payload) => Ok(Verdict::Registered(text(&payload, "/registration/id")?.to_owned())),
            Outcome::Refused(code) => Ok(Verdict::Refused(code)),
            Outcome::Failed(code) => bail!("a registration failed with {code}"),
        }
    }

    async fn cancel(&mut self, cast: &Cast, seat: Seat, registration: &str) -> anyhow::Result<()> {
        let input =
            json!({ "registrationId": registration, "idempotencyKey": format!("back-{registration}") });
        match self.ask(cast, seat, &call(CANCEL, &input)).await? {
            Outcome::Done(_) => Ok(()),
            other => bail!("a cancellation was answered with {other:?}"),
        }
    }
}
