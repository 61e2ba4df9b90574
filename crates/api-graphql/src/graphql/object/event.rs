use std::sync::Arc;

use convene_domain::{event, id::EventId};
use juniper::{ID, ScalarValue, graphql_object};

use super::{
    NodeValue, OccurrenceConnection, Recurrence, RegistrationConnection, immediate::Prefetched,
    mirror::mirror_enum, numbers::int,
};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::RegistrationFilter,
    query::{self, paging::Paging},
    scalars::{DateTime, Duration, LocalDateTime, TimeZone},
};

mirror_enum! {
    /// The status of an event.
    EventStatus = event::EventStatus {
        /// The event takes place.
        Scheduled,
        /// The event was cancelled.
        Cancelled,
    }
}

/// An event, one-off or recurring.
#[derive(Clone, Debug)]
pub struct Event(Arc<event::Event>);

impl Event {
    /// The event of a reference, if it still exists.
    pub(super) async fn find(context: &Context, id: EventId) -> Result<Option<Self>, FieldProblem> {
        Ok(context.loaders()?.event(id).await?.map(Self))
    }
}

impl From<Arc<event::Event>> for Event {
    fn from(event: Arc<event::Event>) -> Self {
        Self(event)
    }
}

impl From<event::Event> for Event {
    fn from(event: event::Event) -> Self {
        Self(Arc::new(event))
    }
}

impl<S: ScalarValue> Prefetched<S> for Event {}

/// An event, one-off or recurring.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Event {
    /// The id of the event.
    pub(super) fn id(&self) -> ID {
        ID::from(self.0.id.to_string())
    }

    /// The title.
    fn title(&self) -> &str {
        self.0.title.as_str()
    }

    /// The description.
    fn description(&self) -> &str {
        self.0.description.as_str()
    }

    /// The location.
    fn location(&self) -> &str {
        self.0.location.as_str()
    }

    /// The time zone of the event's local times.
    fn time_zone(&self) -> TimeZone {
        self.0.series.zone().into()
    }

    /// The start of the first occurrence.
    fn starts_at(&self) -> LocalDateTime {
        self.0.series.first_date().into()
    }

    /// The duration of each occurrence.
    fn duration(&self) -> Duration {
        self.0.duration.into()
    }

    /// True for an event of whole days: from midnight to midnight on the clocks of its time zone.
    fn all_day(&self) -> bool {
        self.0.is_all_day()
    }

    /// The recurrence; null for a one-off event.
    fn recurrence(&self) -> Option<Recurrence> {
        Recurrence::of(&self.0)
    }

    /// The number of seats of each occurrence that has no capacity of its own.
    fn capacity(&self) -> i32 {
        int(self.0.capacity.get())
    }

    /// The status.
    fn status(&self) -> EventStatus {
        self.0.status.into()
    }

    /// The time between the opening of registration and the start of an occurrence; null: open at once.
    fn registration_opens(&self) -> Option<Duration> {
        self.0.policy.opens.map(Into::into)
    }

    /// The time between the close of registration and the start of an occurrence; null: open until the start.
    fn registration_closes(&self) -> Option<Duration> {
        self.0.policy.closes.map(Into::into)
    }

    /// The time between the end of cancellations by members and the start of an occurrence; null: possible until the
    /// start.
    fn cancellation_closes(&self) -> Option<Duration> {
        self.0.policy.cancellation_closes.map(Into::into)
    }

    /// The version, which starts at 1 and grows with each change.
    fn version(&self) -> i32 {
        int(self.0.version)
    }

    /// The time of creation.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// The time of the last change.
    fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// The occurrences that overlap [from, to), by start. At most 366 days. Cancelled occurrences are left out unless
    /// requested.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn occurrences(
        &self,
        context: &Context,
        #[graphql(description = "The beginning of the window.")] from: DateTime,
        #[graphql(description = "The end of the window, exclusive; at most 366 days after its beginning.")]
        to: DateTime,
        #[graphql(
            description = "The number of items from the beginning of the list, or after `after`: 1 to 100; 50 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page begins behind its item. Not together with `last` or `before`."
        )]
        after: Option<String>,
        #[graphql(
            description = "The number of items up to the end of the list, or before `before`: 1 to 100; 50 if only `before` is given. Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page ends in front of its item. Not together with `first` or `after`."
        )]
        before: Option<String>,
        #[graphql(default = Some(false), description = "Includes cancelled occurrences.")]
        include_cancelled: Option<bool>,
    ) -> Result<OccurrenceConnection, FieldProblem> {
        let window = (&from, &to);
        let paging = Paging { first, after, last, before };
        query::occurrence::of_event(context, self.0.id, include_cancelled, window, paging).await
    }

    /// The registrations of all members for all occurrences of the event, by start, then id. Only ADMINs can use it.
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
        query::registration::of_event(context, self.0.id, paging, filter).await.map(Some)
    }
}
