//! Checks that every acknowledged change is stored once, and every other one completely or not at all.

use std::collections::HashMap;

use anyhow::Context;
use bson::{Document, doc};
use convene_application::limits::CANCELLED_REGISTRATIONS;
use futures::TryStreamExt;

use crate::{
    fixture::{Fixture, TestData},
    history::{AttemptOutcome, Call, Operation},
};

/// A stored registration.
struct Stored {
    id: String,
    member: String,
    occurrence: String,
    status: String,
}

/// The knowledge about the cancellation of a registration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cancelled {
    Possible,
    Certain,
}

/// Compares the operations with the stored documents and returns the number of uncertain registrations without
/// effect.
pub(super) async fn run(fixture: &Fixture, operations: &[Operation]) -> anyhow::Result<usize> {
    let mut stored = registrations(fixture).await?;
    let cancelled = cancellations(operations);
    let mut without_effect = 0;
    for (index, operation) in operations.iter().enumerate() {
        match &operation.call {
            Call::Register { member, occurrence, .. } => {
                let document = stored.remove(&operation.key);
                without_effect += usize::from(operation.certain().is_none() && document.is_none());
                let expected = (
                    fixture.data.population.members[*member].id.as_str(),
                    fixture.data.occurrences[*occurrence].as_str(),
                );
                let cancellation = document.as_ref().and_then(|stored| {
                    let with_occurrence =
                        cancelled_with_occurrence(operation, *occurrence, &operations[index..]);
                    cancelled.get(stored.id.as_str()).copied().max(with_occurrence)
                });
                let Some(document) = document else {
                    if let Some(AttemptOutcome::Done { id, .. }) = operation.certain()
                        && !may_be_deleted(*member, *occurrence, &operations[index + 1..])
                    {
                        let key = &operation.key;
                        fixture.history.violation(format!("{key}: {id} was acknowledged but is not stored"));
                    }
                    continue;
                };
                if let Err(wrong) = compare(operation, &document, expected, cancellation) {
                    fixture.history.violation(format!("{}: {wrong}", operation.key));
                }
            }
            Call::Cancel { .. }
            | Call::Resize { .. }
            | Call::CancelOccurrence { .. }
            | Call::RestoreOccurrence { .. } => {}
        }
    }
    for key in stored.keys() {
        fixture.history.violation(format!("{key} is stored, but was never requested"));
    }
    capacities(fixture, operations).await?;
    statuses(fixture, operations).await?;
    Ok(without_effect)
}

/// All registrations by idempotency key.
async fn registrations(fixture: &Fixture) -> anyhow::Result<HashMap<String, Stored>> {
    let registering = doc! { "operation": "registerForOccurrence" };
    let mut found = fixture.storage.collection("idempotency").find(registering).await?;
    let mut keys = HashMap::new();
    while let Some(used) = found.try_next().await? {
        let registration = used.get_document("result")?.get_str("subject")?.to_owned();
        keys.insert(registration, used.get_document("_id")?.get_str("key")?.to_owned());
    }
    let mut found = fixture.storage.collection("registrations").find(doc! {}).await?;
    let mut stored = HashMap::new();
    while let Some(document) = found.try_next().await? {
        let text = |field: &str| document.get_str(field).map(str::to_owned);
        let key = keys.get(document.get_str("_id")?).context("a registration was stored without its key")?;
        let registration = Stored {
            id: text("_id")?,
            member: text("member")?,
            occurrence: text("occurrence")?,
            status: text("status")?,
        };
        if stored.insert(key.clone(), registration).is_some() {
            fixture.history.violation(format!("{key} is stored twice"));
        }
    }
    Ok(stored)
}

/// The registrations for which a cancellation was requested.
fn cancellations(operations: &[Operation]) -> HashMap<&str, Cancelled> {
    let asked = operations.iter().filter_map(|operation| match &operation.call {
        Call::Cancel { registration, .. } => Some((
            registration.as_str(),
            match operation.certain() {
                Some(AttemptOutcome::Done { .. }) => Cancelled::Certain,
                _ => Cancelled::Possible,
            },
        )),
        _ => None,
    });
    asked.collect()
}

/// The knowledge about the cancellation of a registration with its occurrence by one of the later operations, which
/// are in their order of execution for each occurrence.
fn cancelled_with_occurrence(
    registration: &Operation,
    occurrence: usize,
    later: &[Operation],
) -> Option<Cancelled> {
    let cancellations = later.iter().filter(|other| other.call == Call::CancelOccurrence { occurrence });
    let known = cancellations.filter(|other| !other.changed_nothing()).map(|other| {
        let is_certain = other.certain().is_some() && registration.certain().is_some();
        if is_certain { Cancelled::Certain } else { Cancelled::Possible }
    });
    known.max()
}

