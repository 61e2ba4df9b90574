use std::sync::Arc;

use convene_domain::{event, occurrence};
use juniper::{ID, graphql_object};

use super::{Event, NodeValue, Registration, RegistrationConnection, mirror::mirror_enum, numbers::int};
use crate::graphql::{
    context::Context, errors::FieldProblem, input::RegistrationFilter, query, scalars::DateTime,
};

mirror_enum! {
    /// Whether an occurrence takes place.
    OccurrenceStatus = event::EventStatus {
        /// It does.
        Scheduled,
        /// It was called off.
        Cancelled,
    }
}

mirror_enum! {
    /// Whether, and why not, a member can register for an occurrence.
    RegistrationState = occurrence::RegistrationState {
        /// They can.
        Open,
        /// It opens later.
        NotYetOpen,
        /// It has closed, or the occurrence has begun.
        Closed,
        /// No seat is free.
        Full,
        /// It does not take place.
        Cancelled,
    }
}

/// One occurrence of an event.
#[derive(Clone, Debug)]
pub struct Occurrence(Arc<occurrence::Occurrence>);

impl Occurrence {
    /// The occurrence of a registration.
    ///
    /// # Errors
    /// Faults, and an occurrence that is gone: what people hold seats in stays.
    pub(super) async fn named(
        context: &Context,
        key: occurrence::OccurrenceKey,
    ) -> Result<Self, FieldProblem> {
        let occurrence = context.loaders()?.occurrence(key).await?;
        occurrence.map(Self).ok_or_else(|| context.missing("occurrence", key))
    }
}

impl From<occurrence::Occurrence> for Occurrence {
    fn from(occurrence: occurrence::Occurrence) -> Self {
        Self(Arc::new(occurrence))
    }
}

/// One occurrence of an event.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Occurrence {
    /// Its id: its event's id, an underscore, and its original start in UTC.
    fn id(&self) -> ID {
        ID::from(self.0.key.to_string())
    }

    /// The event that it belongs to.
    async fn event(&self, context: &Context) -> Result<Event, FieldProblem> {
        Event::named(context, self.0.key.event).await
    }

    /// When it begins by the event's rule: its identity within the series. It does not change when it is moved.
    fn original_start(&self) -> DateTime {
        self.0.key.original_start.into()
    }

    /// When it begins.
    fn starts_at(&self) -> DateTime {
        self.0.interval.start().into()
    }

    /// When it ends.
    fn ends_at(&self) -> DateTime {
        self.0.interval.end().into()
    }

    /// What it is called.
    fn title(&self) -> &str {
        self.0.title.as_str()
    }

    /// Where it takes place.
    fn location(&self) -> &str {
        self.0.location.as_str()
    }

    /// How many seats it has.
    fn capacity(&self) -> i32 {
        int(self.0.capacity.get())
    }

    /// How many seats are taken.
    fn registered_count(&self) -> i32 {
        int(self.0.taken)
    }

    /// How many seats are free.
    fn available_seats(&self) -> i32 {
        int(self.0.available())
    }

    /// How many wait for a seat.
    fn waitlisted_count(&self) -> i32 {
        int(self.0.waiting)
    }

    /// Whether it takes place.
    fn status(&self) -> OccurrenceStatus {
        self.0.status.into()
    }

    /// Whether, and why not, a member can register for it now.
    fn registration_state(&self, context: &Context) -> RegistrationState {
        self.0.registration_state(context.now()).into()
    }

    /// Whether it was moved, resized, renamed or cancelled by itself.
    fn is_exception(&self) -> bool {
        self.0.is_exception
    }

    /// The caller's own active registration.
    async fn viewer_registration(&self, context: &Context) -> Result<Option<Registration>, FieldProblem> {
        Ok(context.loaders()?.viewer_registration(self.0.key).await?.map(Registration::from))
    }

    /// Everyone's registrations for it, by start, then id. ADMIN only.
    async fn registrations(
        &self,
        context: &Context,
        first: Option<i32>,
        after: Option<String>,
        filter: Option<RegistrationFilter>,
    ) -> Result<Option<RegistrationConnection>, FieldProblem> {
        query::registration::of_occurrence(context, self.0.key, first, after.as_deref(), filter)
            .await
            .map(Some)
    }
}
