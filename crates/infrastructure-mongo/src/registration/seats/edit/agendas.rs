//! The agendas of the members whose seats move.

use std::collections::{BTreeSet, HashSet};

use bson::doc;
use convene_application::{change::Change, pace::Pace};
use convene_domain::{
    id::MemberId, occurrence::OccurrenceKey, overlap::conflicting_moves, registration::Registration,
    time::interval::Interval,
};

use super::{CHUNK, Effects, FreedTime, Weighted, expect, update_in_commands};
use crate::{
    documents::{
        agenda::{AgendaDocument, BusyDocument},
        convert::{Fields, date, instant},
        ids::texts,
    },
    error::Attempt,
    schema,
    scoped::UpdateStatement,
    transaction::Transaction,
};

/// The number of times of an agenda that take the effort of one document of ordinary size.
const TIMES_PER_DOCUMENT: usize = 20;

/// The effects of moved occurrences on the agendas of their members.
///
/// An agenda is written once, with all of its moves: written one after the other, they could conflict with each other.
#[derive(Debug, Default)]
pub(super) struct Moves {
    agendas: Vec<AgendaDocument>,
    /// The seats that would overlap another seat of the same member.
    conflicts: HashSet<(OccurrenceKey, MemberId)>,
    /// The seats of these members that the edit cancels, which leave the agendas with it.
    cancelled: Vec<(MemberId, Interval)>,
}

impl Moves {
    /// Computes the new agendas and the conflicts.
    pub(super) async fn plan(
        transaction: &mut Transaction<'_>,
        effects: &Effects<'_>,
        registrations: &[Registration],
    ) -> Attempt<Self> {
        let mut moves = Self::default();
        let members: BTreeSet<MemberId> = registrations
            .iter()
            .filter(|registration| registration.is_seat() && effects.moved(registration.occurrence).is_some())
            .map(|registration| registration.member)
            .collect();
        let ids = texts(&members);
        let mut pace = Pace::default();
        for chunk in ids.chunks(CHUNK) {
            let filter = doc! { "_id": { "$in": chunk } };
            let agendas: Vec<AgendaDocument> = transaction.collection(&schema::AGENDAS).find(filter).await?;
            for agenda in agendas {
                pace.steps(1 + agenda.busy.len()).await;
                moves.plan_one(agenda, effects)?;
            }
        }
        Ok(moves)
    }

    fn plan_one(&mut self, mut agenda: AgendaDocument, effects: &Effects<'_>) -> Attempt<()> {
        let fields = Fields::of(&schema::AGENDAS, &agenda.id);
        let member = fields.read("_id", MemberId::parse(&agenda.id))?;
        let (mut times, mut seats) = (Vec::new(), Vec::new());
        for busy in std::mem::take(&mut agenda.busy) {
            let key = fields.read("busy.occurrence", OccurrenceKey::parse(&busy.occurrence))?;
            let interval = Interval::new(instant(busy.starts_at), instant(busy.ends_at));
            let before = fields.read("busy.endsAt", interval)?;
            match effects.moved(key) {
                Some(after) => {
                    seats.push((key, before, after.interval));
                    times.push((
                        key,
                        BusyDocument {
                            starts_at: date(after.interval.start()),
                            ends_at: date(after.interval.end()),
                            occurrence: after.key.to_string(),
                            batch: busy.batch,
                        },
                    ));
                }
                None if effects.cancellation_reason(key).is_none() => {
                    seats.push((key, before, before));
                    times.push((key, busy));
                }
                None => self.cancelled.push((member, before)),
            }
        }
        let conflicting: HashSet<OccurrenceKey> = conflicting_moves(seats).into_iter().collect();
        times.retain(|(key, _)| !conflicting.contains(key));
        times.sort_by_key(|(_, busy)| busy.starts_at);
        agenda.busy = times.into_iter().map(|(_, busy)| busy).collect();
        self.conflicts.extend(conflicting.into_iter().map(|key| (key, member)));
        self.agendas.push(agenda);
        Ok(())
    }

    /// Tests whether this seat would overlap another seat of its member.
    pub(super) fn conflicts(&self, registration: &Registration) -> bool {
        registration.is_seat() && self.conflicts.contains(&(registration.occurrence, registration.member))
    }

    /// The time that members no longer have in their agendas, although a job cancels their registrations later.
    pub(super) fn freed_before_job<'c>(
        &self,
        cause: &'c Change,
    ) -> impl Iterator<Item = FreedTime<'c>> + use<'c, '_> {
        self.cancelled.iter().map(move |&(member, interval)| FreedTime { member, interval, cause })
    }

    /// Stores the agendas.
    pub(super) async fn write(&self, transaction: &mut Transaction<'_>) -> Attempt<()> {
        let mut statements = Vec::with_capacity(self.agendas.len());
        let mut pace = Pace::default();
        for agenda in &self.agendas {
            pace.steps(1 + agenda.busy.len()).await;
            let statement = UpdateStatement {
                filter: doc! { "_id": &agenda.id },
                update: doc! { "$set": { "busy": bson::serialize_to_bson(&agenda.busy)? } }.into(),
                many: false,
            };
            statements.push(Weighted { effort: 1 + agenda.busy.len() / TIMES_PER_DOCUMENT, statement });
        }
        let matched = update_in_commands(transaction, &schema::AGENDAS, statements).await?;
        expect(matched, self.agendas.len(), "agendas")
    }
}
