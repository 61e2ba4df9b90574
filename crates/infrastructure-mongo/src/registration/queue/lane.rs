use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
    time::Duration,
};

use convene_domain::{
    id::{MemberId, RegistrationId},
    occurrence::OccurrenceKey,
};
use tokio::time::Instant;

/// The number of requests of one member that may wait.
pub const MAX_REQUESTS_PER_MEMBER: usize = 256;
/// The time for which a batch may grow while another one is in flight. One that takes longer is blocked by something else.
const MAX_BATCH_WAIT: Duration = Duration::from_millis(30);

/// Fewer requests than these are not divided between batches: two batches of half the size would cost more than they
/// gain by running side by side.
const MIN_SPLIT_SIZE: usize = 24;

/// The largest batch while requests of several organizations arrive. A larger one would keep the database busy for longer
/// than a batch of a small organization takes (ADR 4).
const MAX_SHARED_BATCH: usize = 24;

/// The limits of the batches of an organization.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchLimits {
    /// The number of batches in flight.
    pub(super) at_once: NonZeroUsize,
    /// The number of requests of a batch.
    pub(super) size: NonZeroUsize,
    /// Requests of other organizations arrive, too.
    pub(super) is_shared: bool,
}

impl BatchLimits {
    fn size(self) -> usize {
        if self.is_shared { self.size.get().min(MAX_SHARED_BATCH) } else { self.size.get() }
    }
}

/// The object that a request is about. Two batches in flight never share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::registration) enum LaneKey {
    /// The occurrence, as the caller names it.
    Occurrence(OccurrenceKey),
    /// A registration that was not found: its cancellation still has to look for its idempotency key.
    UnknownRegistration(RegistrationId),
}

/// The objects that a request may change: the member's agenda, and whatever the key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::registration) struct Target {
    pub(in crate::registration) member: MemberId,
    pub(in crate::registration) key: LaneKey,
}

/// A request, as far as a lane orders it.
pub(super) trait LaneRequest {
    fn target(&self) -> Target;
}

/// The requests of one organization: those that wait, in order of arrival, and those in flight.
///
/// No two batches in flight share a member or a lane key, because one of their transactions would have to be retried.
/// Correctness does not depend on this, since other processes have lanes of their own.
#[derive(Debug)]
pub(super) struct Lane<R> {
    /// Requests that the next batch may take.
    ready: Vec<Positioned<R>>,
    /// Requests that share a member or a key with a batch in flight, or with an earlier blocked request.
    blocked: Vec<Positioned<R>>,
    /// The members and keys of the batches in flight and of `blocked`.
    occupied: Footprint,
    in_flight: HashMap<u64, InFlight>,
    waiting_by_member: HashMap<MemberId, usize>,
    last_request: u64,
    last_batch: u64,
}

#[derive(Debug)]
struct Positioned<R> {
    /// The position in the order of arrival.
    number: u64,
    request: R,
}

/// A batch in flight.
#[derive(Debug)]
struct InFlight {
    size: usize,
    since: Instant,
    footprint: Footprint,
}

/// Members and keys that requests are about.
#[derive(Debug, Default)]
struct Footprint {
    members: HashSet<MemberId>,
    keys: HashSet<LaneKey>,
}

impl Footprint {
    fn overlaps(&self, target: Target) -> bool {
        self.members.contains(&target.member) || self.keys.contains(&target.key)
    }

    fn add(&mut self, target: Target) {
        self.members.insert(target.member);
        self.keys.insert(target.key);
    }

    fn extend(&mut self, other: &Self) {
        self.members.extend(&other.members);
        self.keys.extend(&other.keys);
    }
}

impl<R> Default for Lane<R> {
    fn default() -> Self {
        Self {
            ready: Vec::new(),
            blocked: Vec::new(),
            occupied: Footprint::default(),
            in_flight: HashMap::new(),
            waiting_by_member: HashMap::new(),
            last_request: 0,
            last_batch: 0,
        }
    }
}

impl<R: LaneRequest> Lane<R> {
    /// Adds a request, or returns it if too many of its member wait.
    pub(super) fn push(&mut self, request: R) -> Result<(), R> {
        let waiting = self.waiting_by_member.entry(request.target().member).or_default();
        if *waiting >= MAX_REQUESTS_PER_MEMBER {
            return Err(request);
        }
        *waiting += 1;
        self.last_request += 1;
        self.place(Positioned { number: self.last_request, request });
        Ok(())
    }

