use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
    time::Duration,
};

use convene_domain::id::MemberId;
use tokio::time::Instant;

/// How many calls of one member may wait.
const MOST_OF_A_MEMBER: usize = 256;
/// How long a batch is let grow behind a transaction. One that takes longer is held up by something else.
const PATIENCE: Duration = Duration::from_millis(30);

/// A transaction of so few calls is not divided: two of half the size would cost more than they win by running
/// side by side.
const SMALL: usize = 24;

/// What a call could meet another in.
pub(super) trait Touches {
    /// Whose agenda.
    fn member(&self) -> MemberId;
    /// Which occurrence.
    fn occurrence(&self) -> &str;
}

/// The calls of one organization: those that wait, in order of arrival, and those in flight.
///
/// No two transactions in flight are about the same occurrence or the same member: they would only get in each
/// other's way, and one of them would have to run again. Nothing depends on that, since other processes do not know.
#[derive(Debug)]
pub(super) struct Lane<C> {
    /// They could go with the next transaction.
    ready: Vec<Waiting<C>>,
    /// They would meet a transaction in flight, or somebody who came before them and would.
    put_off: Vec<Waiting<C>>,
    /// What `put_off` and the transactions in flight touch.
    touched: Touched,
    in_flight: HashMap<u64, Batch>,
    /// How many calls of each member wait.
    of_member: HashMap<MemberId, usize>,
    arrived: u64,
    started: u64,
}

/// A call, and when it came compared to others.
#[derive(Debug)]
struct Waiting<C> {
    number: u64,
    call: C,
}

/// A transaction in flight.
#[derive(Debug)]
struct Batch {
    calls: usize,
    since: Instant,
    touched: Touched,
}

#[derive(Debug, Default)]
struct Touched {
    members: HashSet<MemberId>,
    occurrences: HashSet<String>,
}

impl Touched {
    fn meets(&self, call: &impl Touches) -> bool {
        self.members.contains(&call.member()) || self.occurrences.contains(call.occurrence())
    }

    fn add(&mut self, call: &impl Touches) {
        self.members.insert(call.member());
        if !self.occurrences.contains(call.occurrence()) {
            self.occurrences.insert(call.occurrence().to_owned());
        }
    }

    fn extend(&mut self, other: &Self) {
        self.members.extend(&other.members);
        self.occurrences.extend(other.occurrences.iter().cloned());
    }
}

impl<C> Default for Lane<C> {
    fn default() -> Self {
        Self {
            ready: Vec::new(),
            put_off: Vec::new(),
            touched: Touched::default(),
            in_flight: HashMap::new(),
            of_member: HashMap::new(),
            arrived: 0,
            started: 0,
        }
    }
}

impl<C: Touches> Lane<C> {
    /// Queues a call, or gives it back if too many of its member wait.
    pub(super) fn push(&mut self, call: C) -> Result<(), C> {
        let of_member = self.of_member.entry(call.member()).or_default();
        if *of_member >= MOST_OF_A_MEMBER {
            return Err(call);
        }
        *of_member += 1;
        self.arrived += 1;
        self.place(Waiting { number: self.arrived, call });
        Ok(())
    }

    /// Takes the next batch, if it is time for one: no transaction is in flight, or there is room for one more and as
    /// many calls are ready as the others took, or half of a share. With fewer it costs less to wait for more of them.
    /// The batch has a number, under which it [ends](Self::end).
    pub(super) fn start(
        &mut self,
        at_once: NonZeroUsize,
        limit: NonZeroUsize,
        now: Instant,
    ) -> Option<(u64, Vec<C>)> {
        let share = self.share(at_once).min(limit.get());
        let largest = self.swift(now).map(|batch| batch.calls).max().unwrap_or(1);
        let enough = largest.min(share.div_ceil(2));
        if self.in_flight.len() >= at_once.get() || self.ready.len() < enough {
            return None;
        }
        let (mut touched, mut left) = (Touched::default(), Touched::default());
        let mut known = HashSet::new();
        let mut calls = Vec::new();
        let mut rest = Vec::new();
        for waiting in std::mem::take(&mut self.ready) {
            let call = &waiting.call;
            // Who would have to wait for the batch goes with it instead, unless others came before.
            let goes_along = touched.meets(call) && !left.meets(call) && calls.len() < limit.get();
            if calls.len() >= share && !goes_along {
                left.add(call);
                rest.push(waiting);
            } else if known.insert((call.member(), call.occurrence().to_owned())) {
                touched.add(call);
                self.forget(call.member());
                calls.push(waiting.call);
            } else {
                // One wish by the same member about the same occurrence: a batch has no order among those.
                rest.push(waiting);
            }
        }
        self.ready = rest;
        self.started += 1;
        self.in_flight.insert(self.started, Batch { calls: calls.len(), since: now, touched });
        self.sort();
        Some((self.started, calls))
    }

    /// When it may be time for a batch although nothing has happened.
    pub(super) fn ask_again(&self, at_once: NonZeroUsize, now: Instant) -> Option<Instant> {
        let waits_for_more = !self.ready.is_empty() && self.in_flight.len() < at_once.get();
        self.swift(now).filter(|_| waits_for_more).map(|batch| batch.since + PATIENCE).min()
    }

    /// A batch was answered.
    pub(super) fn end(&mut self, number: u64) {
        self.in_flight.remove(&number);
        self.sort();
    }

