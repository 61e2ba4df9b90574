//! What members hold already.

use std::collections::HashMap;

use bson::doc;
use convene_application::ports::RegisterRequest;
use convene_domain::duration::LONGEST;

use super::Numbered;
use crate::{
    documents::{
        convert::{date, instant},
        occurrence::OccurrenceDocument,
    },
    error::StorageError,
    registration::document::RegistrationDocument,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// The active registrations that members have for the very occurrences that they ask for.
#[derive(Debug, Default)]
pub(super) struct Held(HashMap<(String, String), RegistrationDocument>);

impl Held {
    /// Looks the calls' registrations up.
    pub(super) async fn load(
        transaction: &mut Transaction<'_>,
        calls: &[Numbered<'_, RegisterRequest>],
    ) -> Result<Self, StorageError> {
        if calls.is_empty() {
            return Ok(Self::default());
        }
        let occurrences: Vec<&str> = calls.iter().map(|call| call.occurrence).collect();
        let members: Vec<String> = calls.iter().map(|call| call.wish.member.to_string()).collect();
        let filter =
            doc! { "occurrence": { "$in": occurrences }, "member": { "$in": members }, "active": true };
        let found: Vec<RegistrationDocument> =
            transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
        Ok(Self(
            found.into_iter().map(|held| ((held.occurrence.clone(), held.member.clone()), held)).collect(),
        ))
    }

    /// Whether the call's member has the occurrence already.
    pub(super) fn has(&self, call: &Numbered<'_, RegisterRequest>) -> bool {
        let key = (call.occurrence.to_owned(), call.wish.member.to_string());
        self.0.contains_key(&key)
    }
}

/// The first seat of each of these members that takes the time of the occurrence, by member.
pub(super) async fn in_the_way(
    transaction: &mut Transaction<'_>,
    occurrence: &OccurrenceDocument,
    members: &[&str],
) -> Result<HashMap<String, RegistrationDocument>, StorageError> {
    // Nothing lasts longer, so what began before that has ended: the search need not go through the years.
    let earliest = date(instant(occurrence.starts_at) - LONGEST);
    let filter = doc! {
        "member": { "$in": members },
        "startsAt": { "$gt": earliest, "$lt": occurrence.ends_at },
        "endsAt": { "$gt": occurrence.starts_at },
        "status": "CONFIRMED",
    };
    let query = Query::from(filter).sorted(doc! { "startsAt": 1 });
    let found: Vec<RegistrationDocument> = transaction.collection(&schema::REGISTRATIONS).find(query).await?;
    let mut first = HashMap::new();
    for registration in found {
        first.entry(registration.member.clone()).or_insert(registration);
    }
    Ok(first)
}