    /// Takes the next batch and its number, under which it [ends](Self::end), if one is due:
    ///
    /// - No other batch is in flight, or there is room for one more. While other organizations are served, too, there is room for a
    ///   single one, unless that takes too long.
    /// - Beside others, as many requests are ready as the others took, or half of a share. With fewer requests, waiting for more
    ///   costs less than a transaction of their own.
    pub(super) fn start(&mut self, limits: BatchLimits, now: Instant) -> Option<(u64, Vec<R>)> {
        let size = limits.size();
        let share = self.share(limits.at_once).min(size);
        let largest = self.recent(now).map(|batch| batch.size).max();
        let enough = largest.unwrap_or(1).min(share.div_ceil(2));
        let is_served = limits.is_shared && largest.is_some();
        if is_served || self.in_flight.len() >= limits.at_once.get() || self.ready.len() < enough {
            return None;
        }
        let (mut footprint, mut left) = (Footprint::default(), Footprint::default());
        let mut taken = HashSet::new();
        let mut requests = Vec::new();
        let mut rest = Vec::new();
        for waiting in std::mem::take(&mut self.ready) {
            let target = waiting.request.target();
            // A request that this batch would block joins it instead, unless it would overtake an earlier one.
            let joins = footprint.overlaps(target) && !left.overlaps(target) && requests.len() < size;
            if requests.len() >= share && !joins {
                left.add(target);
                rest.push(waiting);
            } else if taken.insert(target) {
                footprint.add(target);
                self.count_down(target.member);
                requests.push(waiting.request);
            } else {
                // One request per member and key: a batch executes cancellations before registrations.
                rest.push(waiting);
            }
        }
        self.ready = rest;
        self.last_batch += 1;
        self.in_flight.insert(self.last_batch, InFlight { size: requests.len(), since: now, footprint });
        self.rearrange();
        Some((self.last_batch, requests))
    }

    /// The time at which a batch may be due although no request arrives and no batch ends.
    pub(super) fn wake_at(&self, at_once: NonZeroUsize, now: Instant) -> Option<Instant> {
        let waits_for_more = !self.ready.is_empty() && self.in_flight.len() < at_once.get();
        self.recent(now).filter(|_| waits_for_more).map(|batch| batch.since + MAX_BATCH_WAIT).min()
    }

    /// Marks a batch as ended.
    pub(super) fn end(&mut self, number: u64) {
        self.in_flight.remove(&number);
        self.rearrange();
    }

