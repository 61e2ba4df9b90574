//! A caller: its requests, its retries and its knowledge.

use std::{
    collections::HashSet,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use convene_stress::{Credentials, Outcome, Population, REGISTER, call, text};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use crate::{
    connections::Connections,
    fixture::{Fixture, TestData},
    history::{Attempt, AttemptOutcome, Call, History, Operation},
    load::CALLERS,
    servers::{Endpoint, SERVERS, Servers},
};

const CANCEL: &str = "mutation X($input: CancelRegistrationInput!) { \
    cancelRegistration(input: $input) { registration { id status } userErrors { code } } }";
const RESIZE: &str = "mutation U($input: UpdateOccurrenceInput!) { \
    updateOccurrence(input: $input) { occurrence { id status } userErrors { code } } }";

const CANCEL_OCCURRENCE: &str = "mutation C($input: CancelOccurrenceInput!) { \
    cancelOccurrence(input: $input) { occurrence { id status } userErrors { code } } }";
const RESTORE_OCCURRENCE: &str = "mutation R($input: RestoreOccurrenceInput!) { \
    restoreOccurrence(input: $input) { occurrence { id status } userErrors { code } } }";

/// The server's deadline of 10 s plus a margin for the network and a busy machine.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest pause before a retry.
const MAX_PAUSE: Duration = Duration::from_millis(100);
/// The longest time between a request and a disconnect, short enough to hit any stage of its execution.
const MAX_DISCONNECT_DELAY: Duration = Duration::from_millis(15);

/// A registration that the caller knows.
struct Held {
    member: usize,
    occurrence: usize,
    registration: String,
}

/// The state of the caller's own occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OwnOccurrence {
    Scheduled,
    Cancelled,
    /// A call had an uncertain outcome. The occurrence is not used any more.
    Unknown,
}

/// A caller. It acts for its own members and is the only one to change the capacity of its occurrences, so it can
/// predict every answer.
pub(crate) struct Caller {
    number: usize,
    servers: Arc<Servers>,
    history: Arc<History>,
    data: Arc<TestData>,
    disconnecting: Arc<AtomicBool>,
    connections: Connections,
    held: Vec<Held>,
    /// Members and occurrences of calls with uncertain outcome.
    uncertain: HashSet<(usize, usize)>,
    own: OwnOccurrence,
}

impl Caller {
    pub(crate) fn new(number: usize, fixture: &Fixture) -> Self {
        Self {
            number,
            servers: Arc::clone(&fixture.servers),
            history: Arc::clone(&fixture.history),
            data: Arc::clone(&fixture.data),
            disconnecting: Arc::clone(&fixture.disconnecting),
            connections: Connections::default(),
            held: Vec::new(),
            uncertain: HashSet::new(),
            own: OwnOccurrence::Scheduled,
        }
    }

    /// Executes a random operation.
    pub(crate) async fn act(&mut self) -> anyhow::Result<()> {
        match rand::random_range(0..100) {
            0..5 => self.resize().await,
            5..6 => self.cancel_or_restore_own().await,
            6..16 if let Some(place) = self.place_beside_another() => self.cancel(place).await,
            6..46 if !self.held.is_empty() => self.cancel(rand::random_range(0..self.held.len())).await,
            _ => self.register().await,
        }
    }

    async fn register(&mut self) -> anyhow::Result<()> {
        let own = self.data.population.members.len() / CALLERS;
        let member = rand::random_range(0..own) * CALLERS + self.number;
        let occurrence = match self.own {
            OwnOccurrence::Unknown => rand::random_range(0..TestData::SHARED),
            _ if rand::random_bool(0.9) => rand::random_range(0..TestData::SHARED),
            _ => TestData::own(self.number),
        };
        let is_cancelled = occurrence >= TestData::SHARED && self.own == OwnOccurrence::Cancelled;
        let join_waitlist = rand::random_bool(0.5);
        let operation = self.execute(Call::Register { member, occurrence, join_waitlist }).await?;
        let holds = self.held.iter().any(|held| (held.member, held.occurrence) == (member, occurrence));
        let is_uncertain = self.uncertain.contains(&(member, occurrence));
        let answer = match operation.certain().cloned() {
            None => {
                self.uncertain.insert((member, occurrence));
                return Ok(());
            }
            Some(AttemptOutcome::Done { id, .. }) if !holds && !is_cancelled => {
                self.held.push(Held { member, occurrence, registration: id });
                return Ok(());
            }
            Some(AttemptOutcome::Refused { code }) => match code.as_str() {
                "ALREADY_REGISTERED" if holds || is_uncertain => return Ok(()),
                "SCHEDULE_CONFLICT" if self.may_be_busy(member, occurrence) => return Ok(()),
                "OCCURRENCE_FULL" if !join_waitlist => return Ok(()),
                "OCCURRENCE_CANCELLED" if is_cancelled => return Ok(()),
                _ => code,
            },
            Some(other) => format!("{other:?}"),
        };
        self.history.violation(format!(
            "member {member}, who {} a place in occurrence {occurrence}, got the answer {answer}",
            if holds { "holds" } else { "does not hold" }
        ));
        Ok(())
    }

