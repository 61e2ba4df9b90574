//! The activity log over a long run of random mutations: exactly one entry for each change, none for a refusal, and
//! an order in which the versions follow each other.
//!
//! What a mutation changed is not taken from its answer but from everything that the ports show before and after it.

mod mutation;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use convene_domain::{
    activity::{Action, Activity, Subject},
    id::ActivityId,
    time::Instant,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use time::Duration;

use self::{
    mutation::Mutation,
    snapshot::{Snapshot, Told},
};
use super::{environment::Environment, invariants, support::NOW, tenant::Tenant};
use crate::{
    failure::Failure,
    ports::ActivityFilter,
    testing::{Adapters, builders::ChangeBuilder, contract::support::read_all_pages},
};

/// After so many mutations another organization is founded, so that looking at all of it stays cheap.
const PER_ORGANIZATION: usize = 250;

/// How many mutations a run has where nothing else is asked for: enough for every action to be told.
pub const SHORT: usize = 400;

/// How many mutations a run should have: what the variable `CONVENE_TEST_MUTATIONS` says, or [`SHORT`].
///
/// # Panics
/// If the variable is no number.
#[must_use]
pub fn mutations() -> usize {
    let asked = std::env::var("CONVENE_TEST_MUTATIONS").ok();
    asked.map_or(SHORT, |asked| asked.parse().expect("CONVENE_TEST_MUTATIONS is a number"))
}

/// What a run was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Mutations that changed something.
    pub changes: usize,
    /// Mutations that the rules refused.
    pub refusals: usize,
    /// Mutations that changed nothing, and repeats of others.
    pub without_effect: usize,
    /// How often each action was told.
    pub told: BTreeMap<&'static str, usize>,
}

/// Runs so many random mutations, the same ones for the same seed.
///
/// # Panics
/// At the first one that the log does not tell as it was, or if an invariant does not hold in the end.
pub async fn run(adapters: Adapters, seed: u64, mutations: usize) -> Report {
    let environment = Environment::over(adapters);
    let mut report = Report::default();
    let mut random = StdRng::seed_from_u64(seed);
    let mut left = mutations;
    while left > 0 {
        let tenant = environment.tenant(&format!("run-{left}")).await;
        let mut stage = Stage::of(tenant, &mut random).await;
        for _ in 0..left.min(PER_ORGANIZATION) {
            stage.step(&mut report).await;
        }
        stage.check_order().await;
        left -= left.min(PER_ORGANIZATION);
    }
    invariants::check(&environment).await;
    report
}

/// An organization in the middle of a run.
struct Stage<'run> {
    tenant: Tenant,
    random: &'run mut StdRng,
    now: Instant,
    state: Snapshot,
    known: BTreeSet<(Instant, ActivityId)>,
    steps: usize,
}

impl<'run> Stage<'run> {
    async fn of(tenant: Tenant, random: &'run mut StdRng) -> Self {
        let state = Snapshot::of(&tenant, None).await;
        let known = tenant.log().await.iter().map(|entry| (entry.at, entry.id)).collect();
        Self { tenant, random, now: NOW, state, known, steps: 0 }
    }

    /// One mutation; now and then under an idempotency key, and then a second time.
    async fn step(&mut self, report: &mut Report) {
        // Most share their moment with others, as under load.
        self.now += Duration::milliseconds(i64::from(self.random.random_ratio(1, 3)));
        self.steps += 1;
        let mutation = Mutation::random(self.random, &self.state, self.tenant.admin.id);
        let change = ChangeBuilder::by("root").at(self.now);
        if self.random.random_ratio(1, 10) {
            let change = change.key(&format!("key-{}", self.steps), 1).build();
            if self.perform(&mutation, &change, report).await {
                let before = (report.changes, report.refusals);
                self.perform(&mutation, &change, report).await;
                assert_eq!((report.changes, report.refusals), before, "a repeat is no change: {mutation:?}");
            }
        } else {
            self.perform(&mutation, &change.build(), report).await;
        }
    }

    /// Carries the mutation out and compares what changed with what the log says; tells whether it was done.
    async fn perform(
        &mut self,
        mutation: &Mutation,
        change: &crate::change::Change,
        report: &mut Report,
    ) -> bool {
        let occurrence = mutation.occurrence();
        let mut before = self.state.clone();
        before.look_at(&self.tenant, occurrence).await;
        let outcome = mutation.perform(&self.tenant, change).await;
        let after = Snapshot::of(&self.tenant, occurrence).await;
        let expected = before.told_by_becoming(&after);
        let entries = self.new_entries().await;
        let mut told: Vec<Told> =
            entries.iter().map(|entry| (entry.action, entry.subject.to_string())).collect();
        told.sort_by_key(|(action, subject)| (action.as_str(), subject.clone()));
        assert_eq!(told, expected, "what the log says of {mutation:?}, which ended with {outcome:?}");
        for entry in &entries {
            assert_eq!((entry.at, &entry.actor), (change.at, &change.actor), "{entry:?}");
            *report.told.entry(entry.action.as_str()).or_default() += 1;
        }
        match &outcome {
            Ok(()) if expected.is_empty() => report.without_effect += 1,
            Ok(()) => report.changes += 1,
            Err(Failure::Refused(_)) => {
                assert_eq!(after, before, "{mutation:?} was refused and changed something");
                report.refusals += 1;
            }
            Err(Failure::Fault(fault)) => panic!("{mutation:?}: {fault:?}"),
        }
        self.state = after;
        outcome.is_ok()
    }

    /// The entries that were written since the last time. All come after those that were there.
    async fn new_entries(&mut self) -> Vec<Activity> {
        let filter = ActivityFilter { from: Some(self.now), ..ActivityFilter::default() };
        let list = |page| self.tenant.ports.activity_log.list(&self.tenant.scope, filter.clone(), page);
        let mut entries = read_all_pages(list, |entry| (entry.at, entry.id)).await;
        entries.retain(|entry| !self.known.contains(&(entry.at, entry.id)));
        for entry in &entries {
            assert!(self.known.last() < Some(&(entry.at, entry.id)), "out of order: {entry:?}");
        }
        self.known.extend(entries.iter().map(|entry| (entry.at, entry.id)));
        entries
    }

    /// Reads the whole log from its beginning: each entry goes on from where the last one about the same field of
    /// the same thing left off, and the entries of an event are as many as its versions.
    async fn check_order(&self) {
        let mut values: HashMap<(Subject, String), Option<String>> = HashMap::new();
        let mut versions: HashMap<Subject, u32> = HashMap::new();
        for entry in self.tenant.log().await {
            for change in &entry.changes {
                let last = values.insert((entry.subject, change.field.clone()), change.after.clone());
                assert!(last.is_none_or(|last| last == change.before), "{entry:?} does not follow");
            }
            if matches!(
                entry.action,
                Action::EventCreated | Action::EventUpdated | Action::EventSplit | Action::EventCancelled
            ) {
                *versions.entry(entry.subject).or_default() += 1;
            }
        }
        for event in self.state.events.values() {
            assert_eq!(versions.get(&Subject::Event(event.id)), Some(&event.version), "{event:?}");
        }
    }
}
