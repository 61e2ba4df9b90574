//! Events whose seats are held.

use std::net::SocketAddr;

use convene_stress::{CREATE_EVENT, Connection, Population, REGISTER, created, text};
use serde_json::json;
use time::{
    PrimitiveDateTime,
    ext::NumericalDuration,
    macros::{datetime, format_description},
};
use tokio::task::JoinSet;

/// The start of all series. It is far in the future, so that no occurrence begins during a run.
const START: PrimitiveDateTime = datetime!(2080-01-01 10:00);
/// The callers that fill an event.
const CONNECTIONS: usize = 16;
/// The occurrences for which one member waits: fewer than the limit of waitlists.
const WAITING: usize = 198;
/// The members who leave, by their number in the population.
pub(crate) const LEAVING: [usize; 2] = [0, 1];

/// The size of a daily event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Series {
    pub(crate) occurrences: usize,
    /// The held seats of all occurrences together.
    pub(crate) seats: usize,
}

/// An event whose seats are held.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) event: String,
    occurrences: Vec<String>,
}

/// A registration: the number of a member and of an occurrence.
type Seat = (usize, usize);

impl Held {
    /// Creates an event, and registers each member for as many occurrences as possible until all seats are held.
    pub(crate) async fn fill(
        address: SocketAddr,
        population: &Population,
        series: Series,
    ) -> anyhow::Result<Self> {
        let held = Self::create(address, series, series.seats.div_ceil(series.occurrences), START).await?;
        let seats = (0..series.seats).map(|seat| (seat / series.occurrences, seat % series.occurrences));
        held.register(address, population, seats.collect()).await?;
        Ok(held)
    }

    /// Creates an event whose occurrences have one seat each. The leaving member holds all of them, and another member
    /// waits for each.
    pub(crate) async fn fill_with_waitlists(
        address: SocketAddr,
        population: &Population,
        series: Series,
        leaving: usize,
    ) -> anyhow::Result<Self> {
        // Members who wait for both events would have overlapping times.
        let start = START + i64::try_from(leaving)?.hours();
        let held = Self::create(address, series, 1, start).await?;
        held.register(address, population, (0..series.occurrences).map(|day| (leaving, day)).collect())
            .await?;
        let waiting = (0..series.occurrences).map(|day| (LEAVING.len() + day / WAITING, day));
        held.register(address, population, waiting.collect()).await?;
        Ok(held)
    }

    async fn create(
        address: SocketAddr,
        series: Series,
        capacity: usize,
        start: PrimitiveDateTime,
    ) -> anyhow::Result<Self> {
        let mut connection = Connection::open(address).await?;
        let input = json!({
            "title": "Held",
            "startsAt": start.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]"))?,
            "duration": "PT1H",
            "capacity": capacity,
            "recurrence": { "frequency": "DAILY", "count": series.occurrences },
        });
        let payload = created(&mut connection, &Population::admin(), CREATE_EVENT, &input).await?;
        let event = text(&payload, "/event/id")?.to_owned();
        let id = |day: usize| {
            let start = start + i64::try_from(day)?.days();
            let start = start.format(format_description!("[year][month][day]T[hour][minute][second]Z"))?;
            anyhow::Ok(format!("{event}_{start}"))
        };
        let occurrences = (0..series.occurrences).map(id).collect::<Result<_, _>>()?;
        Ok(Self { event, occurrences })
    }

    /// Registers members, in the order of the list for each of them.
    async fn register(
        &self,
        address: SocketAddr,
        population: &Population,
        seats: Vec<Seat>,
    ) -> anyhow::Result<()> {
        let mut running = JoinSet::new();
        for part in seats.chunks(seats.len().div_ceil(CONNECTIONS)) {
            let request = |&(member, occurrence): &Seat| {
                let input = json!({ "occurrenceId": self.occurrences[occurrence], "joinWaitlist": true });
                (Population::credentials(&population.members[member]), input)
            };
            let requests: Vec<_> = part.iter().map(request).collect();
            running.spawn(async move {
                let mut connection = Connection::open(address).await?;
                for (member, input) in requests {
                    created(&mut connection, &member, REGISTER, &input).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(ended) = running.join_next().await {
            ended??;
        }
        Ok(())
    }
}
