//! Agendas that are read before seats are entered into them, so that one statement enters all seats of a member.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bson::{Document, doc};
use convene_application::{pace::Pace, registration::refusals::may_have_seat};
use convene_domain::{
    id::MemberId,
    occurrence::OccurrenceKey,
    time::{Instant, interval::Interval},
};

use super::{
    CHUNK, Occurrences,
    agenda::{seat_time, with_times},
    commands::{Weighted, update_in_commands},
    occurrence::expect,
};
use crate::{
    documents::{agenda::AgendaDocument, convert::Fields, ids::texts},
    error::Attempt,
    schema,
    scoped::UpdateStatement,
    transaction::Transaction,
};

/// The result of entering a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entered {
    Yes,
    /// The member has another seat at that time.
    Busy,
    /// The agenda is full, or the member has none.
    WithoutRoom,
}

/// The upcoming times of members.
pub(super) struct UpcomingTimes {
    times: HashMap<MemberId, Vec<Interval>>,
    now: Instant,
    /// False in negative controls.
    is_guarded: bool,
}

impl UpcomingTimes {
    /// Reads the agendas of these members. Those who left the organization have none.
    pub(super) async fn load(
        transaction: &mut Transaction<'_>,
        members: &BTreeSet<MemberId>,
        now: Instant,
    ) -> Attempt<Self> {
        let mut times = HashMap::new();
        let mut pace = Pace::default();
        let ids = texts(members);
        for chunk in ids.chunks(CHUNK) {
            let filter = doc! { "_id": { "$in": chunk } };
            let found: Vec<AgendaDocument> = transaction.collection(&schema::AGENDAS).find(filter).await?;
            for agenda in found {
                pace.steps(1 + agenda.busy.len()).await;
                let fields = Fields::of(&schema::AGENDAS, &agenda.id);
                let member = fields.read("_id", MemberId::parse(&agenda.id))?;
                times.insert(member, agenda.intervals()?);
            }
        }
        Ok(Self { times, now, is_guarded: transaction.guards().agenda })
    }

    /// The number of upcoming times of a member.
    pub(super) fn count(&self, member: MemberId) -> usize {
        self.times.get(&member).map_or(0, Vec::len)
    }

    /// Tests whether a member has a seat at this time.
    pub(super) fn has(&self, member: MemberId, time: Interval) -> bool {
        self.times.get(&member).is_some_and(|busy| busy.iter().any(|interval| interval.overlaps(&time)))
    }

    /// Enters a seat if the member is free and has room.
    pub(super) fn enter(&mut self, member: MemberId, seat: Interval) -> Entered {
        if self.is_guarded && self.has(member, seat) {
            return Entered::Busy;
        }
        let Some(busy) = self.times.get_mut(&member) else { return Entered::WithoutRoom };
        if self.is_guarded && !may_have_seat(busy.iter().copied(), self.now) {
            return Entered::WithoutRoom;
        }
        busy.push(seat);
        Entered::Yes
    }

    /// Stores the entered seats, with one statement for all members who have the same ones.
    pub(super) async fn write(
        &self,
        transaction: &mut Transaction<'_>,
        occurrences: &Occurrences,
        entered: BTreeMap<MemberId, BTreeSet<OccurrenceKey>>,
    ) -> Attempt<()> {
        let count = entered.len();
        let mark = transaction.random();
        let mut statements = Vec::new();
        for (seats, members) in by_seats(entered) {
            let documents = seats.iter().filter_map(|&key| occurrences.get(key));
            let new: Vec<Document> = documents.map(|seats| seat_time(&seats.document, mark)).collect();
            let times = with_times(doc! { "$literal": new }, self.now);
            for members in members.chunks(CHUNK) {
                let ids = texts(members);
                let statement = UpdateStatement {
                    filter: doc! { "_id": { "$in": ids } },
                    update: vec![doc! { "$set": { "busy": times.clone() } }].into(),
                    many: true,
                };
                statements.push(Weighted { effort: members.len(), statement });
            }
        }
        let matched = update_in_commands(transaction, &schema::AGENDAS, statements).await?;
        expect(matched, count, "agendas")
    }
}

/// Groups members by their seats.
pub(super) fn by_seats(
    seats: BTreeMap<MemberId, BTreeSet<OccurrenceKey>>,
) -> BTreeMap<BTreeSet<OccurrenceKey>, Vec<MemberId>> {
    let mut groups: BTreeMap<BTreeSet<OccurrenceKey>, Vec<MemberId>> = BTreeMap::new();
    for (member, seats) in seats {
        groups.entry(seats).or_default().push(member);
    }
    groups
}
