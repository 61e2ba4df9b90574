//! The agendas of those whose seats move.

use std::collections::{BTreeSet, HashSet};

use bson::doc;

use super::{CHUNK, Fates, expect};
use crate::{
    documents::{
        agenda::{AgendaDocument, BusyDocument},
        convert::date,
    },
    error::Attempt,
    registration::document::RegistrationDocument,
    schema,
    scoped::UpdateStatement,
    transaction::Transaction,
};

/// What moving occurrences does to the agendas of those who hold seats in them.
///
/// An agenda is written once, with all of its moves: one after the other they could clash with each other on the way.
#[derive(Debug, Default)]
pub(super) struct Moves {
    agendas: Vec<AgendaDocument>,
    /// Who can't keep which occurrence.
    clashes: HashSet<(String, String)>,
}

impl Moves {
    /// Finds out what the agendas will be, and who would be at two places at once.
    pub(super) async fn plan(
        transaction: &mut Transaction<'_>,
        fates: &Fates<'_>,
        held: &[RegistrationDocument],
    ) -> Attempt<Self> {
        let mut moves = Self::default();
        let movers: BTreeSet<&str> = held
            .iter()
            .filter(|registration| {
                registration.is_confirmed() && fates.moved(&registration.occurrence).is_some()
            })
            .map(|registration| registration.member.as_str())
            .collect();
        let movers: Vec<&str> = movers.into_iter().collect();
        for chunk in movers.chunks(CHUNK) {
            let filter = doc! { "_id": { "$in": chunk } };
            let agendas: Vec<AgendaDocument> = transaction.collection(&schema::AGENDAS).find(filter).await?;
            agendas.into_iter().for_each(|agenda| moves.plan_one(agenda, fates));
        }
        Ok(moves)
    }

    fn plan_one(&mut self, mut agenda: AgendaDocument, fates: &Fates<'_>) {
        let (mut moving, mut staying) = (Vec::new(), Vec::new());
        for entry in std::mem::take(&mut agenda.busy) {
            match fates.moved(&entry.occurrence) {
                Some(after) => moving.push((
                    entry.occurrence,
                    BusyDocument {
                        starts_at: date(after.interval.start()),
                        ends_at: date(after.interval.end()),
                        occurrence: after.key.to_string(),
                        batch: entry.batch,
                    },
                )),
                None if fates.is_over(&entry.occurrence) => {}
                None => staying.push(entry),
            }
        }
        // What does not move has the older right; of what moves, what comes first.
        moving.sort_by_key(|(_, entry)| entry.starts_at);
        for (former, entry) in moving {
            if staying.iter().any(|other| other.overlaps(entry.starts_at, entry.ends_at)) {
                self.clashes.insert((agenda.id.clone(), former));
            } else {
                staying.push(entry);
            }
        }
        staying.sort_by_key(|entry| entry.starts_at);
        agenda.busy = staying;
        self.agendas.push(agenda);
    }

    /// Whether the holder of this seat would be at two places at once.
    pub(super) fn clash(&self, registration: &RegistrationDocument) -> bool {
        registration.is_confirmed()
            && self.clashes.contains(&(registration.member.clone(), registration.occurrence.clone()))
    }

    /// Stores the agendas.
    pub(super) async fn write(&self, transaction: &mut Transaction<'_>) -> Attempt<()> {
        for chunk in self.agendas.chunks(CHUNK) {
            let statements = chunk
                .iter()
                .map(|agenda| {
                    Ok(UpdateStatement {
                        filter: doc! { "_id": &agenda.id },
                        update: doc! { "$set": { "busy": bson::serialize_to_bson(&agenda.busy)? } }.into(),
                        many: false,
                    })
                })
                .collect::<Result<_, bson::error::Error>>()?;
            let updated = transaction.collection(&schema::AGENDAS).update_in_order(statements).await?;
            expect(updated.matched, chunk.len(), "agendas")?;
        }
        Ok(())
    }
}
