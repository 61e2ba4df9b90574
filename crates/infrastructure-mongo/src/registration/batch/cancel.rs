//! The cancellations of a batch, and the promotions that they make possible.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bson::doc;
use convene_application::{
    change::Change, failure::Refusal, limits::WAITLIST_LENGTH, ports::Cancelled, registration::refusals,
};
use convene_domain::{id::RegistrationId, occurrence::OccurrenceKey, registration::Registration};

use super::{BatchState, Cancellation};
use crate::{
    documents::read_in_parts,
    error::Attempt,
    registration::{
        document::RegistrationDocument,
        seats::{Cancelling, Freed, FreedTime, Occurrences, cancel, is_read_at_once, promote, promote_freed},
    },
    schema,
    transaction::Transaction,
};

/// Reads the registrations that are to be cancelled.
pub(super) async fn find(
    transaction: &mut Transaction<'_>,
    cancellations: &[Cancellation<'_>],
) -> Attempt<Vec<Registration>> {
    if cancellations.is_empty() {
        return Ok(Vec::new());
    }
    let ids = cancellations.iter().map(|cancellation| cancellation.request.registration.to_string());
    let filter = doc! { "_id": { "$in": ids.collect::<Vec<_>>() } };
    let found: Vec<RegistrationDocument> =
        transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
    Ok(read_in_parts(found).await?)
}

/// Tests whether the promotions after these cancellations read too many waitlisted registrations for one transaction. A single
/// cancellation never does.
pub(super) async fn are_too_many(
    transaction: &mut Transaction<'_>,
    cancellations: &[Cancellation<'_>],
    to_cancel: &[Registration],
    occurrences: &Occurrences,
) -> Attempt<bool> {
    let Some(first) = cancellations.first().filter(|_| cancellations.len() > 1) else { return Ok(false) };
    let freed: Vec<FreedTime<'_>> =
        to_cancel.iter().filter_map(|registration| FreedTime::of(registration, first.change)).collect();
    let seats = to_cancel.iter().filter(|registration| registration.is_seat());
    let with_free_seats: BTreeSet<OccurrenceKey> =
        seats.map(|registration| registration.occurrence).collect();
    let waiting = |key: &OccurrenceKey| occurrences.get(*key).map_or(0, |seats| seats.document.waiting());
    let waitlisted: usize = with_free_seats.iter().map(waiting).sum();
    Ok(with_free_seats.len() > 1 && waitlisted > WAITLIST_LENGTH
        || !is_read_at_once(transaction, &freed).await?)
}

/// Cancels the registrations that can be cancelled, and promotes waitlisted members to the free seats.
pub(super) async fn run<'a>(
    state: &mut BatchState,
    transaction: &mut Transaction<'_>,
    cancellations: &[Cancellation<'a>],
    found: Vec<Registration>,
) -> Attempt<()> {
    let mut found: HashMap<RegistrationId, Registration> =
        found.into_iter().map(|registration| (registration.id, registration)).collect();
    let (mut accepted, mut cancellings, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for &cancellation in cancellations {
        let found = found.get_mut(&cancellation.request.registration);
        match decide(state, cancellation, found.as_deref())? {
            Ok(cancelling) => {
                // A second request, which named the occurrence by another id, is decided after this one.
                if let Some(registration) = found {
                    *registration = registration.cancelled(cancellation.change.at, cancelling.reason);
                }
                accepted.push(cancellation);
                cancellings.push(cancelling);
            }
            Err(refusal) => refused.push((cancellation, refusal)),
        }
    }
    refuse(state, transaction, refused).await?;
    let freed_times: Vec<FreedTime<'_>> = cancellings
        .iter()
        .filter_map(|cancelling| FreedTime::of(&cancelling.registration, cancelling.change))
        .collect();
    let mut freed: BTreeMap<OccurrenceKey, Vec<Cancellation<'a>>> = BTreeMap::new();
    for (cancellation, cancelling) in accepted.iter().zip(&cancellings) {
        if cancelling.registration.is_seat() {
            freed.entry(cancelling.registration.occurrence).or_default().push(*cancellation);
        }
    }
    let cancelled = cancel(transaction, &mut state.occurrences, cancellings).await?;
    let causes = |cancellations: &[Cancellation<'a>]| {
        cancellations.iter().map(|cancellation| cancellation.change).collect::<Vec<&'a Change>>()
    };
    let by_occurrence = freed
        .iter()
        .map(|(&occurrence, cancellations)| {
            let causes = causes(cancellations);
            Freed { occurrence, causes, is_moved: false }
        })
        .collect();
    let mut confirmed = promote(transaction, &mut state.occurrences, by_occurrence).await?;
    promote_freed(transaction, &mut state.occurrences, freed_times).await?;
    let mut promoted: HashMap<usize, Registration> = HashMap::new();
    for (occurrence, cancellations) in freed {
        let confirmed = confirmed.remove(&occurrence).unwrap_or_default();
        promoted.extend(cancellations.iter().map(|cancellation| cancellation.number).zip(confirmed));
    }
    for (cancellation, registration) in accepted.iter().zip(cancelled) {
        let cancelled = Cancelled { registration, promoted: promoted.remove(&cancellation.number) };
        state.keys.record_cancellation(transaction, cancellation.change, &cancelled);
        state.decide_cancellation(cancellation.number, Ok(cancelled));
    }
    Ok(())
}

/// Refuses cancellations. Their keys are looked up first, because a repeat looks like a second cancellation.
async fn refuse(
    state: &mut BatchState,
    transaction: &mut Transaction<'_>,
    refused: Vec<(Cancellation<'_>, Refusal)>,
) -> Attempt<()> {
    let changes = refused.iter().map(|(cancellation, _)| cancellation.change);
    state.keys.load(transaction, changes).await?;
    for (cancellation, refusal) in refused {
        let decision = state.keys.cancellation(transaction, cancellation.change)?;
        state.decide_cancellation(cancellation.number, decision.unwrap_or(Err(refusal)));
    }
    Ok(())
}

fn decide<'b>(
    state: &mut BatchState,
    cancellation: Cancellation<'b>,
    found: Option<&Registration>,
) -> Attempt<Result<Cancelling<'b>, Refusal>> {
    let Some(registration) = found else { return Ok(Err(refusals::not_found())) };
    let Cancellation { change, request, .. } = cancellation;
    // A repeated cancellation must not depend on the occurrence, which may be gone.
    if let Err(refusal) = request.reason(registration) {
        return Ok(Err(refusal));
    }
    let seating = state.occurrences.of(registration.occurrence)?.document.seating()?;
    let decided = request.decide(registration, seating, change.at);
    Ok(decided.map(|reason| Cancelling { registration: registration.clone(), reason, change }))
}
