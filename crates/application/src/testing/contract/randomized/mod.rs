//! Random mutations check the activity log: each change has exactly one entry, a refusal and a dry run have none, and the
//! entries are in order. A dry run is answered like the change that follows, and changes nothing.
//!
//! The expected entries are derived from all readable data before and after each mutation, not from its result.

mod mutation;
pub(super) mod snapshot;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use convene_domain::{
    activity::{Action, Activity, Subject},
    id::ActivityId,
    time::Instant,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use time::Duration;

use self::{
    mutation::{Answer, Mutation},
    snapshot::{Entry, Snapshot},
};
use super::{environment::Environment, invariants, support::NOW, tenant::Tenant};
use crate::{
    failure::Failure,
    ports::ActivityFilter,
    testing::{Adapters, builders::ChangeBuilder, contract::support::read_all_pages},
};

/// The number of mutations of one organization, limited to keep snapshots cheap.
const MUTATIONS_PER_ORGANIZATION: usize = 250;

/// The default number of mutations, enough for every action to occur.
pub const SHORT: usize = 400;

/// The number of mutations from the variable `CONVENE_TEST_MUTATIONS`, by default [`SHORT`].
///
/// # Panics
/// If the variable is no number.
#[must_use]
pub fn mutations() -> usize {
    let asked = std::env::var("CONVENE_TEST_MUTATIONS").ok();
    asked.map_or(SHORT, |asked| asked.parse().expect("CONVENE_TEST_MUTATIONS is a number"))
}

/// Statistics of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub changes: usize,
    pub refusals: usize,
    /// The number of repeats and of other mutations that changed nothing.
    pub without_effect: usize,
    /// The number of entries by action.
    pub entries: BTreeMap<&'static str, usize>,
}

/// Runs random mutations, the same ones for the same seed.
///
/// # Panics
/// At the first mutation with wrong entries, or if an invariant does not hold at the end.
pub async fn run(adapters: Adapters, seed: u64, mutations: usize) -> Report {
    let environment = Environment::over(adapters.clone(), adapters);
    let mut report = Report::default();
    let mut random = StdRng::seed_from_u64(seed);
    let mut left = mutations;
    while left > 0 {
        let tenant = environment.tenant(&format!("run-{left}")).await;
        let mut run = Run::of(tenant, &mut random).await;
        for _ in 0..left.min(MUTATIONS_PER_ORGANIZATION) {
            run.step(&mut report).await;
        }
        run.check_order().await;
        left -= left.min(MUTATIONS_PER_ORGANIZATION);
    }
    invariants::check(&environment).await;
    report
}

/// The state of a run within one organization.
struct Run<'run> {
    tenant: Tenant,
    random: &'run mut StdRng,
    now: Instant,
    state: Snapshot,
    known: BTreeSet<(Instant, ActivityId)>,
    steps: usize,
}

impl<'run> Run<'run> {
    async fn of(tenant: Tenant, random: &'run mut StdRng) -> Self {
        let state = Snapshot::of(&tenant, None).await;
        let known = tenant.log().await.iter().map(|entry| (entry.at, entry.id)).collect();
        Self { tenant, random, now: NOW, state, known, steps: 0 }
    }

    /// Performs one mutation; some have an idempotency key and are repeated.
    async fn step(&mut self, report: &mut Report) {
        // Most mutations share their time with others, as under load.
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

    /// Performs the mutation and compares the changes with the entries. Returns `false` for a refusal.
    async fn perform(
        &mut self,
        mutation: &Mutation,
        change: &crate::change::Change,
        report: &mut Report,
    ) -> bool {
        let occurrence = mutation.occurrence();
        let mut before = self.state.clone();
        before.read_occurrence(&self.tenant, occurrence).await;
        let dry = match mutation.can_be_dry_run() {
            true => Some(self.run_dry(mutation, change, &before).await),
            false => None,
        };
        let outcome = mutation.perform(&self.tenant, change).await;
        if let Some(dry) = dry {
            assert_eq!(dry, format!("{outcome:?}"), "the dry run of {mutation:?}");
        }
        let after = Snapshot::of(&self.tenant, occurrence).await;
        let expected = before.expected_entries(mutation, &after);
        let entries = self.new_entries().await;
        let mut written: Vec<Entry> =
            entries.iter().map(|entry| (entry.action, entry.subject.to_string())).collect();
        written.sort_by_key(|(action, subject)| (action.as_str(), subject.clone()));
        assert_eq!(written, expected, "entries of {mutation:?}, which returned {outcome:?}");
        for entry in &entries {
            assert_eq!((entry.at, &entry.actor), (change.at, &change.actor), "{entry:?}");
            *report.entries.entry(entry.action.as_str()).or_default() += 1;
        }
        if let Ok(Answer { promoted: Some(promoted), .. }) = &outcome
            && !expected.is_empty()
        {
            let entries = expected.iter().filter(|(action, _)| *action == Action::RegistrationPromoted);
            assert_eq!(usize::try_from(*promoted), Ok(entries.count()), "{mutation:?}");
        }
        match &outcome {
            Ok(_) if expected.is_empty() => report.without_effect += 1,
            Ok(_) => report.changes += 1,
            Err(Failure::Refused(_)) => {
                assert_eq!(after, before, "{mutation:?} was refused and changed something");
                report.refusals += 1;
            }
            Err(Failure::Fault(fault)) => panic!("{mutation:?}: {fault:?}"),
        }
        self.state = after;
        outcome.is_ok()
    }

    /// Performs a dry run, and checks that nothing is stored. Returns its answer.
    async fn run_dry(
        &mut self,
        mutation: &Mutation,
        change: &crate::change::Change,
        before: &Snapshot,
    ) -> String {
        let dry = crate::change::Change { is_dry_run: true, ..change.clone() };
        let outcome = mutation.perform(&self.tenant, &dry).await;
        let after = Snapshot::of(&self.tenant, mutation.occurrence()).await;
        assert_eq!(after, *before, "a dry run of {mutation:?} changed something");
        let entries = self.new_entries().await;
        assert!(entries.is_empty(), "a dry run of {mutation:?} wrote {entries:?}");
        format!("{outcome:?}")
    }

    /// The entries written since the last call. All must follow the known ones.
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

    /// Checks the whole log: each value before a change equals the value after the previous change of the same field,
    /// and each event has as many entries as versions.
    async fn check_order(&self) {
        let mut values: HashMap<(Subject, String), Option<String>> = HashMap::new();
        let mut versions: HashMap<Subject, u32> = HashMap::new();
        for entry in self.tenant.log().await {
            // Afterwards the values are those of the series, whose changes are logged for the event.
            let is_restored = entry.action == Action::OccurrenceRestored;
            for change in &entry.changes {
                let of = (entry.subject, change.field.clone());
                let last =
                    if is_restored { values.remove(&of) } else { values.insert(of, change.after.clone()) };
                assert!(last.is_none_or(|last| last == change.before), "{entry:?} does not follow");
            }
            if matches!(
                entry.action,
                Action::EventCreated
                    | Action::EventUpdated
                    | Action::EventSplit
                    | Action::EventCancelled
                    | Action::EventRestored
            ) {
                *versions.entry(entry.subject).or_default() += 1;
            }
        }
        for event in self.state.events.values() {
            assert_eq!(versions.get(&Subject::Event(event.id)), Some(&event.version), "{event:?}");
        }
    }
}