    /// Returns true if the member may be registered at the time of the occurrence.
    fn may_be_busy(&self, member: usize, occurrence: usize) -> bool {
        let held = self.held.iter().map(|held| (held.member, held.occurrence));
        held.chain(self.uncertain.iter().copied())
            .any(|(other, held)| other == member && TestData::hour(held) == TestData::hour(occurrence))
    }

    /// Returns a place of a member who has another one in the same hour. One of the two is on a waitlist, and its member
    /// may be promoted when the time becomes free.
    fn place_beside_another(&self) -> Option<usize> {
        let start = rand::random_range(0..self.held.len().max(1));
        let places = (start..self.held.len()).chain(0..start);
        let at = |held: &Held| (held.member, TestData::hour(held.occurrence));
        let mut places = places.filter(|&place| {
            let same = self.held.iter().filter(|other| at(other) == at(&self.held[place]));
            same.count() > 1
        });
        places.next()
    }

    async fn cancel(&mut self, place: usize) -> anyhow::Result<()> {
        let Held { member, occurrence, registration } = self.held.swap_remove(place);
        let operation = self.execute(Call::Cancel { member, registration: registration.clone() }).await?;
        // No other caller cancels it, so a refusal is always wrong.
        let refused = operation
            .attempts
            .iter()
            .find(|attempt| matches!(attempt.outcome, AttemptOutcome::Refused { .. }));
        match (refused, operation.certain()) {
            (None, Some(AttemptOutcome::Done { id, .. })) if *id == registration => {}
            (None, None) => _ = self.uncertain.insert((member, occurrence)),
            (_, certain) => self.history.violation(format!(
                "{}: a cancellation of {registration} was answered with {certain:?} and {refused:?}",
                operation.key
            )),
        }
        Ok(())
    }

    async fn resize(&mut self) -> anyhow::Result<()> {
        let occurrence = rand::random_range(0..TestData::SHARED / CALLERS) * CALLERS + self.number;
        let capacity = rand::random_range(4..16);
        let operation = self.execute(Call::Resize { occurrence, capacity }).await?;
        match operation.certain() {
            None | Some(AttemptOutcome::Done { .. }) => {}
            Some(AttemptOutcome::Refused { code }) if code == "CAPACITY_BELOW_REGISTRATIONS" => {}
            Some(other) => {
                self.history.violation(format!("a change of capacity was answered with {other:?}"));
            }
        }
        Ok(())
    }

    /// Cancels or restores the caller's own occurrence. Its registrations are cancelled and do not return.
    async fn cancel_or_restore_own(&mut self) -> anyhow::Result<()> {
        let occurrence = TestData::own(self.number);
        let (call, next) = match self.own {
            OwnOccurrence::Scheduled => (Call::CancelOccurrence { occurrence }, OwnOccurrence::Cancelled),
            OwnOccurrence::Cancelled => (Call::RestoreOccurrence { occurrence }, OwnOccurrence::Scheduled),
            OwnOccurrence::Unknown => return Ok(()),
        };
        let operation = self.execute(call).await?;
        match operation.certain() {
            Some(AttemptOutcome::Done { .. }) => {
                self.own = next;
                self.held.retain(|held| held.occurrence != occurrence);
            }
            None if operation.changed_nothing() => {}
            None => {
                self.own = OwnOccurrence::Unknown;
                let (lost, held) = std::mem::take(&mut self.held)
                    .into_iter()
                    .partition::<Vec<_>, _>(|held| held.occurrence == occurrence);
                self.held = held;
                self.uncertain.extend(lost.into_iter().map(|held| (held.member, held.occurrence)));
            }
            Some(other) => self.history.violation(format!(
                "{}: a change to {next:?} of occurrence {occurrence} was answered with {other:?}",
                operation.key
            )),
        }
        Ok(())
    }

