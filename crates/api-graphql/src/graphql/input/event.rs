use convene_application::{
    event::{CreateEventCommand, DuplicateEventCommand, SeriesPart, UpdateEventCommand},
    failure::Field,
    ports::{self, EventPatch, NewStart},
};
use convene_domain::{
    capacity::Capacity,
    event::RegistrationPolicy,
    id::EventId,
    occurrence::OccurrenceKey,
    text::{Description, Location, SearchText, Title},
};
use juniper::{GraphQLEnum, GraphQLInputObject, ID, Nullable};

use super::{
    Choice, MutationInput, RecurrenceInput, dry_run, expected_version, idempotency_key,
    registration::check_window, times::GivenTimes,
};
use crate::graphql::{
    object::EventStatus,
    problems::Problems,
    scalars::{Date, DateTime, Duration, LocalDateTime, TimeZone},
};

/// A filter of events. Fields that are left out select everything.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct EventFilter {
    /// Events with this text in their title or description, regardless of case and accents; 1 to 200
    /// characters.
    pub search: Option<String>,
    /// Events of this status.
    pub status: Option<EventStatus>,
    /// True: recurring events only; false: one-off events only.
    pub recurring: Option<bool>,
    /// Events with an occurrence, by their rule, that ends after this time.
    pub from: Option<DateTime>,
    /// Events with an occurrence, by their rule, that begins before this time; with `from`, one that overlaps the period.
    pub to: Option<DateTime>,
}

impl EventFilter {
    /// The checked filter, or `None` if a problem was noted.
    pub(crate) fn check(&self, problems: &mut Problems) -> Option<ports::EventFilter> {
        let search = problems.check_optional(Field::Search, self.search.as_deref(), SearchText::parse);
        let (from, to) = check_window(problems, self.from.as_ref(), self.to.as_ref())?;
        let (status, recurring) = (self.status.map(Into::into), self.recurring);
        Some(ports::EventFilter { search: search?, status, recurring, from, to })
    }
}

/// An event to create.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct CreateEventInput {
    /// The title, 1 to 200 characters.
    pub title: String,
    /// The description, at most 10,000 characters; empty if left out.
    pub description: Option<String>,
    /// The location, at most 500 characters; empty if left out.
    pub location: Option<String>,
    /// The time zone of the event's local times; the organization's if left out.
    pub time_zone: Option<TimeZone>,
    /// The start of the first occurrence; required unless the event is of whole days.
    pub starts_at: Option<LocalDateTime>,
    /// The duration of each occurrence: 1 minute to 31 days.
    pub duration: Option<Duration>,
    /// The end of the first occurrence, instead of the duration.
    pub ends_at: Option<LocalDateTime>,
    /// True for an event of whole days, from midnight to midnight, with `startsOn` and `endsOn` instead of a start and a
    /// duration.
    #[graphql(default = Some(false))]
    pub all_day: Option<bool>,
    /// The first day of the first occurrence.
    pub starts_on: Option<Date>,
    /// The last day of the first occurrence; the first day if left out.
    pub ends_on: Option<Date>,
    /// The recurrence; a one-off event if left out.
    pub recurrence: Option<RecurrenceInput>,
    /// The number of seats of each occurrence: 1 to 1,000,000.
    pub capacity: i32,
    /// The time between the opening of registration and the start of an occurrence; open at once if left out.
    pub registration_opens: Option<Duration>,
    /// The time between the close of registration and the start of an occurrence; open until the start if left out.
    pub registration_closes: Option<Duration>,
    /// The time between the end of cancellations by members and the start of an occurrence; possible until the
    /// start if left out.
    pub cancellation_closes: Option<Duration>,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for CreateEventInput {
    type Command = CreateEventCommand;

    idempotency_key!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let title = problems.check(Field::Title, Title::parse(&self.title));
        let description = self.description.as_deref().unwrap_or_default();
        let description = problems.check(Field::Description, Description::parse(description));
        let location =
            problems.check(Field::Location, Location::parse(self.location.as_deref().unwrap_or_default()));
        let time_zone = problems.check_optional(Field::TimeZone, self.time_zone.as_ref(), TimeZone::parse);
        let given = GivenTimes {
            starts_at: self.starts_at.as_ref(),
            duration: self.duration.as_ref(),
            ends_at: self.ends_at.as_ref(),
            starts_on: self.starts_on.as_ref(),
            ends_on: self.ends_on.as_ref(),
        };
        let all_day = problems.with_default(Field::AllDay, self.all_day);
        let is_all_day = all_day.unwrap_or_default();
        let times = given.of_new_event(is_all_day, problems);
        let recurrence = self.recurrence.as_ref().map(|recurrence| recurrence.check(is_all_day, problems));
        let capacity = problems.check(Field::Capacity, Capacity::new(self.capacity));
        let mut lead = |field, given: &Option<Duration>| {
            problems.check_optional(field, given.as_ref(), Duration::parse_lead_time)
        };
        let opens = lead(Field::RegistrationOpens, &self.registration_opens);
        let closes = lead(Field::RegistrationCloses, &self.registration_closes);
        let cancellation_closes = lead(Field::CancellationCloses, &self.cancellation_closes);
        all_day?;
        Some(CreateEventCommand {
            title: title?,
            description: description?,
            location: location?,
            time_zone: time_zone?,
            starts_at: times?.0,
            length: times?.1,
            recurrence: match recurrence {
                None => None,
                Some(checked) => Some(checked?),
            },
            capacity: capacity?,
            policy: RegistrationPolicy {
                opens: opens?,
                closes: closes?,
                cancellation_closes: cancellation_closes?,
            },
        })
    }
}

