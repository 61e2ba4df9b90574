//! Every acknowledged change is there once, every other one whole or not at all.

use std::collections::HashMap;

use anyhow::Context;
use bson::{Document, doc};
use futures::TryStreamExt;

use crate::{
    history::{Call, Ending, Operation},
    scene::{CAPACITY, Scene},
};

/// A registration, as it is stored.
struct Stored {
    id: String,
    member: String,
    occurrence: String,
    status: String,
}

/// What became of a registration's cancellation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cancelled {
    Surely,
    Perhaps,
}

/// Compares, and answers with how many open registrations and cancellations had no effect.
pub(super) async fn run(scene: &Scene, operations: &[Operation]) -> anyhow::Result<usize> {
    let mut stored = registrations(scene).await?;
    let cancelled = cancellations(operations);
    let mut absent = 0;
    for operation in operations {
        match &operation.call {
            Call::Register { member, occurrence, .. } => {
                let document = stored.remove(&operation.key);
                absent += usize::from(operation.certain().is_none() && document.is_none());
                let expected = (
                    scene.cast.population.members[*member].id.as_str(),
                    scene.cast.occurrences[*occurrence].as_str(),
                );
                if let Err(wrong) = compare(operation, document.as_ref(), expected, &cancelled) {
                    scene.history.violation(format!("{}: {wrong}", operation.key));
                }
            }
            Call::Cancel { .. } | Call::Resize { .. } => {}
        }
    }
    for key in stored.keys() {
        scene.history.violation(format!("{key} is stored, but nobody asked for it"));
    }
    capacities(scene, operations).await?;
    Ok(absent)
}

/// All registrations by their keys.
async fn registrations(scene: &Scene) -> anyhow::Result<HashMap<String, Stored>> {
    let mut found = scene.storage.collection("registrations").find(doc! {}).await?;
    let mut stored = HashMap::new();
    while let Some(document) = found.try_next().await? {
        let text = |field: &str| document.get_str(field).map(str::to_owned);
        let key = document.get_document("idempotency")?.get_str("key")?.to_owned();
        let registration = Stored {
            id: text("_id")?,
            member: text("member")?,
            occurrence: text("occurrence")?,
            status: text("status")?,
        };
        if stored.insert(key.clone(), registration).is_some() {
            scene.history.violation(format!("{key} is stored twice"));
        }
    }
    Ok(stored)
}

/// The registrations that somebody asked to cancel.
fn cancellations(operations: &[Operation]) -> HashMap<&str, Cancelled> {
    let asked = operations.iter().filter_map(|operation| match &operation.call {
        Call::Cancel { registration, .. } => Some((
            registration.as_str(),
            match operation.certain() {
                Some(Ending::Done { .. }) => Cancelled::Surely,
                _ => Cancelled::Perhaps,
            },
        )),
        Call::Register { .. } | Call::Resize { .. } => None,
    });
    asked.collect()
}

/// Whether what is stored under a key is what its caller knows.
fn compare(
    operation: &Operation,
    stored: Option<&Stored>,
    (member, occurrence): (&str, &str),
    cancelled: &HashMap<&str, Cancelled>,
) -> Result<(), String> {
    let Some(stored) = stored else {
        return match operation.certain() {
            Some(Ending::Done { id, .. }) => Err(format!("{id} was promised and is not there")),
            _ => Ok(()),
        };
    };
    if (stored.member.as_str(), stored.occurrence.as_str()) != (member, occurrence) {
        return Err(format!("{} is another member's, or for another occurrence", stored.id));
    }
    let cancelled = cancelled.get(stored.id.as_str()).copied();
    let was_confirmed = match operation.certain() {
        Some(Ending::Done { id, .. }) if *id != stored.id => {
            return Err(format!("{id} was promised, but {} is there", stored.id));
        }
        Some(Ending::Done { status, .. }) => status == "CONFIRMED",
        Some(_) => return Err(format!("it was refused, but {} is there", stored.id)),
        None if operation.attempts.iter().all(|attempt| attempt.ending.is_harmless()) => {
            return Err(format!("nothing was changed, it was said, but {} is there", stored.id));
        }
        None => false,
    };
    let fits = match (stored.status.as_str(), cancelled) {
        ("CANCELLED", None) | ("CONFIRMED" | "WAITLISTED", Some(Cancelled::Surely)) => false,
        ("WAITLISTED", _) => !was_confirmed,
        _ => true,
    };
    if fits { Ok(()) } else { Err(format!("{} is {}", stored.id, stored.status)) }
}

/// Each occurrence has the capacity that was set last; its changes were made one after the other.
async fn capacities(scene: &Scene, operations: &[Operation]) -> anyhow::Result<()> {
    let mut possible: HashMap<usize, Vec<usize>> = HashMap::new();
    // In the order in which they ended, which for one occurrence is that in which they were made.
    for operation in operations {
        let Call::Resize { occurrence, capacity } = operation.call else { continue };
        let possible = possible.entry(occurrence).or_insert_with(|| vec![CAPACITY]);
        match operation.certain() {
            Some(Ending::Done { .. }) => *possible = vec![capacity],
            Some(_) => {}
            None => possible.push(capacity),
        }
    }
    for (occurrence, id) in scene.cast.occurrences.iter().enumerate() {
        let wanted = doc! { "_id": id };
        let stored: Option<Document> = scene.storage.collection("occurrences").find_one(wanted).await?;
        let capacity = usize::try_from(stored.context("an occurrence is missing")?.get_i32("capacity")?)?;
        let possible = possible.get(&occurrence).map_or(&[CAPACITY][..], Vec::as_slice);
        if !possible.contains(&capacity) {
            scene.history.violation(format!("occurrence {occurrence} has {capacity} seats: {possible:?}"));
        }
    }
    Ok(())
}
