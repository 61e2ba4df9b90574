//! The registrations that members already have.

use std::collections::{HashMap, HashSet};

use bson::doc;
use convene_domain::{
    duration::LONGEST_ELAPSED, id::MemberId, occurrence::OccurrenceKey, registration::Registration,
};

use super::Registering;
use crate::{
    documents::{
        convert::{date, instant},
        ids::texts,
        occurrence::OccurrenceDocument,
        read_all,
    },
    error::Attempt,
    registration::document::{CONFIRMED, RegistrationDocument},
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// Active registrations of members for the occurrences that they ask for.
#[derive(Debug, Default)]
pub(super) struct Held(HashMap<(OccurrenceKey, MemberId), Registration>);

impl Held {
    pub(super) async fn load(
        transaction: &mut Transaction<'_>,
        registrations: &[Registering<'_>],
    ) -> Attempt<Self> {
        if registrations.is_empty() {
            return Ok(Self::default());
        }
        let occurrences: HashSet<OccurrenceKey> =
            registrations.iter().map(|registering| registering.request.occurrence).collect();
        let occurrences = texts(&occurrences);
        let members: Vec<String> =
            registrations.iter().map(|registering| registering.request.member.to_string()).collect();
        let filter =
            doc! { "occurrence": { "$in": occurrences }, "member": { "$in": members }, "active": true };
        let found: Vec<RegistrationDocument> =
            transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
        let held: Vec<Registration> = read_all(found)?;
        Ok(Self(held.into_iter().map(|held| ((held.occurrence, held.member), held)).collect()))
    }

    /// Tests whether the member already has a registration for the occurrence.
    pub(super) fn has(&self, registering: &Registering<'_>) -> bool {
        self.0.contains_key(&(registering.request.occurrence, registering.request.member))
    }

    /// Tests whether the member waits for the occurrence.
    pub(super) fn is_waiting(&self, registering: &Registering<'_>) -> bool {
        let held = self.0.get(&(registering.request.occurrence, registering.request.member));
        held.is_some_and(|held| held.status.waitlist_sequence().is_some())
    }

    /// Takes the registration of a member who waits for the occurrence.
    pub(super) fn take(&mut self, registering: &Registering<'_>) -> Option<Registration> {
        self.0.remove(&(registering.request.occurrence, registering.request.member))
    }
}

/// Finds the first confirmed registration of each member that overlaps the occurrence.
pub(super) async fn conflicting(
    transaction: &mut Transaction<'_>,
    occurrence: &OccurrenceDocument,
    members: impl Iterator<Item = MemberId>,
) -> Attempt<HashMap<MemberId, Registration>> {
    // Nothing lasts longer, so registrations that began before have ended: this bounds the search in the index.
    let earliest = date(instant(occurrence.starts_at) - LONGEST_ELAPSED);
    let filter = doc! {
        "member": { "$in": members.map(|member| member.to_string()).collect::<Vec<_>>() },
        "startsAt": { "$gt": earliest, "$lt": occurrence.ends_at },
        "endsAt": { "$gt": occurrence.starts_at },
        "status": CONFIRMED,
    };
    let query = Query::from(filter).sorted(doc! { "startsAt": 1 });
    let found: Vec<RegistrationDocument> = transaction.collection(&schema::REGISTRATIONS).find(query).await?;
    let mut first = HashMap::new();
    for document in found {
        let registration = Registration::try_from(document)?;
        first.entry(registration.member).or_insert(registration);
    }
    Ok(first)
}