/// The part of a series that an edit changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, GraphQLEnum)]
pub enum EditScope {
    /// All occurrences of the series that have not begun.
    All,
    /// One occurrence and all later ones, which become an event of their own.
    ThisAndFollowing,
}

/// The treatment of registrations whose occurrence an edit would drop, or move so that the member has a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, GraphQLEnum)]
pub enum OnAffected {
    /// Refuses the edit and lists the affected registrations.
    Refuse,
    /// Cancels the registrations, each with its reason.
    CancelRegistrations,
}

impl From<OnAffected> for ports::OnAffected {
    fn from(given: OnAffected) -> Self {
        match given {
            OnAffected::Refuse => Self::Refuse,
            OnAffected::CancelRegistrations => Self::CancelRegistrations,
        }
    }
}

/// The treatment of affected registrations, or `None` if a problem was noted.
pub(super) fn on_affected(
    problems: &mut Problems,
    given: Option<Choice<OnAffected>>,
) -> Option<ports::OnAffected> {
    problems.with_default(Field::OnAffected, given).map(|Choice(given)| given.into())
}

/// Changes of an event. Fields that are left out stay as they are. Registrations follow their occurrence by its
/// original start.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct UpdateEventInput {
    /// The id of the event.
    pub event_id: ID,
    /// The version that the change is based on; the change is refused if the event has another version.
    pub expected_version: Option<i32>,
    /// The part of the series to change; ALL if left out.
    #[graphql(default = Some(Choice(EditScope::All)))]
    pub scope: Option<Choice<EditScope>>,
    /// With `THIS_AND_FOLLOWING`: the first occurrence of the new event.
    pub from_occurrence_id: Option<ID>,
    /// A new title, 1 to 200 characters.
    pub title: Nullable<String>,
    /// A new description, at most 10,000 characters.
    pub description: Nullable<String>,
    /// A new location, at most 500 characters.
    pub location: Nullable<String>,
    /// A new time zone: local times stay as they are, instants change.
    pub time_zone: Nullable<TimeZone>,
    /// A new start of the first occurrence.
    pub starts_at: Nullable<LocalDateTime>,
    /// A new duration of each occurrence: 1 minute to 31 days.
    pub duration: Nullable<Duration>,
    /// A new end of the first occurrence, instead of the duration.
    pub ends_at: Nullable<LocalDateTime>,
    /// True for an event of whole days, with `startsOn` and `endsOn`; false for an event with a time of day.
    pub all_day: Nullable<bool>,
    /// A new first day of the first occurrence of an event of whole days.
    pub starts_on: Nullable<Date>,
    /// A new last day of the first occurrence of an event of whole days.
    pub ends_on: Nullable<Date>,
    /// A new recurrence; null makes the event a one-off event.
    pub recurrence: Nullable<RecurrenceInput>,
    /// A new number of seats of each occurrence: 1 to 1,000,000.
    pub capacity: Nullable<i32>,
    /// The new opening of registration; null: open at once.
    pub registration_opens: Nullable<Duration>,
    /// The new close of registration; null: open until the start.
    pub registration_closes: Nullable<Duration>,
    /// The new limit for cancellations by members; null: possible until the start.
    pub cancellation_closes: Nullable<Duration>,
    /// The treatment of affected registrations; REFUSE if left out.
    #[graphql(default = Some(Choice(OnAffected::Refuse)))]
    pub on_affected: Option<Choice<OnAffected>>,
    /// Answers as the mutation would, and stores nothing: no change, no entry of the log, no use of the key. Nested lists
    /// show what is stored.
    #[graphql(default = Some(false))]
    pub dry_run: Option<bool>,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl UpdateEventInput {
    fn check_scope(&self, problems: &mut Problems) -> Option<SeriesPart> {
        let field = Field::FromOccurrenceId;
        let Choice(scope) = problems.with_default(Field::Scope, self.scope)?;
        match (scope, &self.from_occurrence_id) {
            (EditScope::All, None) => Some(SeriesPart::All),
            (EditScope::All, Some(_)) => {
                problems.note(field, "goes with scope THIS_AND_FOLLOWING only");
                None
            }
            (EditScope::ThisAndFollowing, Some(id)) => {
                problems.check(field, OccurrenceKey::parse(id)).map(SeriesPart::ThisAndFollowing)
            }
            (EditScope::ThisAndFollowing, None) => {
                problems.note(field, "must be given with scope THIS_AND_FOLLOWING");
                None
            }
        }
    }

    fn check_patch(&self, problems: &mut Problems) -> Option<EventPatch> {
        let title = problems.check_given(Field::Title, &self.title, |title| Title::parse(title));
        let description =
            problems.check_given(Field::Description, &self.description, |text| Description::parse(text));
        let location =
            problems.check_given(Field::Location, &self.location, |location| Location::parse(location));
        let time_zone = problems.check_given(Field::TimeZone, &self.time_zone, TimeZone::parse);
        let starts_at = problems.present(Field::StartsAt, &self.starts_at);
        let duration = problems.present(Field::Duration, &self.duration);
        let ends_at = problems.present(Field::EndsAt, &self.ends_at);
        let starts_on = problems.present(Field::StartsOn, &self.starts_on);
        let ends_on = problems.present(Field::EndsOn, &self.ends_on);
        let all_day = problems.present(Field::AllDay, &self.all_day);
        let given = GivenTimes {
            starts_at: starts_at.flatten(),
            duration: duration.flatten(),
            ends_at: ends_at.flatten(),
            starts_on: starts_on.flatten(),
            ends_on: ends_on.flatten(),
        };
        let times = given.of_edit(all_day.flatten().copied(), problems);
        let recurrence = match &self.recurrence {
            Nullable::ImplicitNull => Some(None),
            Nullable::ExplicitNull => Some(Some(None)),
            Nullable::Some(recurrence) => {
                let is_all_day = all_day.flatten() == Some(&true);
                recurrence.check(is_all_day, problems).map(|recurrence| Some(Some(recurrence)))
            }
        };
        let capacity = problems.check_given(Field::Capacity, &self.capacity, |seats| Capacity::new(*seats));
        let mut lead = |field, given| problems.check_clearable(field, given, Duration::parse_lead_time);
        let registration_opens = lead(Field::RegistrationOpens, &self.registration_opens);
        let registration_closes = lead(Field::RegistrationCloses, &self.registration_closes);
        let cancellation_closes = lead(Field::CancellationCloses, &self.cancellation_closes);
        let _present = (starts_at?, duration?, ends_at?, starts_on?, ends_on?, all_day?);
        let times = times?;
        Some(EventPatch {
            title: title?,
            description: description?,
            location: location?,
            time_zone: time_zone?,
            starts_at: times.starts_at,
            duration: times.duration,
            ends_at: times.ends_at,
            days: times.days,
            recurrence: recurrence?,
            capacity: capacity?,
            registration_opens: registration_opens?,
            registration_closes: registration_closes?,
            cancellation_closes: cancellation_closes?,
        })
    }
}