/// Returns true if a registration may have been deleted: a member's cancelled registrations for an occurrence are kept up to a
/// number, and each later one was made after the one before it had been cancelled.
fn may_be_deleted(member: usize, occurrence: usize, later: &[Operation]) -> bool {
    let others = later.iter().filter(|other| match other.call {
        Call::Register { member: by, occurrence: for_occurrence, .. } => {
            (by, for_occurrence) == (member, occurrence)
                && !matches!(other.certain(), Some(AttemptOutcome::Refused { .. }))
        }
        _ => false,
    });
    others.count() >= CANCELLED_REGISTRATIONS
}

/// Compares the stored registration with the outcome that the caller knows.
fn compare(
    operation: &Operation,
    stored: &Stored,
    (member, occurrence): (&str, &str),
    cancelled: Option<Cancelled>,
) -> Result<(), String> {
    if (stored.member.as_str(), stored.occurrence.as_str()) != (member, occurrence) {
        return Err(format!("{} belongs to another member or occurrence", stored.id));
    }
    let was_confirmed = match operation.certain() {
        Some(AttemptOutcome::Done { id, .. }) if *id != stored.id => {
            return Err(format!("{id} was acknowledged, but {} is stored", stored.id));
        }
        Some(AttemptOutcome::Done { status, .. }) => status == "CONFIRMED",
        Some(_) => return Err(format!("it was refused, but {} is stored", stored.id)),
        None if operation.attempts.iter().all(|attempt| attempt.outcome.changed_nothing()) => {
            return Err(format!("the answer stated that nothing was changed, but {} is stored", stored.id));
        }
        None => false,
    };
    let fits = match (stored.status.as_str(), cancelled) {
        ("CANCELLED", None) | ("CONFIRMED" | "WAITLISTED", Some(Cancelled::Certain)) => false,
        ("WAITLISTED", _) => !was_confirmed,
        _ => true,
    };
    if fits { Ok(()) } else { Err(format!("{} is {}", stored.id, stored.status)) }
}

/// Checks that each occurrence has its last capacity. Each capacity is changed by one caller only.
async fn capacities(fixture: &Fixture, operations: &[Operation]) -> anyhow::Result<()> {
    let mut possible: HashMap<usize, Vec<usize>> = HashMap::new();
    // In the order in which they ended, which is their order of execution for each occurrence.
    for operation in operations {
        let Call::Resize { occurrence, capacity } = operation.call else { continue };
        let possible = possible.entry(occurrence).or_insert_with(|| vec![TestData::capacity(occurrence)]);
        match operation.certain() {
            Some(AttemptOutcome::Done { .. }) => *possible = vec![capacity],
            Some(_) => {}
            None => possible.push(capacity),
        }
    }
    for (occurrence, id) in fixture.data.occurrences.iter().enumerate() {
        let wanted = doc! { "_id": id };
        let stored: Option<Document> = fixture.storage.collection("occurrences").find_one(wanted).await?;
        let capacity = usize::try_from(stored.context("an occurrence is missing")?.get_i32("capacity")?)?;
        let initial = [TestData::capacity(occurrence)];
        let possible = possible.get(&occurrence).map_or(&initial[..], Vec::as_slice);
        if !possible.contains(&capacity) {
            fixture.history.violation(format!("occurrence {occurrence} has {capacity} seats: {possible:?}"));
        }
    }
    Ok(())
}

/// Checks that each occurrence has the status of its last change. Each status is changed by one caller only.
async fn statuses(fixture: &Fixture, operations: &[Operation]) -> anyhow::Result<()> {
    let mut possible: HashMap<usize, Vec<&str>> = HashMap::new();
    for operation in operations {
        let (occurrence, status) = match operation.call {
            Call::CancelOccurrence { occurrence } => (occurrence, "CANCELLED"),
            Call::RestoreOccurrence { occurrence } => (occurrence, "SCHEDULED"),
            _ => continue,
        };
        let possible = possible.entry(occurrence).or_insert_with(|| vec!["SCHEDULED"]);
        match operation.certain() {
            Some(AttemptOutcome::Done { .. }) => *possible = vec![status],
            Some(_) => {}
            None => possible.push(status),
        }
    }
    for (occurrence, id) in fixture.data.occurrences.iter().enumerate() {
        let stored: Option<Document> =
            fixture.storage.collection("occurrences").find_one(doc! { "_id": id }).await?;
        let stored = stored.context("an occurrence is missing")?;
        let status = stored.get_str("status")?;
        let possible = possible.get(&occurrence).map_or(&["SCHEDULED"][..], Vec::as_slice);
        if !possible.contains(&status) {
            fixture.history.violation(format!("occurrence {occurrence} is {status}: {possible:?}"));
        }
    }
    Ok(())
}