    /// Executes a call and retries it with the same key until the outcome is certain or the time is over.
    async fn execute(&mut self, call: Call) -> anyhow::Result<Operation> {
        let key = self.history.new_key();
        let request = request(&self.data, &call, &key);
        let mut operation = Operation { key, call, attempts: Vec::new() };
        let begun = Instant::now();
        let mut server = rand::random_range(0..SERVERS);
        loop {
            let attempt = self.attempt(server, &request).await?;
            let outcome = attempt.outcome.clone();
            self.history.record(&mut operation, attempt)?;
            match &outcome {
                // Some callers repeat although the outcome is certain.
                AttemptOutcome::Done { .. } if operation.attempts.len() < 5 && rand::random_bool(0.05) => {}
                outcome if outcome.is_certain() => break,
                AttemptOutcome::TimedOut => {
                    self.history
                        .violation(format!("{} was not answered within {ANSWER_TIMEOUT:?}", operation.key));
                }
                AttemptOutcome::Failed { code }
                    if code != "OUTCOME_UNKNOWN" && !outcome.changed_nothing() =>
                {
                    self.history.violation(format!("{} failed with {code}", operation.key));
                }
                _ => {}
            }
            // Some callers accept that nothing was changed; the audit verifies it.
            if begun.elapsed() > RETRY_TIMEOUT || outcome.changed_nothing() && rand::random_bool(0.1) {
                break;
            }
            server = (server + 1) % SERVERS;
            tokio::time::sleep(MAX_PAUSE.mul_f64(rand::random_range(0.0..1.0))).await;
        }
        self.history.close(operation.clone());
        Ok(operation)
    }

    async fn attempt(&mut self, server: usize, request: &[u8]) -> anyhow::Result<Attempt> {
        let endpoint = self.servers.endpoint(server);
        let mut sent = self.history.now();
        let outcome = if self.disconnecting.load(Ordering::Relaxed) && rand::random_bool(0.3) {
            send_and_disconnect(endpoint, request)
                .await
                .map_or_else(broken, |()| AttemptOutcome::Disconnected)
        } else {
            match timeout(ANSWER_TIMEOUT, self.ask(server, endpoint, request, &mut sent)).await {
                Ok(Ok(body)) => outcome(Outcome::read(&body)?)?,
                Ok(Err(error)) => broken(error),
                Err(_) => AttemptOutcome::TimedOut,
            }
        };
        Ok(Attempt { server, generation: endpoint.generation, sent, answered: self.history.now(), outcome })
    }

    async fn ask(
        &mut self,
        server: usize,
        endpoint: Endpoint,
        request: &[u8],
        sent: &mut u64,
    ) -> io::Result<Vec<u8>> {
        let mut connection = self.connections.take(server, endpoint).await?;
        *sent = self.history.now();
        let body = connection.send(request).await?;
        self.connections.put(server, endpoint, connection);
        Ok(body)
    }
}

pub(crate) fn request(data: &TestData, wanted: &Call, key: &str) -> Vec<u8> {
    let (credentials, document, mut input): (Credentials, &str, Value) = match wanted {
        Call::Register { member, occurrence, join_waitlist } => (
            Population::credentials(&data.population.members[*member]),
            REGISTER,
            json!({ "occurrenceId": data.occurrences[*occurrence], "joinWaitlist": join_waitlist }),
        ),
        Call::Cancel { member, registration } => (
            Population::credentials(&data.population.members[*member]),
            CANCEL,
            json!({ "registrationId": registration }),
        ),
        Call::Resize { occurrence, capacity } => (
            Population::admin(),
            RESIZE,
            json!({ "occurrenceId": data.occurrences[*occurrence], "capacity": capacity }),
        ),
        Call::CancelOccurrence { occurrence } => {
            (Population::admin(), CANCEL_OCCURRENCE, json!({ "occurrenceId": data.occurrences[*occurrence] }))
        }
        Call::RestoreOccurrence { occurrence } => (
            Population::admin(),
            RESTORE_OCCURRENCE,
            json!({ "occurrenceId": data.occurrences[*occurrence] }),
        ),
    };
    input["idempotencyKey"] = key.into();
    credentials.post(&call(document, &input))
}

/// The outcome of an attempt with this answer.
pub(crate) fn outcome(outcome: Outcome) -> anyhow::Result<AttemptOutcome> {
    Ok(match outcome {
        Outcome::Refused(code) => AttemptOutcome::Refused { code },
        Outcome::Failed(code) => AttemptOutcome::Failed { code },
        Outcome::Done(payload) => {
            let object = if payload.get("registration").is_some() { "registration" } else { "occurrence" };
            AttemptOutcome::Done {
                id: text(&payload, &format!("/{object}/id"))?.to_owned(),
                status: text(&payload, &format!("/{object}/status"))?.to_owned(),
            }
        }
    })
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function of the error")]
fn broken(error: io::Error) -> AttemptOutcome {
    AttemptOutcome::ConnectionBroken { reason: error.to_string() }
}

/// Sends a request and resets the connection during its execution.
async fn send_and_disconnect(endpoint: Endpoint, request: &[u8]) -> io::Result<()> {
    let mut stream = TcpStream::connect(endpoint.address).await?;
    stream.write_all(request).await?;
    tokio::time::sleep(MAX_DISCONNECT_DELAY.mul_f64(rand::random_range(0.0..1.0))).await;
    // The kernel sends RST instead of FIN.
    stream.set_zero_linger()
}
