use std::{collections::BTreeSet, ops::Deref, sync::Arc};

use convene_application::occurrence::OccurrenceOfEvent;
use convene_domain::{event, id::EventId, occurrence, registration};
use juniper::{ID, ScalarValue, graphql_object};

use super::{
    Event, Immediate, NodeValue, Registration, RegistrationConnection, immediate::Prefetched,
    mirror::mirror_enum, numbers::int,
};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::RegistrationFilter,
    query::{self, paging::Paging},
    scalars::DateTime,
};

mirror_enum! {
    /// The status of an occurrence.
    OccurrenceStatus = event::EventStatus {
        /// The occurrence takes place.
        Scheduled,
        /// The occurrence was cancelled.
        Cancelled,
    }
}

mirror_enum! {
    /// The state of registration for an occurrence.
    RegistrationState = occurrence::RegistrationState {
        /// Members can register.
        Open,
        /// Registration opens later.
        NotYetOpen,
        /// Registration has closed, or the occurrence has begun.
        Closed,
        /// All seats are taken.
        Full,
        /// The occurrence was cancelled.
        Cancelled,
    }
}

/// One occurrence of an event.
#[derive(Clone, Debug)]
pub struct Occurrence(Held);

#[derive(Clone, Debug)]
enum Held {
    OfEvent(Arc<OccurrenceOfEvent>),
    /// The result of a mutation, and the reason why its event is not known.
    Alone(Arc<occurrence::Occurrence>, FieldProblem),
}

impl Deref for Held {
    type Target = occurrence::Occurrence;

    fn deref(&self) -> &occurrence::Occurrence {
        match self {
            Self::OfEvent(occurrence) => &occurrence.occurrence,
            Self::Alone(occurrence, _) => occurrence,
        }
    }
}

impl Occurrence {
    /// The occurrence of a registration. A cancelled registration may have outlived it.
    ///
    /// # Errors
    /// Faults, and an event that does not exist: an event is deleted together with its registrations.
    pub(super) async fn of(
        context: &Context,
        registration: &registration::Registration,
    ) -> Result<Self, FieldProblem> {
        let (loaders, key) = (context.loaders()?, registration.occurrence);
        if let Some(occurrence) = loaders.occurrence(key).await? {
            return Ok(occurrence.into());
        }
        let Some(event) = loaders.event(key.event).await? else {
            return Err(context.missing("occurrence", key).await);
        };
        let occurrence = registration.recorded_occurrence(&event);
        Ok(OccurrenceOfEvent { occurrence, event }.into())
    }

    /// The occurrences that a mutation changed, with their events. The mutation has succeeded even if the events cannot be read.
    pub(in crate::graphql) async fn changed(
        context: &Context,
        occurrences: Vec<occurrence::Occurrence>,
    ) -> Vec<Self> {
        context.begin_payload(true);
        let ids: BTreeSet<EventId> = occurrences.iter().map(|occurrence| occurrence.key.event).collect();
        let find = async {
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            let found = context.use_cases().get_events.execute(context.caller()?, &Vec::from_iter(ids)).await;
            context.found(found)
        };
        let found: Result<_, FieldProblem> = find.await;
        let mut changed = Vec::with_capacity(occurrences.len());
        for occurrence in occurrences {
            let id = occurrence.key.event;
            let event = found.as_ref().map(|events| events.iter().find(|event| event.id == id));
            let problem = match event {
                Ok(Some(event)) => {
                    changed.push(OccurrenceOfEvent { occurrence, event: Arc::clone(event) }.into());
                    continue;
                }
                Ok(None) => context.missing("event", id).await,
                Err(problem) => problem.clone(),
            };
            changed.push(Self(Held::Alone(Arc::new(occurrence), problem)));
        }
        changed
    }
}

impl From<Arc<OccurrenceOfEvent>> for Occurrence {
    fn from(occurrence: Arc<OccurrenceOfEvent>) -> Self {
        Self(Held::OfEvent(occurrence))
    }
}

