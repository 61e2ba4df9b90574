//! One caller: what it asks for, how it repeats, and what it knows.

use std::{
    collections::HashSet,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use convene_stress::{Connection, Credentials, Outcome, Population, REGISTER, call, text};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use crate::{
    fleet::{Fleet, Place, SERVERS},
    history::{Attempt, Call, Ending, History, Operation},
    load::CALLERS,
    scene::{Cast, Scene},
};

const CANCEL: &str = "mutation X($input: CancelRegistrationInput!) { \
    cancelRegistration(input: $input) { registration { id status } userErrors { code } } }";
const RESIZE: &str = "mutation U($input: UpdateOccurrenceInput!) { \
    updateOccurrence(input: $input) { occurrence { id status } userErrors { code } } }";

/// A server answers a request within 10 s. What is beyond that is for the network and for a busy machine.
const ANSWER: Duration = Duration::from_secs(15);
/// When a caller gives up on a call.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest pause before a call is repeated.
const PAUSE: Duration = Duration::from_millis(100);
/// How long after sending it a rude caller hangs up at the latest: in the middle of whatever is going on.
const RUDE: Duration = Duration::from_millis(15);

/// What a caller holds for one of its members.
struct Held {
    member: usize,
    occurrence: usize,
    registration: String,
}

/// A caller. It speaks for members of its own, and is alone in changing the capacity of some occurrences, so that
/// it knows what it must be told.
pub(crate) struct Caller {
    number: usize,
    fleet: Arc<Fleet>,
    history: Arc<History>,
    cast: Arc<Cast>,
    rude: Arc<AtomicBool>,
    connections: [Option<(Place, Connection)>; SERVERS],
    held: Vec<Held>,
    /// What members may or may not hold: calls whose end was never learned.
    unsure: HashSet<(usize, usize)>,
}

impl Caller {
    /// The caller of this number.
    pub(crate) fn new(number: usize, scene: &Scene) -> Self {
        Self {
            number,
            fleet: Arc::clone(&scene.fleet),
            history: Arc::clone(&scene.history),
            cast: Arc::clone(&scene.cast),
            rude: Arc::clone(&scene.rude),
            connections: Default::default(),
            held: Vec::new(),
            unsure: HashSet::new(),
        }
    }

    /// Does something, anything.
    pub(crate) async fn act(&mut self) -> anyhow::Result<()> {
        match rand::random_range(0..100) {
            0..6 => self.resize().await,
            6..46 if !self.held.is_empty() => self.cancel().await,
            _ => self.register().await,
        }
    }

    async fn register(&mut self) -> anyhow::Result<()> {
        let own = self.cast.population.members.len() / CALLERS;
        let member = rand::random_range(0..own) * CALLERS + self.number;
        let occurrence = rand::random_range(0..self.cast.occurrences.len());
        let join_waitlist = rand::random_bool(0.5);
        let operation = self.pursue(Call::Register { member, occurrence, join_waitlist }).await?;
        let holds = self.held.iter().any(|held| (held.member, held.occurrence) == (member, occurrence));
        let is_unsure = self.unsure.contains(&(member, occurrence));
        let told = match operation.certain().cloned() {
            None => {
                self.unsure.insert((member, occurrence));
                return Ok(());
            }
            Some(Ending::Done { id, .. }) if !holds => {
                self.held.push(Held { member, occurrence, registration: id });
                return Ok(());
            }
            Some(Ending::Refused { code }) => match code.as_str() {
                "ALREADY_REGISTERED" if holds || is_unsure => return Ok(()),
                "SCHEDULE_CONFLICT" if self.may_be_busy(member, occurrence) => return Ok(()),
                "OCCURRENCE_FULL" if !join_waitlist => return Ok(()),
                _ => code,
            },
            Some(other) => format!("{other:?}"),
        };
        self.history.violation(format!(
            "member {member}, who {} a place in occurrence {occurrence}, was told {told}",
            if holds { "holds" } else { "does not hold" }
        ));
        Ok(())
    }

    /// Whether the member may have a seat at the time of an occurrence.
    fn may_be_busy(&self, member: usize, occurrence: usize) -> bool {
        let held = self.held.iter().map(|held| (held.member, held.occurrence));
        held.chain(self.unsure.iter().copied())
            .any(|(other, held)| other == member && Cast::hour(held) == Cast::hour(occurrence))
    }

    async fn cancel(&mut self) -> anyhow::Result<()> {
        let Held { member, occurrence, registration } =
            self.held.swap_remove(rand::random_range(0..self.held.len()));
        let operation = self.pursue(Call::Cancel { member, registration: registration.clone() }).await?;
        // Nobody else cancels it, so that there is never a reason to refuse, whatever became of earlier attempts.
        let refused =
            operation.attempts.iter().find(|attempt| matches!(attempt.ending, Ending::Refused { .. }));
        match (refused, operation.certain()) {
            (None, Some(Ending::Done { id, .. })) if *id == registration => {}
            (None, None) => _ = self.unsure.insert((member, occurrence)),
            (_, certain) => self.history.violation(format!(
                "{}: a cancellation of {registration} was answered with {certain:?} and {refused:?}",
                operation.key
            )),
        }
        Ok(())
    }

    async fn resize(&mut self) -> anyhow::Result<()> {
        let own = self.cast.occurrences.len() / CALLERS;
        let occurrence = rand::random_range(0..own) * CALLERS + self.number;
        let capacity = rand::random_range(4..16);
        let operation = self.pursue(Call::Resize { occurrence, capacity }).await?;
        match operation.certain() {
            None | Some(Ending::Done { .. }) => {}
            Some(Ending::Refused { code }) if code == "CAPACITY_BELOW_REGISTRATIONS" => {}
            Some(other) => {
                self.history.violation(format!("a change of capacity was answered with {other:?}"));
            }
        }
        Ok(())
    }

    /// Makes a call, and repeats it with the same key until its end is certain or patience is over.
    async fn pursue(&mut self, call: Call) -> anyhow::Result<Operation> {
        let key = self.history.fresh_key();
        let request = request(&self.cast, &call, &key);
        let mut operation = Operation { key, call, attempts: Vec::new() };
        let begun = Instant::now();
        let mut server = rand::random_range(0..SERVERS);
        loop {
            let attempt = self.attempt(server, &request).await?;
            let ending = attempt.ending.clone();
            self.history.record(&mut operation, attempt)?;
            match &ending {
                // Some ask again although they know.
                Ending::Done { .. } if operation.attempts.len() < 5 && rand::random_bool(0.05) => {}
                ending if ending.is_certain() => break,
                Ending::Silent => {
                    self.history.violation(format!("{} was not answered within {ANSWER:?}", operation.key));
                }
                Ending::Failed { code } if code != "OUTCOME_UNKNOWN" && !ending.is_harmless() => {
                    self.history.violation(format!("{} failed with {code}", operation.key));
                }
                _ => {}
            }
            // Some believe at once that nothing was changed: the audit sees whether that is true.
            if begun.elapsed() > PATIENCE || ending.is_harmless() && rand::random_bool(0.1) {
                break;
            }
            server = (server + 1) % SERVERS;
            tokio::time::sleep(PAUSE.mul_f64(rand::random_range(0.0..1.0))).await;
        }
        self.history.close(operation.clone());
        Ok(operation)
    }

    async fn attempt(&mut self, server: usize, request: &[u8]) -> anyhow::Result<Attempt> {
        let place = self.fleet.place(server);
        let mut sent = self.history.now();
        let ending = if self.rude.load(Ordering::Relaxed) && rand::random_bool(0.3) {
            vanish(place, request).await.map_or_else(broken, |()| Ending::HungUp)
        } else {
            match timeout(ANSWER, self.ask(server, place, request, &mut sent)).await {
                Ok(Ok(body)) => ending(Outcome::read(&body)?)?,
                Ok(Err(error)) => broken(error),
                Err(_) => Ending::Silent,
            }
        };
        Ok(Attempt { server, generation: place.generation, sent, answered: self.history.now(), ending })
    }

    async fn ask(
        &mut self,
        server: usize,
        place: Place,
        request: &[u8],
        sent: &mut u64,
    ) -> io::Result<Vec<u8>> {
        // Taken out: a connection that does not come back from here is closed.
        let mut connection = match self.connections[server].take() {
            Some((there, connection)) if there == place => connection,
            _ => Connection::open(place.address).await?,
        };
        *sent = self.history.now();
        let body = connection.send(request).await?;
        self.connections[server] = Some((place, connection));
        Ok(body)
    }
}

/// The request of a call.
pub(crate) fn request(cast: &Cast, wanted: &Call, key: &str) -> Vec<u8> {
    let (credentials, document, mut input): (Credentials, &str, Value) = match wanted {
        Call::Register { member, occurrence, join_waitlist } => (
            Population::credentials(&cast.population.members[*member]),
            REGISTER,
            json!({ "occurrenceId": cast.occurrences[*occurrence], "joinWaitlist": join_waitlist }),
        ),
        Call::Cancel { member, registration } => (
            Population::credentials(&cast.population.members[*member]),
            CANCEL,
            json!({ "registrationId": registration }),
        ),
        Call::Resize { occurrence, capacity } => (
            Population::admin(),
            RESIZE,
            json!({ "occurrenceId": cast.occurrences[*occurrence], "capacity": capacity }),
        ),
    };
    input["idempotencyKey"] = key.into();
    credentials.post(&call(document, &input))
}

/// What an answer means.
pub(crate) fn ending(outcome: Outcome) -> anyhow::Result<Ending> {
    Ok(match outcome {
        Outcome::Refused(code) => Ending::Refused { code },
        Outcome::Failed(code) => Ending::Failed { code },
        Outcome::Done(payload) => {
            let object = if payload.get("registration").is_some() { "registration" } else { "occurrence" };
            Ending::Done {
                id: text(&payload, &format!("/{object}/id"))?.to_owned(),
                status: text(&payload, &format!("/{object}/status"))?.to_owned(),
            }
        }
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it is what is left of an attempt")]
fn broken(error: io::Error) -> Ending {
    Ending::Broken { reason: error.to_string() }
}

/// Sends a request, and breaks the connection off while it is worked on.
async fn vanish(place: Place, request: &[u8]) -> io::Result<()> {
    let mut stream = TcpStream::connect(place.address).await?;
    stream.write_all(request).await?;
    tokio::time::sleep(RUDE.mul_f64(rand::random_range(0.0..1.0))).await;
    // The system sends a reset in place of a farewell.
    stream.set_zero_linger()
}