impl MutationInput for UpdateEventInput {
    type Command = UpdateEventCommand;

    idempotency_key!();
    dry_run!();

    fn cleared(&self) -> Vec<&'static str> {
        let fields = [
            ("recurrence", self.recurrence.is_explicit_null()),
            ("registrationOpens", self.registration_opens.is_explicit_null()),
            ("registrationCloses", self.registration_closes.is_explicit_null()),
            ("cancellationCloses", self.cancellation_closes.is_explicit_null()),
        ];
        fields.into_iter().filter_map(|(field, cleared)| cleared.then_some(field)).collect()
    }

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let event = problems.check(Field::EventId, EventId::parse(&self.event_id));
        let expected_version = expected_version(problems, self.expected_version);
        let scope = self.check_scope(problems);
        let patch = self.check_patch(problems);
        let on_affected = on_affected(problems, self.on_affected);
        Some(UpdateEventCommand {
            event: event?,
            expected_version: expected_version?,
            scope: scope?,
            patch: patch?,
            on_affected: on_affected?,
        })
    }
}

macro_rules! event_input {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone, Debug, GraphQLInputObject)]
        pub struct $name {
            /// The id of the event.
            pub event_id: ID,
            /// Answers as the mutation would, and stores nothing: no change, no entry of the log, no use of the key. Nested
            /// lists show what is stored.
            #[graphql(default = Some(false))]
            pub dry_run: Option<bool>,
            /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
            pub idempotency_key: Option<String>,
        }

        impl MutationInput for $name {
            type Command = EventId;

            idempotency_key!();
            dry_run!();

            fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
                problems.check(Field::EventId, EventId::parse(&self.event_id))
            }
        }
    };
}

