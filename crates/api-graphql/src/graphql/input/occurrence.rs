use convene_application::{
    failure::Field,
    limits,
    ports::{self, OccurrenceCancellation, OccurrenceEdit, OccurrencePatch, OccurrenceRestoration},
};
use convene_domain::{
    capacity::Capacity,
    id::EventId,
    occurrence::OccurrenceKey,
    text::{Location, SearchText, Title},
};
use juniper::{GraphQLEnum, GraphQLInputObject, ID, Nullable};

use super::{
    Choice, MutationInput, OnAffected, dry_run, event::on_affected, expected_version, idempotency_key,
    times::GivenTimes,
};
use crate::graphql::{
    lists,
    problems::Problems,
    scalars::{Duration, LocalDateTime},
};

/// A filter of occurrences. Fields that are left out select everything.
#[derive(Clone, Debug, Default, GraphQLInputObject, garde::Validate)]
#[garde(allow_unvalidated)]
pub struct OccurrenceFilter {
    /// Occurrences of these events; at most 100 ids.
    #[garde(adapt(lists), length(max = limits::FILTER_VALUES))]
    pub event_ids: Option<Vec<ID>>,
    /// Occurrences with this text in their title or in the description of their event, regardless of case and accents;
    /// 1 to 200 characters.
    pub search: Option<String>,
    /// Includes cancelled occurrences; false if left out.
    #[graphql(default = Some(false))]
    pub include_cancelled: Option<bool>,
    /// Selects only occurrences that are open for registration now; false if left out.
    #[graphql(default = Some(false))]
    pub only_open: Option<bool>,
}

#[derive(Debug, Default)]
pub(crate) struct CheckedOccurrenceFilter {
    pub(crate) events: Option<Vec<EventId>>,
    pub(crate) search: Option<SearchText>,
    pub(crate) include_cancelled: bool,
    pub(crate) only_open: bool,
}

impl OccurrenceFilter {
    /// The checked filter, or `None` if a problem was noted.
    pub(crate) fn check(&self, problems: &mut Problems) -> Option<CheckedOccurrenceFilter> {
        let shape = problems.check_shape(None, self);
        let events = match &self.event_ids {
            None => Some(None),
            ids => {
                let ids = lists::items(ids.as_ref(), limits::FILTER_VALUES);
                problems.check_all(Field::EventIds, ids, |id| EventId::parse(id)).map(Some)
            }
        };
        let search = problems.check_optional(Field::Search, self.search.as_deref(), SearchText::parse);
        let include_cancelled = problems.with_default(Field::IncludeCancelled, self.include_cancelled);
        let only_open = problems.with_default(Field::OnlyOpen, self.only_open);
        shape?;
        Some(CheckedOccurrenceFilter {
            events: events?,
            search: search?,
            include_cancelled: include_cancelled?,
            only_open: only_open?,
        })
    }
}

/// Changes of a single occurrence. Fields that are left out stay as they are. A value that its event has, too, is no value of its own:
/// the occurrence follows later changes of the event in it.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct UpdateOccurrenceInput {
    /// The id of the occurrence.
    pub occurrence_id: ID,
    /// A title of this occurrence only.
    pub title: Nullable<String>,
    /// A location of this occurrence only.
    pub location: Nullable<String>,
    /// A start of this occurrence only, as a local time in the event's time zone.
    pub starts_at: Nullable<LocalDateTime>,
    /// A duration of this occurrence only.
    pub duration: Nullable<Duration>,
    /// An end of this occurrence only, instead of the duration, as a local time in the event's time zone.
    pub ends_at: Nullable<LocalDateTime>,
    /// A number of seats of this occurrence only.
    pub capacity: Nullable<i32>,
    /// The treatment of affected registrations; REFUSE if left out.
    #[graphql(default = Some(Choice(OnAffected::Refuse)))]
    pub on_affected: Option<Choice<OnAffected>>,
    /// The version that the change is based on; the change is refused if the occurrence has another version.
    pub expected_version: Option<i32>,
    /// Answers as the mutation would, and stores nothing: no change, no entry of the log, no use of the key. Nested lists
    /// show what is stored.
    #[graphql(default = Some(false))]
    pub dry_run: Option<bool>,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for UpdateOccurrenceInput {
    type Command = OccurrenceEdit;

    idempotency_key!();
    dry_run!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let expected_version = expected_version(problems, self.expected_version);
        let occurrence = problems.check(Field::OccurrenceId, OccurrenceKey::parse(&self.occurrence_id));
        let title = problems.check_given(Field::Title, &self.title, |title| Title::parse(title));
        let location =
            problems.check_given(Field::Location, &self.location, |location| Location::parse(location));
        let starts_at = problems.present(Field::StartsAt, &self.starts_at);
        let duration = problems.present(Field::Duration, &self.duration);
        let ends_at = problems.present(Field::EndsAt, &self.ends_at);
        let given = GivenTimes {
            starts_at: starts_at.flatten(),
            duration: duration.flatten(),
            ends_at: ends_at.flatten(),
            ..GivenTimes::default()
        };
        let times = given.of_edit(None, problems);
        let capacity = problems.check_given(Field::Capacity, &self.capacity, |seats| Capacity::new(*seats));
        let on_affected = on_affected(problems, self.on_affected);
        let _present = (starts_at?, duration?, ends_at?);
        let times = times?;
        Some(OccurrenceEdit {
            occurrence: occurrence?,
            patch: OccurrencePatch {
                expected_version: expected_version?,
                title: title?,
                location: location?,
                starts_at: times.starts_at,
                duration: times.duration,
                ends_at: times.ends_at,
                capacity: capacity?,
            },
            on_affected: on_affected?,
        })
    }
}

