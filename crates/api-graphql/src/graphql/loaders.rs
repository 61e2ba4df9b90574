//! Batched reads: the objects that the fields of a request need one by one are read from the use cases together.
//!
//! Loaders belong to a request and its caller, so an object that was read for one caller is never shown to another.

use std::{collections::HashMap, fmt::Debug, hash::Hash, marker::PhantomData, sync::Arc};

use async_trait::async_trait;
use convene_application::{
    caller::Caller,
    failure::{Fault, Outcome},
    member::{IncludeRemoved, VisibleMember},
    use_cases::UseCases,
};
use convene_domain::{
    event::Event,
    id::{EventId, MemberId, RegistrationId},
    occurrence::{Occurrence, OccurrenceKey},
    registration::Registration,
};
use dataloader::{BatchFn, cached::Loader};

use super::errors::{FieldProblem, ReportedFault};
use crate::request_id::RequestId;

/// The access to the use cases for one caller.
#[derive(Clone)]
struct Source {
    use_cases: Arc<UseCases>,
    caller: Caller,
    request_id: RequestId,
}

/// A lookup of many values at once.
#[async_trait]
trait Lookup: Send + Sync + 'static {
    type Key: Copy + Eq + Hash + Debug + Send + Sync;
    type Value: Clone + Send + Sync;

    /// The values that exist.
    async fn find(
        use_cases: &UseCases,
        caller: &Caller,
        keys: &[Self::Key],
    ) -> Outcome<HashMap<Self::Key, Self::Value>>;
}

/// A loaded value; `None` if it does not exist, or not for this caller.
type Loaded<V> = Result<Option<V>, ReportedFault>;

struct Batch<L> {
    source: Source,
    lookup: PhantomData<L>,
}

impl<L: Lookup> BatchFn<L::Key, Loaded<L::Value>> for Batch<L> {
    async fn load(&mut self, keys: &[L::Key]) -> HashMap<L::Key, Loaded<L::Value>> {
        let Source { use_cases, caller, request_id } = &self.source;
        match L::find(use_cases, caller, keys).await {
            Ok(mut found) => keys.iter().map(|key| (*key, Ok(found.remove(key)))).collect(),
            Err(failure) => {
                // Lookups refuse nothing, so every failure is a fault.
                let fault = Fault::internal(failure);
                let reported = ReportedFault::report(&fault, request_id);
                keys.iter().map(|key| (*key, Err(reported.clone()))).collect()
            }
        }
    }
}

struct Many<L: Lookup> {
    loader: Loader<L::Key, Loaded<L::Value>, Batch<L>>,
    request_id: RequestId,
}

impl<L: Lookup> Many<L> {
    fn new(source: &Source) -> Self {
        let batch = Batch { source: source.clone(), lookup: PhantomData };
        Self { loader: Loader::new(batch), request_id: source.request_id.clone() }
    }

    async fn get(&self, key: L::Key) -> Result<Option<L::Value>, FieldProblem> {
        let loaded = self.loader.try_load(key).await;
        let loaded =
            loaded.map_err(|lost| ReportedFault::report(&Fault::internal(lost), &self.request_id))?;
        Ok(loaded?)
    }
}

/// The loaders of a request.
pub(crate) struct Loaders {
    members: Many<MembersWithRemoved>,
    events: Many<Events>,
    occurrences: Many<Occurrences>,
    viewer_registrations: Many<ViewerRegistrations>,
    waitlist_positions: Many<WaitlistPositions>,
}

impl Loaders {
    pub(crate) fn new(use_cases: Arc<UseCases>, caller: &Caller, request_id: &RequestId) -> Self {
        let source = Source { use_cases, caller: caller.clone(), request_id: request_id.clone() };
        Self {
            members: Many::new(&source),
            events: Many::new(&source),
            occurrences: Many::new(&source),
            viewer_registrations: Many::new(&source),
            waitlist_positions: Many::new(&source),
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
    ) -> Result<Option<Arc<Occurrence>>, FieldProblem> {
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
}

struct MembersWithRemoved;

#[async_trait]
impl Lookup for MembersWithRemoved {
    type Key = MemberId;
    type Value = Arc<VisibleMember>;

    async fn find(
        use_cases: &UseCases,
        caller: &Caller,
        keys: &[MemberId],
    ) -> Outcome<HashMap<MemberId, Arc<VisibleMember>>> {
        let found = use_cases.get_members.execute(caller, keys, IncludeRemoved::Yes).await?;
        Ok(found.into_iter().map(|member| (member.id, Arc::new(member))).collect())
    }
}

struct Events;

#[async_trait]
impl Lookup for Events {
    type Key = EventId;
    type Value = Arc<Event>;

    async fn find(
        use_cases: &UseCases,
        caller: &Caller,
        keys: &[EventId],
    ) -> Outcome<HashMap<EventId, Arc<Event>>> {
        let found = use_cases.get_events.execute(caller, keys).await?;
        Ok(found.into_iter().map(|event| (event.id, Arc::new(event))).collect())
    }
}

struct Occurrences;

#[async_trait]
impl Lookup for Occurrences {
    type Key = OccurrenceKey;
    type Value = Arc<Occurrence>;

    async fn find(
        use_cases: &UseCases,
        caller: &Caller,
        keys: &[OccurrenceKey],
    ) -> Outcome<HashMap<OccurrenceKey, Arc<Occurrence>>> {
        let found = use_cases.get_occurrences.execute(caller, keys).await?;
        Ok(found.into_iter().map(|(asked, occurrence)| (asked, Arc::new(occurrence))).collect())
    }
}

struct ViewerRegistrations;

#[async_trait]
impl Lookup for ViewerRegistrations {
    type Key = OccurrenceKey;
    type Value = Arc<Registration>;

    async fn find(
        use_cases: &UseCases,
        caller: &Caller,
        keys: &[OccurrenceKey],
    ) -> Outcome<HashMap<OccurrenceKey, Arc<Registration>>> {
        let found = use_cases.viewer_registrations.execute(caller, keys).await?;
        Ok(found.into_iter().map(|(key, registration)| (key, Arc::new(registration))).collect())
    }
}

struct WaitlistPositions;

#[async_trait]
impl Lookup for WaitlistPositions {
    type Key = RegistrationId;
    type Value = u32;

    async fn find(
        use_cases: &UseCases,
        caller: &Caller,
        keys: &[RegistrationId],
    ) -> Outcome<HashMap<RegistrationId, u32>> {
        use_cases.waitlist_positions.execute(caller, keys).await
    }
}