    pub(super) fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.blocked.is_empty() && self.in_flight.is_empty()
    }

    /// The number of requests of each batch if as many as may be in flight divide all requests. A batch that took all of
    /// them would leave nothing for another one, and keep no more than one processor busy.
    fn share(&self, at_once: NonZeroUsize) -> usize {
        let in_flight: usize = self.in_flight.values().map(|batch| batch.size).sum();
        (self.ready.len() + in_flight).div_ceil(at_once.get()).max(MIN_SPLIT_SIZE)
    }

    /// The batches in flight for which the next batch still waits.
    fn recent(&self, now: Instant) -> impl Iterator<Item = &InFlight> {
        self.in_flight.values().filter(move |batch| now < batch.since + MAX_BATCH_WAIT)
    }

    /// Divides the waiting requests into ready and blocked ones anew.
    fn rearrange(&mut self) {
        self.occupied = Footprint::default();
        for batch in self.in_flight.values() {
            self.occupied.extend(&batch.footprint);
        }
        let mut waiting = std::mem::take(&mut self.ready);
        waiting.append(&mut self.blocked);
        waiting.sort_by_key(|waiting| waiting.number);
        waiting.into_iter().for_each(|waiting| self.place(waiting));
    }

    fn place(&mut self, waiting: Positioned<R>) {
        let target = waiting.request.target();
        if self.occupied.overlaps(target) {
            // Later requests must not overtake it.
            self.occupied.add(target);
            self.blocked.push(waiting);
        } else {
            self.ready.push(waiting);
        }
    }

    fn count_down(&mut self, member: MemberId) {
        if let Some(count) = self.waiting_by_member.get_mut(&member) {
            *count -= 1;
            if *count == 0 {
                self.waiting_by_member.remove(&member);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::{id::EventId, time::Instant as UtcInstant};
    use uuid::Uuid;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Call {
        name: usize,
        member: u128,
        occurrence: &'static str,
    }

    impl LaneRequest for Call {
        fn target(&self) -> Target {
            let event = EventId::from_uuid(Uuid::from_u128(self.occurrence.bytes().map(u128::from).sum()));
            let occurrence = OccurrenceKey { event, original_start: UtcInstant::UNIX_EPOCH };
            let member = MemberId::from_uuid(Uuid::from_u128(self.member));
            Target { member, key: LaneKey::Occurrence(occurrence) }
        }
    }

    const TWO: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);
    const MANY: NonZeroUsize = NonZeroUsize::MAX;

    /// A lane with calls of these members for these occurrences, named by their position.
    fn lane(calls: &[(u128, &'static str)]) -> Lane<Call> {
        let mut lane = Lane::default();
        for (name, &(member, occurrence)) in calls.iter().enumerate() {
            lane.push(Call { name, member, occurrence }).unwrap();
        }
        lane
    }

    fn push(lane: &mut Lane<Call>, name: usize, member: u128, occurrence: &'static str) {
        lane.push(Call { name, member, occurrence }).unwrap();
    }

    /// Starts a batch; returns its number and the names of its calls.
    fn start(lane: &mut Lane<Call>, size: NonZeroUsize, now: Instant) -> Option<(u64, Vec<usize>)> {
        let (number, calls) = lane.start(BatchLimits { at_once: TWO, size, is_shared: false }, now)?;
        Some((number, calls.into_iter().map(|call| call.name).collect()))
    }

    #[test]
    fn all_waiting_requests_start_at_once_if_nothing_is_in_flight() {
        let now = Instant::now();
        let mut lane = lane(&[(1, "a"), (2, "a"), (1, "b")]);
        assert_eq!(start(&mut lane, MANY, now), Some((1, vec![0, 1, 2])));
        assert_eq!(start(&mut lane, MANY, now), None);
        lane.end(1);
        assert!(lane.is_idle());
    }

    #[test]
    fn a_second_batch_starts_once_it_is_as_large_as_the_first() {
        let now = Instant::now();
        let mut lane = lane(&[(1, "a"), (2, "b")]);
        assert_eq!(start(&mut lane, MANY, now), Some((1, vec![0, 1])));
        push(&mut lane, 2, 3, "c");
        assert_eq!(start(&mut lane, MANY, now), None);
        push(&mut lane, 3, 4, "d");
        assert_eq!(start(&mut lane, MANY, now), Some((2, vec![2, 3])));
        (4..9).for_each(|name| push(&mut lane, name, name as u128 + 1, "e"));
        assert_eq!(start(&mut lane, MANY, now), None, "two are in flight");
        lane.end(1);
        assert_eq!(start(&mut lane, MANY, now), Some((3, vec![4, 5, 6, 7, 8])));
    }

    #[test]
    fn many_requests_are_divided_between_the_batches_that_may_be_in_flight() {
        let now = Instant::now();
        let mut lane = Lane::default();
        let names = ["a", "b", "c", "d", "e", "f"];
        (0..60).for_each(|name| push(&mut lane, name, name as u128, names[name / 10]));
        assert_eq!(start(&mut lane, MANY, now), Some((1, (0..30).collect())));
        assert_eq!(start(&mut lane, MANY, now), Some((2, (30..60).collect())));
        lane.end(1);
        (60..74).for_each(|name| push(&mut lane, name, name as u128, "g"));
        assert_eq!(start(&mut lane, MANY, now), Some((3, (60..74).collect())), "half of a share");
        lane.end(2);
        (74..80).for_each(|name| push(&mut lane, name, name as u128, "h"));
        assert_eq!(start(&mut lane, MANY, now), None);
    }

    #[test]
    fn a_request_that_a_batch_would_block_joins_it() {
        let now = Instant::now();
        let mut lane = Lane::default();
        (0..50).for_each(|name| push(&mut lane, name, name as u128, "a"));
        push(&mut lane, 50, 50, "b");
        push(&mut lane, 51, 7, "c");
        push(&mut lane, 52, 50, "a");
        // The last one overlaps the batch too, but also an earlier request that is left to the next batch.
        assert_eq!(start(&mut lane, MANY, now), Some((1, (0..50).chain([51]).collect())));
        lane.end(1);
        assert_eq!(start(&mut lane, MANY, now), Some((2, vec![50, 52])));
    }

    #[test]
    fn a_second_batch_does_not_wait_for_one_that_hangs() {
        let now = Instant::now();
        let mut lane = lane(&[(1, "a"), (2, "b")]);
        assert!(start(&mut lane, MANY, now).is_some());
        assert_eq!(lane.wake_at(TWO, now), None, "nobody waits");
        push(&mut lane, 2, 3, "c");
        assert_eq!(start(&mut lane, MANY, now), None);
        let later = lane.wake_at(TWO, now).unwrap();
        assert_eq!(start(&mut lane, MANY, later), Some((2, vec![2])));
        assert_eq!(lane.wake_at(TWO, later), None);
    }

    #[test]
    fn a_request_that_shares_a_member_or_key_with_a_batch_in_flight_is_blocked_and_keeps_its_position() {
        let now = Instant::now();
        let mut lane = lane(&[(1, "a")]);
        assert_eq!(start(&mut lane, MANY, now), Some((1, vec![0])));
        push(&mut lane, 1, 2, "a"); // the occurrence is in flight
        push(&mut lane, 2, 1, "b"); // the member is in flight
        push(&mut lane, 3, 3, "b"); // would overtake the previous one
        push(&mut lane, 4, 2, "c"); // would overtake this member's own request
        push(&mut lane, 5, 5, "d");
        assert_eq!(start(&mut lane, MANY, now), Some((2, vec![5])));
        lane.end(1);
        push(&mut lane, 6, 6, "e");
        assert_eq!(start(&mut lane, MANY, now), Some((3, vec![1, 2, 3, 4, 6])));
    }

    #[test]
    fn a_batch_has_one_request_of_a_member_for_an_occurrence() {
        let now = Instant::now();
        let mut lane = lane(&[(1, "a"), (1, "a"), (2, "a"), (1, "a")]);
        for (number, expected) in [(1, vec![0, 2]), (2, vec![1]), (3, vec![3])] {
            assert_eq!(start(&mut lane, MANY, now), Some((number, expected)));
            assert_eq!(start(&mut lane, MANY, now), None);
            lane.end(number);
        }
        assert!(lane.is_idle());
    }

    #[test]
    fn a_batch_has_a_limit() {
        let now = Instant::now();
        let mut lane = lane(&[(1, "a"), (2, "b"), (3, "a"), (4, "c"), (5, "d")]);
        assert_eq!(start(&mut lane, TWO, now), Some((1, vec![0, 1])));
        assert_eq!(start(&mut lane, TWO, now), Some((2, vec![3, 4])), "the limit is enough for a second one");
        lane.end(1);
        lane.end(2);
        assert_eq!(start(&mut lane, TWO, now), Some((3, vec![2])));
    }

    #[test]
    fn an_organization_beside_others_has_one_small_batch_in_flight() {
        let now = Instant::now();
        let shared = BatchLimits { at_once: TWO, size: MANY, is_shared: true };
        let mut lane = Lane::default();
        (0..100).for_each(|name| push(&mut lane, name, name as u128, "a"));
        (100..150).for_each(|name| push(&mut lane, name, name as u128, "b"));
        let size = |batch: Option<(u64, Vec<Call>)>| batch.map(|(_, calls)| calls.len());
        assert_eq!(size(lane.start(shared, now)), Some(MAX_SHARED_BATCH));
        assert_eq!(size(lane.start(shared, now)), None, "the others have their turn");
        let later = lane.wake_at(TWO, now).unwrap();
        assert_eq!(size(lane.start(shared, later)), Some(MAX_SHARED_BATCH), "the first one hangs");
        lane.end(1);
        lane.end(2);
        assert!(size(lane.start(BatchLimits { is_shared: false, ..shared }, later)) > Some(MAX_SHARED_BATCH));
    }

    #[test]
    fn a_member_with_too_many_waiting_requests_is_refused() {
        let mut lane = Lane::default();
        for name in 0..MAX_REQUESTS_PER_MEMBER {
            push(&mut lane, name, 1, "a");
        }
        assert!(lane.push(Call { name: 0, member: 1, occurrence: "b" }).is_err());
        push(&mut lane, 0, 2, "a");
        assert!(start(&mut lane, MANY, Instant::now()).is_some());
        push(&mut lane, 0, 1, "b");
    }
}
