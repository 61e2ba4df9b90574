//! Batched reads: the objects that the fields of a request need one by one are read from the use cases together.
//!
//! Loaders belong to a request and its caller, so an object that was read for one caller is never shown to another.

mod batched;
mod lists;
mod lookups;
mod subjects;

use std::{collections::HashMap, fmt::Debug, hash::Hash, sync::Arc};

use async_trait::async_trait;
use convene_application::{
    caller::Caller,
    failure::{Failure, Fault, Outcome},
    member::VisibleMember,
    occurrence::{OccurrenceOfEvent, OccurrenceQuery},
    page::BoundedPage,
    ports::RegistrationPosition,
    use_cases::UseCases,
};
use convene_domain::{
    activity::Subject,
    event::Event,
    id::{EventId, MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    registration::Registration,
};

use self::{
    batched::Batched,
    lists::{
        OccurrenceLists, RegistrationNumbersOfEvents, RegistrationNumbersOfOccurrences,
        RegistrationsOfEvents, RegistrationsOfOccurrences,
    },
    lookups::{Events, MembersWithRemoved, Occurrences, ViewerRegistrations, WaitlistPositions},
    subjects::Subjects,
};
pub(crate) use self::{
    lists::{OccurrencePage, RegistrationList, RegistrationNumber},
    subjects::{SubjectObject, find},
};
use super::{
    errors::{FaultReporter, FieldProblem, ReportedFault},
    look_ahead::LookAhead,
};

/// The access to the use cases for one caller.
#[derive(Clone)]
struct Source {
    use_cases: Arc<UseCases>,
    caller: Caller,
    faults: FaultReporter,
    look_ahead: LookAhead,
}

/// A lookup of many values at once.
#[async_trait]
trait Lookup: Send + Sync + 'static {
    type Key: Clone + Eq + Hash + Debug + Send + Sync;
    type Value: Clone + Send + Sync;

    /// The values that exist.
    async fn find(source: &Source, keys: &[Self::Key]) -> Outcome<HashMap<Self::Key, Self::Value>>;
}

/// A loaded value; `None` if it does not exist, or not for this caller.
type Loaded<V> = Result<Option<V>, ReportedFault>;

struct Many<L: Lookup> {
    batched: Batched<L::Key, Loaded<L::Value>>,
    source: Source,
}

impl<L: Lookup> Many<L> {
    fn new(source: &Source) -> Self {
        Self { batched: Batched::new(), source: source.clone() }
    }

    async fn get(&self, key: L::Key) -> Result<Option<L::Value>, FieldProblem> {
        let loaded = self.batched.get(&key, |keys| self.load(keys)).await;
        Ok(loaded.unwrap_or(Ok(None))?)
    }

    async fn load(&self, keys: Vec<L::Key>) -> Vec<(L::Key, Loaded<L::Value>)> {
        match L::find(&self.source, &keys).await {
            Ok(mut found) => {
                let value = |key: L::Key| {
                    let value = found.remove(&key);
                    (key, Ok(value))
                };
                keys.into_iter().map(value).collect()
            }
            Err(failure) => {
                let reported = self.source.faults.report(&as_fault(failure));
                keys.into_iter().map(|key| (key, Err(reported.clone()))).collect()
            }
        }
    }
}

/// The fault of a lookup. A lookup refuses nothing: arguments are checked before their keys are made.
fn as_fault(failure: Failure) -> Fault {
    match failure {
        Failure::Fault(fault) => fault,
        refused @ Failure::Refused(_) => Fault::internal(refused),
    }
}

/// The loaders of a request.
pub(crate) struct Loaders {
    members: Many<MembersWithRemoved>,
    events: Many<Events>,
    occurrences: Many<Occurrences>,
    viewer_registrations: Many<ViewerRegistrations>,
    waitlist_positions: Many<WaitlistPositions>,
    occurrence_lists: Many<OccurrenceLists>,
    registrations_of_occurrences: Many<RegistrationsOfOccurrences>,
    registrations_of_events: Many<RegistrationsOfEvents>,
    registration_numbers_of_occurrences: Many<RegistrationNumbersOfOccurrences>,
    registration_numbers_of_events: Many<RegistrationNumbersOfEvents>,
    subjects: Many<Subjects>,
}

