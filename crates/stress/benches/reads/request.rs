//! The measured operations, and their variants.

use anyhow::{Context, bail};
use convene_stress::{Connection, Credentials, REGISTER, call};
use serde_json::{Value, json};

use crate::data::{FROM, TO};

/// A kind of load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The first page of 50 with titles and seat counts.
    Page,
    /// The tenth page.
    Tenth,
    /// The first page with titles only.
    Titles,
    /// The first page of a search.
    Search,
    /// The caller's own registrations.
    Mine,
    /// 90 % reads (70 % pages, 20 % own registrations) and 10 % registrations.
    Mixed,
    /// The first page, while an event changes every second.
    Writes,
    /// The first page, with and without a change of an event by the same caller before each page. Meant for one caller.
    After,
}

/// The program or query that does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    Convene,
    /// A change before each read, which is not measured.
    ConveneAfterWrite,
    /// The query `{ __typename }`, which is the cost of a request without data.
    Typename,
    /// The stored occurrences or registrations, and a second query for their events.
    BareTwo,
    /// The first of these queries.
    BareOne,
}

/// An operation of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Page,
    Tenth,
    Titles,
    Search,
    Mine,
    Register,
    Typename,
}

impl Part {
    pub(crate) const ALL: [Self; 8] = [
        Self::Page,
        Self::Tenth,
        Self::Titles,
        Self::Search,
        Self::Mine,
        Self::Mixed,
        Self::Writes,
        Self::After,
    ];

    pub(crate) fn parse(name: &str) -> anyhow::Result<Self> {
        Self::ALL
            .into_iter()
            .find(|part| part.word() == name)
            .with_context(|| format!("there is no part {name}"))
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Tenth => "tenth",
            Self::Titles => "titles",
            Self::Search => "search",
            Self::Mine => "mine",
            Self::Mixed => "mixed",
            Self::Writes => "writes",
            Self::After => "after",
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Page => "first page of 50 with titles and seat counts",
            Self::Tenth => "tenth page of 50 with titles and seat counts",
            Self::Titles => "first page of 50 with titles only",
            Self::Search => "first page of 50 of a search",
            Self::Mine => "own registrations",
            Self::Mixed => "90 % reads, 10 % registrations",
            Self::Writes => "first page of 50 while an event changes every second",
            Self::After => "first page of 50 after a change of an event",
        }
    }

    pub(crate) fn variants(self) -> Vec<Variant> {
        match self {
            Self::Mixed => vec![Variant::BareTwo, Variant::Convene],
            Self::After => vec![Variant::BareTwo, Variant::Convene, Variant::ConveneAfterWrite],
            _ => vec![Variant::BareTwo, Variant::BareOne, Variant::Typename, Variant::Convene],
        }
    }

    /// The operation of a call with this number.
    pub(crate) fn operation(self, number: usize) -> Operation {
        match self {
            Self::Page | Self::Writes | Self::After => Operation::Page,
            Self::Tenth => Operation::Tenth,
            Self::Titles => Operation::Titles,
            Self::Search => Operation::Search,
            Self::Mine => Operation::Mine,
            Self::Mixed => match number % 10 {
                0 => Operation::Register,
                1 | 5 => Operation::Mine,
                _ => Operation::Page,
            },
        }
    }
}

impl Variant {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Convene => "convene",
            Self::ConveneAfterWrite => "convene, after a change",
            Self::Typename => "convene, `{ __typename }`",
            Self::BareTwo => "bare driver, two queries",
            Self::BareOne => "bare driver, one query",
        }
    }
}

const COUNTS: &str = "nodes { id startsAt endsAt title location capacity registeredCount availableSeats \
    event { id title } } pageInfo { hasNextPage endCursor }";
const TITLES: &str = "nodes { id startsAt title event { title } } pageInfo { hasNextPage endCursor }";
const MINE: &str = "{ viewer { registrations(first: 50) { nodes { id status startsAt occurrence { id title \
    startsAt event { id title } } } pageInfo { hasNextPage endCursor } } } }";

/// The text that the search finds in a tenth of the series.
pub(crate) const SEARCHED: &str = "number 7";

/// The body of a read.
pub(crate) fn body(operation: Operation, tenth: &str) -> Value {
    let page = |fields: &str, after: Option<&str>, search: Option<&str>| {
        let document = format!(
            "query P($from: DateTime!, $to: DateTime!, $after: String, $filter: OccurrenceFilter) {{ \
             occurrences(from: $from, to: $to, first: 50, after: $after, filter: $filter) {{ {fields} }} }}"
        );
        let filter = search.map(|text| json!({ "search": text }));
        json!({ "query": document, "variables": { "from": FROM, "to": TO, "after": after, "filter": filter } })
    };
    match operation {
        Operation::Page => page(COUNTS, None, None),
        Operation::Tenth => page(COUNTS, Some(tenth), None),
        Operation::Titles => page(TITLES, None, None),
        Operation::Search => page(TITLES, None, Some(SEARCHED)),
        Operation::Mine => json!({ "query": MINE }),
        Operation::Typename | Operation::Register => json!({ "query": "{ __typename }" }),
    }
}

/// Sends a read, and fails if it is not answered with data.
pub(crate) async fn read(connection: &mut Connection, request: &[u8]) -> anyhow::Result<usize> {
    let answer = connection.send(request).await?;
    if answer.starts_with(b"{\"data\":{") {
        return Ok(answer.len());
    }
    bail!("a read failed: {}", String::from_utf8_lossy(&answer))
}

/// A registration for an occurrence.
pub(crate) fn register(credentials: &Credentials, occurrence: &str) -> Vec<u8> {
    credentials.post(&call(REGISTER, &json!({ "occurrenceId": occurrence })))
}