event_input!(
    /// An event to cancel.
    CancelEventInput
);
event_input!(
    /// An event to delete. It is refused while a member holds a seat.
    DeleteEventInput
);
event_input!(
    /// A cancelled event to restore, with the occurrences that were cancelled together with it.
    RestoreEventInput
);

/// An event to copy, without its registrations and exceptions. What is left out is as in the original.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct DuplicateEventInput {
    /// The id of the original.
    pub event_id: ID,
    /// The start of the first occurrence, as a local time in the event's time zone. All dates of the series move with it.
    pub starts_at: Option<LocalDateTime>,
    /// The first day of an event of whole days, instead of `startsAt`.
    pub starts_on: Option<Date>,
    /// A title.
    pub title: Option<String>,
    /// Answers as the mutation would, and stores nothing: no change, no entry of the log, no use of the key. Nested lists
    /// show what is stored.
    #[graphql(default = Some(false))]
    pub dry_run: Option<bool>,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl DuplicateEventInput {
    /// The start of the copy, if one is given.
    fn start(&self, problems: &mut Problems) -> Option<Option<NewStart>> {
        let starts_at =
            problems.check_optional(Field::StartsAt, self.starts_at.as_ref(), LocalDateTime::parse);
        let starts_on = problems.check_optional(Field::StartsOn, self.starts_on.as_ref(), Date::parse);
        if self.starts_at.is_some() && self.starts_on.is_some() {
            problems.note(Field::StartsOn, "must not be given together with startsAt");
            return None;
        }
        Some(starts_at?.map(NewStart::At).or(starts_on?.map(NewStart::On)))
    }
}

impl MutationInput for DuplicateEventInput {
    type Command = DuplicateEventCommand;

    idempotency_key!();
    dry_run!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let event = problems.check(Field::EventId, EventId::parse(&self.event_id));
        let title = problems.check_optional(Field::Title, self.title.as_deref(), Title::parse);
        let start = self.start(problems);
        let (event, title, start) = (event?, title?, start?);
        Some(DuplicateEventCommand { event, title, start })
    }
}
