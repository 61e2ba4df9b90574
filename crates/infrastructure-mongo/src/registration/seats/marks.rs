//! The marks of waitlisted registrations whose members have another seat at that time.
//!
//! A mark is right as long as nobody frees the member's time or moves the occurrence. Whoever frees time writes the agenda and
//! the waitlisted registrations at that time; whoever moves an occurrence writes it and its registrations. So a transaction that
//! marks conflicts with both: by the agenda and the occurrence if it stores the registration, and by the registration otherwise.
//! A mark that is missing is never wrong.

use std::collections::{BTreeSet, VecDeque};

use bson::doc;
use convene_application::pace::Pace;
use convene_domain::{
    id::MemberId,
    occurrence::OccurrenceKey,
    registration::Registration,
    time::{Instant, interval::Interval},
};
use futures::FutureExt;

use super::{
    passed_over::record_as_busy,
    upcoming::{Entered, UpcomingTimes},
};
use crate::{
    documents::read_in_parts,
    error::Attempt,
    registration::document::{RegistrationDocument, WAITLISTED},
    schema,
    scoped::Query,
    transaction::{Preparation, Transaction},
};

/// The number of waitlisted registrations that one transaction reads to mark them, in a fraction of a second.
pub(super) const MARKED_AT_ONCE: usize = 500;

/// A waitlist whose busy members are to be marked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unmarked {
    pub(super) occurrence: OccurrenceKey,
    /// The number of seats that become free: promotions read no further than that many members who can take one.
    pub(super) seats: u32,
    /// The last sequence that was read.
    pub(super) read_to: u64,
}

/// Tests whether members have seats at these times. The transaction MUST write their agendas.
pub(crate) async fn are_busy(
    transaction: &mut Transaction<'_>,
    asked: &[(MemberId, Interval)],
    now: Instant,
) -> Attempt<Vec<bool>> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let members: BTreeSet<MemberId> = asked.iter().map(|(member, _)| *member).collect();
    let times = UpcomingTimes::load(transaction, &members, now).await?;
    Ok(asked.iter().map(|&(member, interval)| times.has(member, interval)).collect())
}

/// Marks the busy members of waitlists before seats become free, in transactions of their own, so that the marks stay even if the
/// seats cannot be freed in time.
pub(super) fn marking(waitlists: VecDeque<Unmarked>, now: Instant) -> Preparation {
    Preparation::new(move |transaction| {
        let waitlists = waitlists.clone();
        async move {
            let rest = mark_some(transaction, waitlists, now).await?;
            Ok((!rest.is_empty()).then(|| marking(rest, now)))
        }
        .boxed()
    })
}

/// Marks busy members among the next [`MARKED_AT_ONCE`] registrations. Returns the waitlists that have further ones.
async fn mark_some(
    transaction: &mut Transaction<'_>,
    mut waitlists: VecDeque<Unmarked>,
    now: Instant,
) -> Attempt<VecDeque<Unmarked>> {
    let mut room = transaction.reduced(MARKED_AT_ONCE);
    let mut pace = Pace::default();
    while let Some(waitlist) = waitlists.front_mut().filter(|_| room > 0) {
        let found = next_unmarked(transaction, *waitlist, room).await?;
        let is_whole = found.len() < room;
        room -= found.len();
        let members: BTreeSet<MemberId> = found.iter().map(|registration| registration.member).collect();
        let mut times = UpcomingTimes::load(transaction, &members, now).await?;
        let mut busy = Vec::new();
        for registration in found {
            pace.steps(1 + times.count(registration.member) / 10).await;
            waitlist.read_to = registration.status.waitlist_sequence().unwrap_or(waitlist.read_to);
            match times.enter(registration.member, registration.interval) {
                Entered::Busy => busy.push(registration.id),
                Entered::Yes => waitlist.seats = waitlist.seats.saturating_sub(1),
                Entered::WithoutRoom => {}
            }
            if waitlist.seats == 0 {
                break;
            }
        }
        if is_whole || waitlist.seats == 0 {
            waitlists.pop_front();
        }
        record_as_busy(transaction, &busy).await?;
    }
    Ok(waitlists)
}

/// Reads the next registrations of a waitlist whose members are not known to be busy.
async fn next_unmarked(
    transaction: &mut Transaction<'_>,
    waitlist: Unmarked,
    limit: usize,
) -> Attempt<Vec<Registration>> {
    let filter = doc! {
        "occurrence": waitlist.occurrence.to_string(),
        "status": WAITLISTED,
        "isBusy": { "$exists": false },
        "waitlistSequence": { "$gt": waitlist.read_to.cast_signed() },
    };
    let query = Query::from(filter).sorted(doc! { "waitlistSequence": 1 });
    let query = query.limited(limit).hinted("waitlist_to_promote");
    let found: Vec<RegistrationDocument> = transaction.collection(&schema::REGISTRATIONS).find(query).await?;
    Ok(read_in_parts(found).await?)
}
