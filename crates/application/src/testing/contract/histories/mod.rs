//! Random histories of registrations, exceptions, splits and edits: no registration is lost, duplicated or moved otherwise
//! than asked for, and each day that has passed is listed once, as it was.
//!
//! The expected state is derived from what is readable before and after each step, not from its result.

mod state;
mod step;

use convene_domain::time::Instant;
use rand::{Rng, SeedableRng, rngs::StdRng};
use time::Duration;

use self::{
    state::State,
    step::{Step, shifted_back},
};
use super::{environment::Environment, invariants, support::NOW, tenant::Tenant};
use crate::{
    failure::Failure,
    testing::{Adapters, builders::ChangeBuilder},
};

/// The default number of histories.
pub const SHORT: usize = 30;

/// The number of histories in one organization, limited to keep reads cheap.
const HISTORIES_PER_ORGANIZATION: usize = 25;

/// The number of steps of a history.
const STEPS: usize = 14;

/// The number of histories from the variable `CONVENE_TEST_HISTORIES`, by default [`SHORT`].
///
/// # Panics
/// If the variable is no number.
#[must_use]
pub fn histories() -> usize {
    let asked = std::env::var("CONVENE_TEST_HISTORIES").ok();
    asked.map_or(SHORT, |asked| asked.parse().expect("CONVENE_TEST_HISTORIES is a number"))
}

/// Statistics of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    pub changes: usize,
    pub refusals: usize,
    /// The number of shifts that were taken back.
    pub shifts: usize,
    pub splits: usize,
    /// The latest time of a history. Agendas have no entries from before it.
    pub latest: Option<Instant>,
}

/// Runs random histories, the same ones for the same seed.
///
/// # Panics
/// At the first step that loses, duplicates or moves something.
pub async fn run(adapters: Adapters, seed: u64, histories: usize) -> Report {
    let environment = Environment::over(adapters.clone(), adapters);
    let mut report = Report::default();
    let mut random = StdRng::seed_from_u64(seed);
    let mut left = histories;
    while left > 0 {
        let tenant = environment.tenant(&format!("histories-{left}")).await;
        let members = tenant.crowd(4).await;
        for number in 0..left.min(HISTORIES_PER_ORGANIZATION) {
            let mut history = History::new(&tenant, members.len(), &mut random, number).await;
            for _ in 0..STEPS {
                history.step(&members, &mut random, &mut report).await;
            }
        }
        left -= left.min(HISTORIES_PER_ORGANIZATION);
    }
    invariants::check(&environment).await;
    report
}

/// The life of one series, and of the events that it is split into.
struct History<'t> {
    tenant: &'t Tenant,
    state: State,
    steps: Vec<String>,
}

impl<'t> History<'t> {
    async fn new(tenant: &'t Tenant, members: usize, random: &mut StdRng, number: usize) -> Self {
        let event = tenant.event(step::new_event(random)).await;
        let steps = vec![format!(
            "{number} of {members}: {} {:?} {} {:?}",
            event.series.start(),
            event.series.zone(),
            event.series.rule().map(ToString::to_string).unwrap_or_default(),
            event.series.exdates(),
        )];
        Self { tenant, state: State::of(tenant, vec![event.id], NOW).await, steps }
    }

    async fn step(
        &mut self,
        members: &[convene_domain::member::Member],
        random: &mut StdRng,
        report: &mut Report,
    ) {
        let later =
            self.state.now + Duration::hours(random.random_range(0..30_i64).saturating_sub(18).max(0));
        self.state = State::of(self.tenant, self.state.events.clone(), later).await;
        report.latest = report.latest.max(Some(later));
        let Some(step) = Step::random(random, &self.state, members) else { return };
        self.steps.push(format!("{}: {step:?}", self.state.now));
        let change = ChangeBuilder::by("root").at(self.state.now).build();
        let outcome = step.perform(self.tenant, &change).await;
        let mut events = self.state.events.clone();
        events.extend(step.new_event().filter(|_| outcome.is_ok()));
        let after = State::of(self.tenant, events, self.state.now).await;
        let told = || format!("{:#?}", self.steps);
        match outcome {
            Ok(()) => {
                report.changes += 1;
                self.state.check(&step, &after, &told());
            }
            Err(Failure::Refused(_)) => {
                report.refusals += 1;
                assert_eq!(after, self.state, "a refusal changed something: {}", told());
                return;
            }
            Err(Failure::Fault(fault)) => panic!("{fault:?}: {}", told()),
        }
        report.splits += usize::from(step.new_event().is_some());
        if let Some(back) = shifted_back(&step, &self.state)
            && random.random_ratio(1, 2)
        {
            self.steps.push(format!("and back: {back:?}"));
            let outcome = back.perform(self.tenant, &change).await;
            if outcome.is_ok() {
                let again = State::of(self.tenant, self.state.events.clone(), self.state.now).await;
                again.check_same(&self.state, &format!("{:#?}", self.steps));
                report.shifts += 1;
                self.state = again;
                return;
            }
        }
        self.state = after;
    }
}