impl From<OccurrenceOfEvent> for Occurrence {
    fn from(occurrence: OccurrenceOfEvent) -> Self {
        Arc::new(occurrence).into()
    }
}

impl<S: ScalarValue> Prefetched<S> for Occurrence {}

/// One occurrence of an event.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Occurrence {
    /// The id of the occurrence: the id of its event, an underscore, and its original start in UTC.
    pub(super) fn id(&self) -> ID {
        ID::from(self.0.key.to_string())
    }

    /// The event of the occurrence.
    fn event(&self) -> Result<Immediate<Event>, FieldProblem> {
        match &self.0 {
            Held::OfEvent(occurrence) => Ok(Event::from(Arc::clone(&occurrence.event)).into()),
            Held::Alone(_, problem) => Err(problem.clone()),
        }
    }

    /// The version, which starts at 1 and grows with each change of the occurrence: by itself, and by an edit of its event if
    /// somebody is registered or it has values of its own. Registrations do not change it.
    fn version(&self) -> i32 {
        int(self.0.version)
    }

    /// The start that the event's rule gives. It identifies the occurrence within the series, also after a reschedule.
    fn original_start(&self) -> DateTime {
        self.0.key.original_start.into()
    }

    /// The start.
    fn starts_at(&self) -> DateTime {
        self.0.interval.start().into()
    }

    /// The end.
    fn ends_at(&self) -> DateTime {
        self.0.interval.end().into()
    }

    /// The title.
    fn title(&self) -> &str {
        self.0.title.as_str()
    }

    /// The location.
    fn location(&self) -> &str {
        self.0.location.as_str()
    }

    /// The number of seats.
    fn capacity(&self) -> i32 {
        int(self.0.capacity.get())
    }

    /// The number of taken seats.
    fn registered_count(&self) -> i32 {
        int(self.0.taken)
    }

    /// The number of free seats.
    fn available_seats(&self) -> i32 {
        int(self.0.available())
    }

    /// The number of waitlisted registrations.
    fn waitlisted_count(&self) -> i32 {
        int(self.0.waiting)
    }

    /// The status.
    fn status(&self) -> OccurrenceStatus {
        self.0.status.into()
    }

    /// The state of registration now.
    fn registration_state(&self, context: &Context) -> RegistrationState {
        self.0.registration_state(context.now()).into()
    }

    /// The time of the last change of the exception; null as long as the occurrence is only what its rule gives.
    fn updated_at(&self) -> Option<DateTime> {
        self.0.updated_at.map(Into::into)
    }

    /// True if the occurrence was rescheduled, relocated, resized, renamed or cancelled by itself.
    fn is_exception(&self) -> bool {
        self.0.is_exception
    }

    /// The caller's own active registration.
    async fn viewer_registration(&self, context: &Context) -> Result<Option<Registration>, FieldProblem> {
        Ok(context.loaders()?.viewer_registration(self.0.key).await?.map(Registration::from))
    }

    /// The registrations of all members for the occurrence, by start, then id. Only ADMINs can use it.
    async fn registrations(
        &self,
        context: &Context,
        #[graphql(
            description = "The number of items from the beginning of the list, or after `after`: 1 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page begins behind its item. Not together with `last` or `before`."
        )]
        after: Option<String>,
        #[graphql(
            description = "The number of items up to the end of the list, or before `before`: 1 to 100; 20 if only `before` is given. Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page ends in front of its item. Not together with `first` or `after`."
        )]
        before: Option<String>,
        #[graphql(description = "The conditions; everything if left out.")] filter: Option<
            RegistrationFilter,
        >,
    ) -> Result<Option<RegistrationConnection>, FieldProblem> {
        let paging = Paging { first, after, last, before };
        query::registration::of_occurrence(context, self.0.key, paging, filter).await.map(Some)
    }
}
