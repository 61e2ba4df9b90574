use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use convene_domain::{
    activity::Actor,
    id::{EventId, OrganizationId},
    time::zone,
};

use super::UpdateDue;
use crate::{
    authentication::LocalOperator,
    caller::TenantScope,
    change::RequestMetadata,
    failure::{Failure, Fault, FaultKind, Outcome, Refusal},
    ports::{Clock, OutdatedEvent, RealignedEvents, Realignment},
};

/// Gives stored occurrences the times of their dates, after an update of the time-zone database.
pub struct RealignOccurrences {
    clock: Arc<dyn Clock>,
    realignment: Arc<dyn Realignment>,
}

/// The result for events of an organization: for those that moved together, or for one that is left as it is.
#[derive(Debug)]
pub struct Realigned {
    pub organization: OrganizationId,
    pub events: Vec<EventId>,
    /// The number of registrations, waitlisted ones included, whose start or end changed; or the reason why nothing changed.
    pub moved_registrations: Outcome<u32>,
}

impl RealignOccurrences {
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, realignment: Arc<dyn Realignment>) -> Self {
        Self { clock, realignment }
    }

    /// Realigns the events of all organizations, those of an organization in as few transactions as possible, and gives `each` the
    /// results. An event that is refused does not hold up the others. A repeat continues where an interruption was. The version of the
    /// time-zone database is recorded if no event is left.
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
        let mut is_complete = !is_dry_run;
        let mut each = |realigned: Realigned| {
            is_complete &= realigned.moved_registrations.is_ok();
            each(realigned);
        };
        let mut organizations: BTreeMap<OrganizationId, Vec<EventId>> = BTreeMap::new();
        for OutdatedEvent { organization, event } in self.realignment.outdated(self.clock.now()).await? {
            organizations.entry(organization).or_default().push(event);
        }
        for (organization, events) in organizations {
            let scope = authority.scope_of(organization);
            match self.realign_all(&scope, events, is_dry_run, &mut each).await {
                Err(Failure::Fault(fault)) => return Err(fault),
                // The organization was deleted meanwhile.
                Err(Failure::Refused(_)) | Ok(()) => {}
            }
        }
        if is_complete { self.record().await } else { Ok(()) }
    }

    /// Tests whether [`execute`](Self::execute) is due. If no version is recorded and no occurrence is stored, that of this program is
    /// recorded: this process is the first one that uses the database.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn due(&self) -> Result<Option<UpdateDue>, Fault> {
        let recorded = self.realignment.recorded_version().await?;
        let has_occurrences = self.realignment.has_occurrences().await?;
        if recorded.is_none() && !has_occurrences {
            self.record().await?;
        }
        Ok(UpdateDue::of(recorded, has_occurrences))
    }

    async fn record(&self) -> Result<(), Fault> {
        self.realignment.record_version(zone::database_version(), self.clock.now()).await
    }

    /// Realigns events of one organization: all together, because a member may have seats in several of them, and then alone
    /// those which that does not work for.
    ///
    /// # Errors
    /// What ends the work for the whole organization: it is gone, or the database is.
    async fn realign_all(
        &self,
        scope: &TenantScope,
        events: Vec<EventId>,
        is_dry_run: bool,
        each: &mut impl FnMut(Realigned),
    ) -> Outcome<()> {
        let mut taken_out = Vec::new();
        let mut groups = vec![events];
        while let Some(group) = groups.pop() {
            match self.realign(scope, group.clone(), is_dry_run).await {
                Ok(moved) => tell(scope, moved, each),
                Err(failure) if ends_all(&failure, &group) => return Err(failure),
                Err(failure) => {
                    let (affected, mut others) = without_affected(group, &failure);
                    if affected.is_empty() && others.len() > 1 {
                        // A smaller transaction may do it.
                        let second = others.split_off(others.len() / 2);
                        groups.extend([second, others]);
                    } else if affected.is_empty() {
                        taken_out.extend(others);
                    } else {
                        taken_out.extend(affected);
                        groups.extend(Some(others).filter(|others| !others.is_empty()));
                    }
                }
            }
        }
        self.realign_alone(scope, taken_out, is_dry_run, each).await
    }

    /// Realigns events one after the other, again as long as one of them moves, because it may leave the time that another one needs.
    async fn realign_alone(
        &self,
        scope: &TenantScope,
        mut events: Vec<EventId>,
        is_dry_run: bool,
        each: &mut impl FnMut(Realigned),
    ) -> Outcome<()> {
        loop {
            let number = events.len();
            let mut left = Vec::new();
            for event in events {
                match self.realign(scope, vec![event], is_dry_run).await {
                    Ok(moved) => tell(scope, moved, each),
                    Err(failure) if ends_all(&failure, &[event]) => return Err(failure),
                    Err(failure) => left.push((event, failure)),
                }
            }
            if is_dry_run || left.len() == number {
                let organization = scope.organization();
                for (event, failure) in left {
                    each(Realigned { organization, events: vec![event], moved_registrations: Err(failure) });
                }
                return Ok(());
            }
            events = left.into_iter().map(|(event, _)| event).collect();
        }
    }

    async fn realign(
        &self,
        scope: &TenantScope,
        events: Vec<EventId>,
        is_dry_run: bool,
    ) -> Outcome<RealignedEvents> {
        let request = RequestMetadata { is_dry_run, ..RequestMetadata::default() };
        let change = request.into_change(Actor::System, self.clock.now());
        self.realignment.realign(scope, events, &change).await
    }
}