/// A value that an occurrence can have of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, GraphQLEnum)]
pub enum OccurrenceField {
    /// The title.
    Title,
    /// The location.
    Location,
    /// The start.
    StartsAt,
    /// The duration.
    Duration,
    /// The number of seats.
    Capacity,
    /// Its cancellation.
    Status,
}

impl From<OccurrenceField> for ports::OccurrenceField {
    fn from(given: OccurrenceField) -> Self {
        match given {
            OccurrenceField::Title => Self::Title,
            OccurrenceField::Location => Self::Location,
            OccurrenceField::StartsAt => Self::StartsAt,
            OccurrenceField::Duration => Self::Duration,
            OccurrenceField::Capacity => Self::Capacity,
            OccurrenceField::Status => Self::Status,
        }
    }
}

/// An occurrence to restore: it gets the values of its series again, and takes place again if it was cancelled.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct RestoreOccurrenceInput {
    /// The id of the occurrence.
    pub occurrence_id: ID,
    /// The values that those of the series replace; all of them if none is named.
    pub fields: Option<Vec<OccurrenceField>>,
    /// The version that the change is based on; the change is refused if the occurrence has another version.
    pub expected_version: Option<i32>,
    /// The treatment of affected registrations.
    #[graphql(default = Some(Choice(OnAffected::Refuse)))]
    pub on_affected: Option<Choice<OnAffected>>,
    /// Answers as the mutation would, and stores nothing: no change, no entry of the log, no use of the key. Nested lists
    /// show what is stored.
    #[graphql(default = Some(false))]
    pub dry_run: Option<bool>,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for RestoreOccurrenceInput {
    type Command = OccurrenceRestoration;

    idempotency_key!();
    dry_run!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let expected_version = expected_version(problems, self.expected_version);
        let occurrence = problems.check(Field::OccurrenceId, OccurrenceKey::parse(&self.occurrence_id));
        let on_affected = on_affected(problems, self.on_affected);
        Some(OccurrenceRestoration {
            occurrence: occurrence?,
            fields: self.fields.iter().flatten().copied().map(Into::into).collect(),
            expected_version: expected_version?,
            on_affected: on_affected?,
        })
    }
}

/// An occurrence to cancel.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct CancelOccurrenceInput {
    /// The id of the occurrence.
    pub occurrence_id: ID,
    /// The version that the change is based on; the change is refused if the occurrence has another version.
    pub expected_version: Option<i32>,
    /// Answers as the mutation would, and stores nothing: no change, no entry of the log, no use of the key. Nested lists
    /// show what is stored.
    #[graphql(default = Some(false))]
    pub dry_run: Option<bool>,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for CancelOccurrenceInput {
    type Command = OccurrenceCancellation;

    idempotency_key!();
    dry_run!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        let expected_version = expected_version(problems, self.expected_version);
        let occurrence = problems.check(Field::OccurrenceId, OccurrenceKey::parse(&self.occurrence_id));
        Some(OccurrenceCancellation { occurrence: occurrence?, expected_version: expected_version? })
    }
}
