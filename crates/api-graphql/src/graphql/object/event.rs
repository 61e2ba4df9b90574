use std::sync::Arc;

use convene_domain::{event, id::EventId};
use juniper::{ID, graphql_object};

use super::{NodeValue, OccurrenceConnection, Recurrence, mirror::mirror_enum, numbers::int};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    query,
    scalars::{DateTime, Duration, LocalDateTime, TimeZone},
};

mirror_enum! {
    /// Whether an event takes place.
    EventStatus = event::EventStatus {
        /// It does.
        Scheduled,
        /// It was called off.
        Cancelled,
    }
}

/// An event, one-off or recurring.
#[derive(Clone, Debug)]
pub struct Event(Arc<event::Event>);

impl Event {
    /// An event that something else names.
    ///
    /// # Errors
    /// Faults, and an event that is gone: what belongs to an event goes with it.
    pub(super) async fn named(context: &Context, id: EventId) -> Result<Self, FieldProblem> {
        Self::find(context, id).await?.ok_or_else(|| context.missing("event", id))
    }

    /// An event that something else names, if it is still there.
    pub(super) async fn find(context: &Context, id: EventId) -> Result<Option<Self>, FieldProblem> {
        Ok(context.loaders()?.event(id).await?.map(Self))
    }
}

impl From<event::Event> for Event {
    fn from(event: event::Event) -> Self {
        Self(Arc::new(event))
    }
}

/// An event, one-off or recurring.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Event {
    /// Its id.
    fn id(&self) -> ID {
        ID::from(self.0.id.to_string())
    }

    /// What it is called.
    fn title(&self) -> &str {
        self.0.title.as_str()
    }

    /// What it is about.
    fn description(&self) -> &str {
        self.0.description.as_str()
    }

    /// Where it takes place.
    fn location(&self) -> &str {
        self.0.location.as_str()
    }

    /// The zone that its wall-clock times are read in.
    fn time_zone(&self) -> TimeZone {
        self.0.series.zone().into()
    }

    /// When its first occurrence begins.
    fn starts_at(&self) -> LocalDateTime {
        self.0.series.start().into()
    }

    /// How long each occurrence takes.
    fn duration(&self) -> Duration {
        self.0.duration.into()
    }

    /// How it repeats; null for a one-off event.
    fn recurrence(&self) -> Option<Recurrence> {
        Recurrence::of(&self.0)
    }

    /// How many seats each occurrence has, unless that occurrence says otherwise.
    fn capacity(&self) -> i32 {
        int(self.0.capacity.get())
    }

    /// Whether it takes place.
    fn status(&self) -> EventStatus {
        self.0.status.into()
    }

    /// How long before an occurrence's start registration opens; null: at once.
    fn registration_opens(&self) -> Option<Duration> {
        self.0.policy.opens.map(Into::into)
    }

    /// How long before an occurrence's start registration closes; null: at its start.
    fn registration_closes(&self) -> Option<Duration> {
        self.0.policy.closes.map(Into::into)
    }

    /// How long before an occurrence's start a member may still cancel; null: until its start.
    fn cancellation_closes(&self) -> Option<Duration> {
        self.0.policy.cancellation_closes.map(Into::into)
    }

    /// Counts its changes, from 1.
    fn version(&self) -> i32 {
        int(self.0.version)
    }

    /// When it was created.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it last changed.
    fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// Its occurrences that overlap [from, to), by start. At most 366 days. Cancelled ones are left out unless
    /// asked for.
    async fn occurrences(
        &self,
        context: &Context,
        from: DateTime,
        to: DateTime,
        first: Option<i32>,
        after: Option<String>,
        #[graphql(default = Some(false))] include_cancelled: Option<bool>,
    ) -> Result<OccurrenceConnection, FieldProblem> {
        let include_cancelled = include_cancelled.unwrap_or_default();
        let window = (&from, &to);
        query::occurrence::of_event(context, self.0.id, include_cancelled, window, first, after.as_deref())
            .await
    }
}