    /// Whether nothing waits and nothing is in flight.
    pub(super) fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.put_off.is_empty() && self.in_flight.is_empty()
    }

    /// How many calls each transaction has if as many as may be in flight take all who are there. One that took all
    /// would mostly leave nobody for another, and keeps no more than one processor busy.
    fn share(&self, at_once: NonZeroUsize) -> usize {
        let in_flight: usize = self.in_flight.values().map(|batch| batch.calls).sum();
        (self.ready.len() + in_flight).div_ceil(at_once.get()).max(SMALL)
    }

    /// The transactions in flight that a batch grows behind.
    fn swift(&self, now: Instant) -> impl Iterator<Item = &Batch> {
        self.in_flight.values().filter(move |batch| now < batch.since + PATIENCE)
    }

    /// Finds out anew what is ready and what must be put off.
    fn sort(&mut self) {
        self.touched = Touched::default();
        for batch in self.in_flight.values() {
            self.touched.extend(&batch.touched);
        }
        let mut waiting = std::mem::take(&mut self.ready);
        waiting.append(&mut self.put_off);
        waiting.sort_by_key(|waiting| waiting.number);
        waiting.into_iter().for_each(|waiting| self.place(waiting));
    }

    fn place(&mut self, waiting: Waiting<C>) {
        if self.touched.meets(&waiting.call) {
            // Whoever comes later stays behind.
            self.touched.add(&waiting.call);
            self.put_off.push(waiting);
        } else {
            self.ready.push(waiting);
        }
    }

    fn forget(&mut self, member: MemberId) {
        if let Some(count) = self.of_member.get_mut(&member) {
            *count -= 1;
            if *count == 0 {
                self.of_member.remove(&member);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Call {
        name: usize,
        member: u128,
        occurrence: &'static str,
    }

    impl Touches for Call {
        fn member(&self) -> MemberId {
            MemberId::from_uuid(Uuid::from_u128(self.member))
        }

        fn occurrence(&self) -> &str {
            self.occurrence
        }
    }

    const TWO: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);
    const MANY: NonZeroUsize = NonZeroUsize::MAX;

    /// A lane with calls of these members for these occurrences, named by their place.
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

    /// Starts a batch, and tells its number and who is in it.
    fn start(lane: &mut Lane<Call>, limit: NonZeroUsize, now: Instant) -> Option<(u64, Vec<usize>)> {
        let (number, calls) = lane.start(TWO, limit, now)?;
        Some((number, calls.into_iter().map(|call| call.name).collect()))
    }

    #[test]
    fn whatever_waits_goes_at_once_if_nothing_is_in_flight() {
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
    fn many_calls_are_shared_out_among_the_transactions_that_may_be_in_flight() {
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
    fn who_would_be_put_off_by_a_batch_goes_with_it() {
        let now = Instant::now();
        let mut lane = Lane::default();
        (0..50).for_each(|name| push(&mut lane, name, name as u128, "a"));
        push(&mut lane, 50, 50, "b");
        push(&mut lane, 51, 7, "c");
        push(&mut lane, 52, 50, "a");
        // The last one meets the batch, too, but it also meets who is left to the next one, and came first.
        assert_eq!(start(&mut lane, MANY, now), Some((1, (0..50).chain([51]).collect())));
        lane.end(1);
        assert_eq!(start(&mut lane, MANY, now), Some((2, vec![50, 52])));
    }

    #[test]
    fn a_second_batch_does_not_wait_for_a_transaction_that_hangs() {
        let now = Instant::now();
        let mut lane = lane(&[(1, "a"), (2, "b")]);
        assert!(start(&mut lane, MANY, now).is_some());
        assert_eq!(lane.ask_again(TWO, now), None, "nobody waits");
        push(&mut lane, 2, 3, "c");
        assert_eq!(start(&mut lane, MANY, now), None);
        let later = lane.ask_again(TWO, now).unwrap();
        assert_eq!(start(&mut lane, MANY, later), Some((2, vec![2])));
        assert_eq!(lane.ask_again(TWO, later), None);
    }

    #[test]
    fn who_would_meet_a_transaction_in_flight_is_put_off_and_keeps_the_place() {
        let now = Instant::now();
        let mut lane = lane(&[(1, "a")]);
        assert_eq!(start(&mut lane, MANY, now), Some((1, vec![0])));
        push(&mut lane, 1, 2, "a"); // the occurrence is in flight
        push(&mut lane, 2, 1, "b"); // the member is
        push(&mut lane, 3, 3, "b"); // would overtake the one before
        push(&mut lane, 4, 2, "c"); // would overtake this member's own
        push(&mut lane, 5, 5, "d");
        assert_eq!(start(&mut lane, MANY, now), Some((2, vec![5])));
        lane.end(1);
        push(&mut lane, 6, 6, "e");
        assert_eq!(start(&mut lane, MANY, now), Some((3, vec![1, 2, 3, 4, 6])));
    }

    #[test]
    fn a_batch_has_one_wish_of_a_member_about_an_occurrence() {
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
    fn a_member_with_too_many_calls_is_turned_away() {
        let mut lane = Lane::default();
        for name in 0..MOST_OF_A_MEMBER {
            push(&mut lane, name, 1, "a");
        }
        assert!(lane.push(Call { name: 0, member: 1, occurrence: "b" }).is_err());
        push(&mut lane, 0, 2, "a");
        assert!(lane.start(TWO, MANY, Instant::now()).is_some());
        push(&mut lane, 0, 1, "b");
    }
}
