use std::sync::Arc;

use convene_domain::{activity::Actor, event::Event};

use crate::{
    authentication::LocalOperator,
    change::RequestMetadata,
    failure::{Failure, Fault, FaultKind, Field, Outcome, Refusal},
    ports::{Changed, Clock, OutdatedEvent, Realignment},
};

/// Gives stored occurrences the times of their dates, after an update of the time-zone database.
pub struct RealignOccurrences {
    clock: Arc<dyn Clock>,
    realignment: Arc<dyn Realignment>,
}

/// The result for an event with outdated occurrences.
#[derive(Debug)]
pub struct Realigned {
    pub of: OutdatedEvent,
    /// The number of registrations, waitlisted ones included, whose start or end changed; or the reason why nothing changed.
    pub moved_registrations: Outcome<u32>,
}

impl RealignOccurrences {
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, realignment: Arc<dyn Realignment>) -> Self {
        Self { clock, realignment }
    }

    /// Realigns the events of all organizations one after the other, each in a transaction of its own, and gives `each` the
    /// result. An event that is refused does not hold up the others. A repeat continues where an interruption was.
    ///
    /// # Errors
    /// The events could not be found, or the database is not available any more.
    #[tracing::instrument(name = "event.realign", skip_all)]
    pub async fn execute(
        &self,
        authority: &LocalOperator,
        is_dry_run: bool,
        mut each: impl FnMut(Realigned),
    ) -> Result<(), Fault> {
        for of in self.realignment.outdated(self.clock.now()).await? {
            let moved_registrations = match self.realign(authority, of, is_dry_run).await {
                Ok(changed) => Ok(changed.moved_registrations),
                Err(Failure::Fault(fault)) if is_outage(&fault) => return Err(fault),
                Err(failure) if is_deleted(&failure) => continue,
                Err(failure) => Err(failure),
            };
            each(Realigned { of, moved_registrations });
        }
        Ok(())
    }

    async fn realign(
        &self,
        authority: &LocalOperator,
        of: OutdatedEvent,
        is_dry_run: bool,
    ) -> Outcome<Changed<Event>> {
        let OutdatedEvent { organization, event } = of;
        let request = RequestMetadata { is_dry_run, ..RequestMetadata::default() };
        let change = request.into_change(Actor::System, self.clock.now());
        self.realignment.realign(&authority.scope_of(organization), event, &change).await
    }
}

/// Tests for a fault that the next event would have, too.
fn is_outage(fault: &Fault) -> bool {
    matches!(fault.kind(), FaultKind::Unavailable | FaultKind::OutcomeUnknown)
}

/// Tests whether the event was deleted meanwhile.
fn is_deleted(failure: &Failure) -> bool {
    let is_unknown =
        |refusal: &Refusal| matches!(refusal, Refusal::NotFound { field } if field.is(Field::EventId));
    matches!(failure, Failure::Refused(refusals) if refusals.iter().any(is_unknown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixtures,
        ports::{MockDirectory, MockRealignment},
        testing::FixedClock,
    };

    fn outdated(event: u128) -> OutdatedEvent {
        OutdatedEvent { organization: fixtures::organization_id(), event: fixtures::event_id(event) }
    }

    /// The results for the events 1 to 3, of which the second one fails.
    async fn realign(failure: fn() -> Failure) -> (Result<(), Fault>, Vec<(OutdatedEvent, bool)>) {
        let mut port = MockRealignment::new();
        port.expect_outdated().returning(|_| Ok([1, 2, 3].map(outdated).to_vec()));
        port.expect_realign().returning(move |scope, event, change| {
            assert_eq!(scope.organization(), fixtures::organization_id());
            assert_eq!((&change.actor, change.is_dry_run), (&Actor::System, true));
            match event == fixtures::event_id(2) {
                true => Err(failure()),
                false => Ok(Changed::complete(fixtures::event(1, "2026-11-02 9:00", None), 0, 0)),
            }
        });
        let realign = RealignOccurrences::new(Arc::new(FixedClock::default()), Arc::new(port));
        let authority = LocalOperator::new(Arc::new(MockDirectory::new()));
        let mut told = Vec::new();
        let each = |one: Realigned| told.push((one.of, one.moved_registrations.is_ok()));
        let outcome = realign.execute(&authority, true, each).await;
        (outcome, told)
    }

    #[tokio::test]
    async fn an_event_that_is_refused_does_not_hold_up_the_others() {
        let affected = || Refusal::RegistrationsAffected { count: 0, registrations: Vec::new() }.into();
        let (outcome, told) = realign(affected).await;
        assert!(outcome.is_ok());
        assert_eq!(told, [(outdated(1), true), (outdated(2), false), (outdated(3), true)]);
        let (outcome, told) = realign(|| Fault::Overloaded.into()).await;
        assert!(outcome.is_ok());
        assert_eq!(told.len(), 3);
    }

    #[tokio::test]
    async fn an_event_that_was_deleted_meanwhile_is_not_told() {
        let (outcome, told) = realign(|| Refusal::not_found(Field::EventId).into()).await;
        assert!(outcome.is_ok());
        assert_eq!(told, [(outdated(1), true), (outdated(3), true)]);
    }

    #[tokio::test]
    async fn an_outage_ends_the_command() {
        let (outcome, told) = realign(|| Fault::Unavailable("no answer".into()).into()).await;
        assert!(outcome.is_err());
        assert_eq!(told, [(outdated(1), true)]);
    }
}