impl Loaders {
    pub(crate) fn new(
        use_cases: Arc<UseCases>,
        caller: &Caller,
        faults: &FaultReporter,
        look_ahead: LookAhead,
    ) -> Self {
        let (caller, faults) = (caller.clone(), faults.clone());
        let source = Source { use_cases, caller, faults, look_ahead };
        Self {
            members: Many::new(&source),
            events: Many::new(&source),
            occurrences: Many::new(&source),
            viewer_registrations: Many::new(&source),
            waitlist_positions: Many::new(&source),
            occurrence_lists: Many::new(&source),
            registrations_of_occurrences: Many::new(&source),
            registrations_of_events: Many::new(&source),
            registration_numbers_of_occurrences: Many::new(&source),
            registration_numbers_of_events: Many::new(&source),
            subjects: Many::new(&source),
        }
    }

    /// A referenced member, removed or not.
    pub(crate) async fn member(&self, id: MemberId) -> Result<Option<Arc<VisibleMember>>, FieldProblem> {
        self.members.get(id).await
    }

    pub(crate) async fn event(&self, id: EventId) -> Result<Option<Arc<Event>>, FieldProblem> {
        self.events.get(id).await
    }

    pub(crate) async fn occurrence(
        &self,
        key: OccurrenceKey,
    ) -> Result<Option<Arc<OccurrenceOfEvent>>, FieldProblem> {
        self.occurrences.get(key).await
    }

    /// The caller's own active registration for an occurrence.
    pub(crate) async fn viewer_registration(
        &self,
        key: OccurrenceKey,
    ) -> Result<Option<Arc<Registration>>, FieldProblem> {
        self.viewer_registrations.get(key).await
    }

    /// The waitlist position of a registration; 1 is next.
    pub(crate) async fn waitlist_position(&self, id: RegistrationId) -> Result<Option<u32>, FieldProblem> {
        self.waitlist_positions.get(id).await
    }

    /// The object of a change.
    pub(crate) async fn subject(&self, subject: Subject) -> Result<Option<SubjectObject>, FieldProblem> {
        self.subjects.get(subject).await
    }

    /// A page of a list of occurrences.
    pub(crate) async fn occurrence_list(
        &self,
        query: OccurrenceQuery,
    ) -> Result<OccurrencePage, FieldProblem> {
        Ok(self.occurrence_lists.get(query).await?.unwrap_or_default())
    }

    /// A page of the registrations for an occurrence. The caller must be an admin.
    pub(crate) async fn registrations_of_occurrence(
        &self,
        list: RegistrationList<OccurrenceKey>,
    ) -> Result<BoundedPage<Arc<Registration>, RegistrationPosition>, FieldProblem> {
        Ok(self.registrations_of_occurrences.get(list).await?.unwrap_or_default())
    }

    /// A page of the registrations for an event. The caller must be an admin.
    pub(crate) async fn registrations_of_event(
        &self,
        list: RegistrationList<EventId>,
    ) -> Result<BoundedPage<Arc<Registration>, RegistrationPosition>, FieldProblem> {
        Ok(self.registrations_of_events.get(list).await?.unwrap_or_default())
    }

    /// The number of the registrations for an occurrence; `None` if there are too many to count. The caller must be an admin.
    pub(crate) async fn number_of_occurrence(
        &self,
        number: RegistrationNumber<OccurrenceKey>,
    ) -> Result<Option<u32>, FieldProblem> {
        Ok(self.registration_numbers_of_occurrences.get(number).await?.unwrap_or(Some(0)))
    }

    /// The number of the registrations for an event; `None` if there are too many to count. The caller must be an admin.
    pub(crate) async fn number_of_event(
        &self,
        number: RegistrationNumber<EventId>,
    ) -> Result<Option<u32>, FieldProblem> {
        Ok(self.registration_numbers_of_events.get(number).await?.unwrap_or(Some(0)))
    }
}