/// Gives `each` the events that moved, unless they were deleted or moved meanwhile.
fn tell(scope: &TenantScope, moved: RealignedEvents, each: &mut impl FnMut(Realigned)) {
    let RealignedEvents { events, registrations } = moved;
    if !events.is_empty() {
        let organization = scope.organization();
        each(Realigned { organization, events, moved_registrations: Ok(registrations) });
    }
}

/// Tests for a failure that all events of the organization would have. A transaction of several events may only have been too long.
fn ends_all(failure: &Failure, group: &[EventId]) -> bool {
    match failure {
        Failure::Fault(fault) => {
            group.len() == 1 && matches!(fault.kind(), FaultKind::Unavailable | FaultKind::OutcomeUnknown)
        }
        Failure::Refused(refusals) => refusals.contains(&Refusal::OrganizationSuspended),
    }
}

/// Divides events into those whose registrations are affected and others.
fn without_affected(events: Vec<EventId>, failure: &Failure) -> (Vec<EventId>, Vec<EventId>) {
    let mut affected = HashSet::new();
    if let Failure::Refused(refusals) = failure {
        for refusal in refusals.iter() {
            if let Refusal::RegistrationsAffected { registrations, .. } = refusal {
                affected.extend(registrations.iter().map(|registration| registration.occurrence.event));
            }
        }
    }
    events.into_iter().partition(|event| affected.contains(event))
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    };

    use convene_domain::{occurrence::OccurrenceKey, registration::Registration};

    use super::*;
    use crate::{
        fixtures,
        limits::Limit,
        ports::{MockDirectory, MockRealignment},
        testing::FixedClock,
    };

    /// The events that moved together, by their numbers, or the one that is left.
    type Told = Vec<(Vec<u128>, bool)>;

    fn number(event: EventId) -> u128 {
        (1..9).find(|&number| fixtures::event_id(number) == event).unwrap()
    }

    /// The results for the events 1 to 4. `realign` is the port: it gets events, and returns those of them that move. The version is
    /// recorded after a complete update only.
    async fn run(
        is_dry_run: bool,
        realign: impl Fn(&[u128]) -> Outcome<Vec<u128>> + Send + Sync + 'static,
    ) -> (Result<(), Fault>, Told) {
        let organization = fixtures::organization_id();
        let mut port = MockRealignment::new();
        let outdated = |number| OutdatedEvent { organization, event: fixtures::event_id(number) };
        let all = [1, 2, 3, 4].map(outdated).to_vec();
        port.expect_outdated().returning(move |_| Ok(all.clone()));
        port.expect_realign().returning(move |scope, events, change| {
            assert_eq!(scope.organization(), organization);
            assert_eq!((&change.actor, change.is_dry_run), (&Actor::System, is_dry_run));
            let moved = realign(&events.into_iter().map(number).collect::<Vec<_>>())?;
            let registrations = u32::try_from(moved.len()).unwrap();
            Ok(RealignedEvents { events: moved.into_iter().map(fixtures::event_id).collect(), registrations })
        });
        let is_recorded = Arc::new(AtomicBool::default());
        let recorded = Arc::clone(&is_recorded);
        port.expect_record_version().returning(move |version, _| {
            assert_eq!(version, zone::database_version());
            recorded.store(true, Ordering::Relaxed);
            Ok(())
        });
        let realign = RealignOccurrences::new(Arc::new(FixedClock::default()), Arc::new(port));
        let authority = LocalOperator::new(Arc::new(MockDirectory::new()));
        let mut told = Vec::new();
        let each = |one: Realigned| {
            assert_eq!(one.organization, organization);
            let registrations = one.moved_registrations.as_ref().ok().copied();
            assert!(registrations.is_none_or(|number| number as usize == one.events.len()));
            told.push((one.events.into_iter().map(number).collect(), registrations.is_some()));
        };
        let outcome = realign.execute(&authority, is_dry_run, each).await;
        let is_complete = outcome.is_ok() && !is_dry_run && told.iter().all(|(_, moved)| *moved);
        assert_eq!(is_recorded.load(Ordering::Relaxed), is_complete);
        (outcome, told)
    }

    /// A refusal that names a registration for each of the events.
    fn affected(events: &[u128]) -> Failure {
        let of = |&event: &u128| {
            let registration = fixtures::registration(event, "ada");
            let key = OccurrenceKey { event: fixtures::event_id(event), ..registration.occurrence };
            Registration { occurrence: key, ..registration }
        };
        let registrations: Vec<Registration> = events.iter().map(of).collect();
        let count = u32::try_from(registrations.len()).unwrap();
        Refusal::RegistrationsAffected { count, registrations }.into()
    }

    #[tokio::test]
    async fn the_events_of_an_organization_are_realigned_together() {
        for is_dry_run in [true, false] {
            let (outcome, told) = run(is_dry_run, |events| Ok(events.to_vec())).await;
            assert!(outcome.is_ok());
            assert_eq!(told, [(vec![1, 2, 3, 4], true)]);
        }
    }

    #[tokio::test]
    async fn an_event_that_is_refused_does_not_hold_up_the_others() {
        for is_dry_run in [true, false] {
            let refused = |events: &[u128]| match events.contains(&2) {
                true => Err(affected(&[2])),
                false => Ok(events.to_vec()),
            };
            let (outcome, told) = run(is_dry_run, refused).await;
            assert!(outcome.is_ok());
            assert_eq!(told, [(vec![1, 3, 4], true), (vec![2], false)]);
        }
    }

    /// Together, the events 1 and 3 are refused. Alone, 3 is in the way of 1.
    #[tokio::test]
    async fn what_was_taken_out_is_tried_again_as_long_as_one_moves() {
        for (is_dry_run, last) in
            [(true, [(vec![3], true), (vec![1], false)]), (false, [(vec![3], true), (vec![1], true)])]
        {
            let moved = Mutex::new(Vec::new());
            let (outcome, told) = run(is_dry_run, move |events| {
                let mut moved = moved.lock().unwrap();
                let refused: Vec<u128> = events.iter().copied().filter(|one| [1, 3].contains(one)).collect();
                if events.len() > 1 && !refused.is_empty() {
                    return Err(affected(&refused));
                }
                if events == [1] && !moved.contains(&3) {
                    return Err(affected(&[1]));
                }
                if !is_dry_run {
                    moved.extend_from_slice(events);
                }
                Ok(events.to_vec())
            })
            .await;
            assert!(outcome.is_ok());
            assert_eq!(told[0], (vec![2, 4], true));
            assert_eq!(told[1..], last);
        }
    }

    #[tokio::test]
    async fn too_large_groups_are_divided() {
        let (_, told) = run(false, |events| match events.len() > 2 {
            true => Err(Refusal::LimitExceeded(Limit::EditedRegistrations).into()),
            false => Ok(events.to_vec()),
        })
        .await;
        assert_eq!(told, [(vec![1, 2], true), (vec![3, 4], true)]);
        // The transaction took too long.
        let (outcome, told) = run(false, |events| match events.len() > 2 {
            true => Err(Fault::Unavailable("too long".into()).into()),
            false => Ok(events.to_vec()),
        })
        .await;
        assert!(outcome.is_ok());
        assert_eq!(told, [(vec![1, 2], true), (vec![3, 4], true)]);
        // The third event alone is too large, or is being changed.
        let overloaded = |events: &[u128]| match events.contains(&3) {
            true => Err(Fault::Overloaded.into()),
            false => Ok(events.to_vec()),
        };
        let (outcome, told) = run(false, overloaded).await;
        assert!(outcome.is_ok());
        assert_eq!(told, [(vec![1, 2], true), (vec![4], true), (vec![3], false)]);
    }

    #[tokio::test]
    async fn events_that_were_deleted_or_moved_meanwhile_are_not_told() {
        let (_, told) =
            run(false, |events| Ok(events.iter().copied().filter(|one| *one != 2).collect())).await;
        assert_eq!(told, [(vec![1, 3, 4], true)]);
        let (_, told) = run(false, |_| Ok(Vec::new())).await;
        assert_eq!(told, []);
    }

    #[tokio::test]
    async fn an_organization_that_was_deleted_meanwhile_is_skipped() {
        let (outcome, told) = run(false, |_| Err(Refusal::OrganizationSuspended.into())).await;
        assert!(outcome.is_ok());
        assert_eq!(told, []);
    }

    #[tokio::test]
    async fn an_outage_ends_the_command() {
        let (outcome, told) = run(false, |events| match events.contains(&2) {
            true => Err(Fault::Unavailable("no answer".into()).into()),
            false => Ok(events.to_vec()),
        })
        .await;
        assert!(outcome.is_err());
        assert_eq!(told, [(vec![1], true)]);
    }

    /// The warning of a process, and the version that the database has then.
    async fn due(recorded: Option<&str>, has_occurrences: bool) -> (Option<String>, Option<String>) {
        let stored = Arc::new(Mutex::new(recorded.map(str::to_owned)));
        let mut port = MockRealignment::new();
        let (read, written) = (Arc::clone(&stored), Arc::clone(&stored));
        port.expect_recorded_version().returning(move || Ok(read.lock().unwrap().clone()));
        port.expect_has_occurrences().returning(move || Ok(has_occurrences));
        port.expect_record_version().returning(move |version, _| {
            *written.lock().unwrap() = Some(version.to_owned());
            Ok(())
        });
        let realign = RealignOccurrences::new(Arc::new(FixedClock::default()), Arc::new(port));
        let due = realign.due().await.unwrap().map(|due| due.to_string());
        let stored = stored.lock().unwrap().clone();
        (due, stored)
    }

    #[tokio::test]
    async fn an_update_is_due_while_another_version_is_recorded() {
        let program = zone::database_version();
        assert_eq!(due(Some(program), true).await, (None, Some(program.to_owned())));
        // Of an earlier and of a later release.
        for recorded in ["1999z", "2999a"] {
            let (warning, now) = due(Some(recorded), true).await;
            let versions =
                format!("time-zone database {recorded}, and this program has {program}; run it when ");
            let warning = warning.unwrap();
            assert!(
                warning.starts_with("convene update-occurrences is due: ") && warning.contains(&versions),
                "{warning}"
            );
            assert_eq!(now.as_deref(), Some(recorded), "only an update replaces it");
        }
        // From before versions were recorded.
        let (warning, now) = due(None, true).await;
        let expected = format!(
            "no update of stored occurrences is recorded, and this program has the time-zone database {program}; "
        );
        assert!(warning.unwrap().contains(&expected));
        assert_eq!(now, None);
    }

    #[tokio::test]
    async fn without_occurrences_no_update_is_due() {
        let program = zone::database_version();
        assert_eq!(due(None, false).await, (None, Some(program.to_owned())));
        // A server of another version may store the first occurrence.
        assert_eq!(due(Some("1999z"), false).await, (None, Some("1999z".to_owned())));
    }
}
