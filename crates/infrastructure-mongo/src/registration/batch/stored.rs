//! What a batch has to know before it decides.

use std::collections::{BTreeMap, HashMap, HashSet};

use convene_domain::{occurrence::OccurrenceKey, time::Instant};

use super::{Care, Entry, Memory, Wish, births, cancel};
use crate::{
    error::Attempt,
    registration::document::RegistrationDocument,
    registration::seats::{Tallies, Tally},
    transaction::Transaction,
};

/// What is stored of what a batch is about.
pub(super) struct Stored {
    /// The registrations that are to be cancelled.
    pub(super) held: Vec<RegistrationDocument>,
    /// The occurrences.
    pub(super) tallies: Tallies,
    /// What occurrences are called now that were asked for by what they were called once.
    pub(super) became: HashMap<String, String>,
}

impl Stored {
    /// Looks it up. Without care, an occurrence that is remembered to have seats for all is not looked up.
    pub(super) async fn load<'e>(
        transaction: &mut Transaction<'_>,
        entries: impl Iterator<Item = &'e Entry> + Clone + Send,
        memory: &Memory,
        care: Care,
    ) -> Attempt<Self> {
        let held = cancel::find(transaction, entries.clone()).await?;
        let mut wanted: BTreeMap<&str, (OccurrenceKey, Vec<Instant>)> = BTreeMap::new();
        for entry in entries {
            if let Wish::Register(wish) = &entry.wish {
                let (_, asked) = wanted.entry(&entry.occurrence).or_insert((wish.occurrence, Vec::new()));
                asked.push(entry.change.at);
            }
        }
        let of_held: HashSet<&str> =
            held.iter().map(|registration| registration.occurrence.as_str()).collect();
        let mut remembered = Vec::new();
        if care == Care::Little {
            let scope = *transaction.scope();
            wanted.retain(|id, (_, asked)| {
                let found = memory.with_seats(&scope, id, asked).filter(|_| !of_held.contains(id));
                let is_unknown = found.is_none();
                remembered.extend(found);
                is_unknown
            });
        }
        let ids: Vec<&str> = of_held.into_iter().chain(wanted.keys().copied()).collect();
        let mut tallies = Tallies::load(transaction, ids).await?;
        let wanted: Vec<(&str, OccurrenceKey)> = wanted.into_iter().map(|(id, (key, _))| (id, key)).collect();
        let became = births::find(transaction, &mut tallies, &wanted).await?;
        remembered.into_iter().for_each(|occurrence| tallies.insert(Tally::remembered(occurrence)));
        Ok(Self { held, tallies, became })
    }
}
