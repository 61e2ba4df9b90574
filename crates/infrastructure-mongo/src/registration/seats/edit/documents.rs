//! The edited occurrences themselves.

use bson::doc;
use convene_application::editing::OccurrenceStep;
use convene_domain::occurrence::OccurrenceStatus;

use super::{OccurrencesEdit, Tallies};
use crate::{documents::occurrence::OccurrenceDocument, error::Attempt, schema, transaction::Transaction};

/// Occurrences that are stored anew, in place of what they were.
#[derive(Debug, Default)]
pub(super) struct Rewrite {
    former: Vec<String>,
    occurrences: Vec<OccurrenceDocument>,
}

impl Rewrite {
    /// What the edit makes of the occurrences, whose counts the tallies have.
    pub(super) fn of(
        edit: &OccurrencesEdit<'_>,
        tallies: &mut Tallies,
        transaction: &Transaction<'_>,
    ) -> Attempt<Self> {
        let mut rewrite = Self::default();
        for step in edit.steps {
            let former = step.before().key.to_string();
            let before = &tallies.of(&former)?.occurrence;
            rewrite.occurrences.push(match step {
                OccurrenceStep::Become { after, .. } => {
                    before.edited(after, edit.policy, edit.revision, transaction.random())
                }
                OccurrenceStep::Drop(_) => OccurrenceDocument {
                    status: OccurrenceStatus::Cancelled.as_str().to_owned(),
                    version: before.version.saturating_add(1),
                    edition: Some(transaction.random()),
                    // It is no exception of a series that does not have it.
                    exception: None,
                    revision: Some(edit.revision),
                    ..before.clone()
                },
            });
            rewrite.former.push(former);
        }
        Ok(rewrite)
    }

    /// Stores them, and answers with those that can be given to who waits. All of the former ones go first, because one may
    /// get the id that another had.
    pub(super) async fn write(self, transaction: &mut Transaction<'_>) -> Attempt<Vec<OccurrenceDocument>> {
        let filter = doc! { "_id": { "$in": &self.former } };
        transaction.collection(&schema::OCCURRENCES).delete_many(filter).await?;
        transaction.collection(&schema::OCCURRENCES).insert_all(&self.occurrences).await?;
        let has_both = |occurrence: &OccurrenceDocument| occurrence.waiting > 0 && occurrence.free() > 0;
        Ok(self.occurrences.into_iter().filter(has_both).collect())
    }
}
