//! The documents of edited occurrences.

use std::collections::{HashMap, HashSet};

use bson::doc;
use convene_application::{
    editing::{OccurrenceStep, Successor},
    large::Large,
    pace::Pace,
};
use convene_domain::{
    id::{EventId, JobId},
    occurrence::{Occurrence, OccurrenceKey},
};

use super::{CHUNK, Occurrences, OccurrencesEdit, results};
use crate::{
    documents::occurrence::{ClosingDocument, OccurrenceDocument},
    error::Attempt,
    schema,
    transaction::Transaction,
};

/// The steps of the edit of a document.
const STEPS_PER_DOCUMENT: usize = 10;

/// Occurrences that replace their former documents.
#[derive(Debug, Default)]
pub(super) struct Rewrite {
    former: Vec<String>,
    /// The keys of exceptions among them.
    exceptions: Vec<OccurrenceKey>,
    /// The ids among them that their occurrences leave.
    vacated: HashSet<String>,
    /// The successors of the occurrences that leave theirs, by the event that these belong to before the edit.
    successors: HashMap<EventId, HashMap<OccurrenceKey, Successor>>,
    occurrences: Vec<OccurrenceDocument>,
}

impl Rewrite {
    /// Applies the edit to the loaded occurrences, which have the current counters. Those whose registrations the job must
    /// cancel name it.
    pub(super) async fn of(
        edit: &OccurrencesEdit<'_>,
        job: Option<JobId>,
        occurrences: &mut Occurrences,
        transaction: &mut Transaction<'_>,
    ) -> Attempt<Self> {
        let mut rewrite = Self::default();
        let mut of_rewritten = Vec::with_capacity(edit.size());
        let mut pace = Pace::default();
        for (event, step) in edit.steps_of_events() {
            pace.steps(STEPS_PER_DOCUMENT).await;
            let before = &occurrences.of(step.before().key)?.document;
            rewrite.former.push(before.id.clone());
            let is_gone = matches!(step, OccurrenceStep::Replace(_));
            let is_vacated = is_gone || step.after().key.to_string() != before.id;
            if before.revision.is_some() && is_vacated {
                rewrite.exceptions.push(step.before().key);
            }
            if is_gone {
                let before = step.before();
                let last = if before.is_dropped() { before.clone() } else { step.after() };
                let last = Occurrence::stored(event, &last);
                rewrite.is_succeeded(before.key, Successor::None(Box::new(last)));
                continue;
            }
            if is_vacated {
                rewrite.vacated.insert(before.id.clone());
            }
            let mut edited = before.edited(&step.after(), &event.policy, edit.revision, transaction.random());
            if let (Some(job), Some(reason)) = (job, step.cancellation_reason())
                && !before.is_empty()
            {
                let reason = reason.as_str().to_owned();
                edited.closing = Some(ClosingDocument { job: job.to_string(), reason });
            }
            if is_vacated {
                rewrite.is_succeeded(step.before().key, Successor::Occurrence(step.after().key));
            }
            of_rewritten.push(before.id.clone());
            rewrite.occurrences.push(edited);
        }
        // A former id means the occurrence that had it last.
        for (before, occurrence) in of_rewritten.iter().zip(&mut rewrite.occurrences) {
            pace.steps(1 + occurrence.former_ids.len() / 10).await;
            occurrence.former_ids.retain(|id| id == before || !rewrite.vacated.contains(id));
        }
        Ok(rewrite)
    }

    fn is_succeeded(&mut self, occurrence: OccurrenceKey, successor: Successor) {
        let of_event = self.successors.entry(occurrence.event).or_default();
        of_event.insert(occurrence, successor);
    }

    /// Stores the occurrences; returns those with a waitlist and a free seat. All former documents are deleted first,
    /// because one occurrence may get the id of another.
    pub(super) async fn write(self, transaction: &mut Transaction<'_>) -> Attempt<Vec<OccurrenceDocument>> {
        for former in self.former.chunks(CHUNK) {
            let filter = doc! { "_id": { "$in": former } };
            transaction.collection(&schema::OCCURRENCES).delete_many(filter).await?;
        }
        let vacated = Vec::from_iter(self.vacated);
        for vacated in vacated.chunks(CHUNK) {
            let others = doc! { "formerIds": { "$in": vacated } };
            let forget = doc! { "$pull": { "formerIds": { "$in": vacated } } };
            transaction.collection(&schema::OCCURRENCES).update_many(others, forget).await?;
        }
        for (event, successors) in &self.successors {
            results::follow(transaction, *event, successors).await?;
        }
        transaction.removed_exceptions(self.exceptions);
        transaction.collection(&schema::OCCURRENCES).insert_all(&self.occurrences).await?;
        let has_both = |occurrence: &&OccurrenceDocument| {
            occurrence.waiting > 0 && occurrence.free() > 0 && occurrence.closing.is_none()
        };
        let occurrences = Large::from(self.occurrences);
        Ok(occurrences.iter().filter(has_both).cloned().collect())
    }
}
