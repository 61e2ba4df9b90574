use std::sync::Arc;

use convene_domain::{
    capacity::Capacity,
    event::{Event, EventStatus, RegistrationPolicy},
    id::EventId,
    text::{Description, Location, Title},
    time::{LocalDateTime, zone::Zone},
};

use super::{patch::checked_policy, series::series_of, times::Length};
use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::{Field, Outcome, Refusals},
    mutation_context::ContextFactory,
    ports::{Events, NewRecurrence, Organizations},
};

/// The command to create an event.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateEventCommand {
    pub title: Title,
    pub description: Description,
    pub location: Location,
    /// The zone of all local times; the organization's zone if absent.
    pub time_zone: Option<Zone>,
    /// The local start of the first occurrence, which may be in the past.
    pub starts_at: LocalDateTime,
    pub length: Length,
    /// The recurrence; `None` for a one-off event.
    pub recurrence: Option<NewRecurrence>,
    pub capacity: Capacity,
    pub policy: RegistrationPolicy,
}

/// Creates an event in the admin's organization.
pub struct CreateEvent {
    pub(crate) contexts: ContextFactory,
    pub(crate) organizations: Arc<dyn Organizations>,
    pub(crate) events: Arc<dyn Events>,
}

impl CreateEvent {
    /// Creates the event.
    ///
    /// # Errors
    /// Refused with `InvalidInput` on `startsAt`, `recurrence` or its fields, and `registrationCloses`; or with
    /// `CreatedAndDeleted`.
    #[tracing::instrument(name = "event.create", skip_all, fields(organization = %admin.scope().organization()))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        command: CreateEventCommand,
        request: RequestMetadata,
    ) -> Outcome<Event> {
        let zone = match command.time_zone {
            Some(zone) => zone,
            None => self.organizations.get(admin.scope()).await?.time_zone,
        };
        let series = series_of(command.starts_at, zone, command.recurrence);
        let duration = command.length.duration(command.starts_at, zone);
        let (series, (duration, policy)) =
            Refusals::both(series, Refusals::both(duration, checked_policy(command.policy)))?;
        let change = self.contexts.for_member(&admin, request);
        let event = Event {
            id: self.contexts.new_id(EventId::from_uuid),
            title: command.title,
            description: command.description,
            location: command.location,
            series,
            duration,
            earlier: Vec::new(),
            capacity: command.capacity,
            policy,
            status: EventStatus::Scheduled,
            version: 1,
            created_at: change.at,
            updated_at: change.at,
        };
        let created = self.events.create(admin.scope(), event, &change).await;
        created.map_err(|failure| failure.of_creation(Field::EventId))
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::{
        duration::{EventDuration, LeadTime},
        member::Role,
        recurrence::Rule,
    };
    use rstest::rstest;
    use time::{
        Duration,
        macros::{datetime, utc_datetime},
    };

    use super::*;
    use crate::{
        fixtures::{self, fields, refusals},
        ports::{MockEvents, MockOrganizations},
    };

    fn command() -> CreateEventCommand {
        CreateEventCommand {
            title: Title::parse("Rehearsal").unwrap(),
            description: Description::parse("").unwrap(),
            location: Location::parse("").unwrap(),
            time_zone: Some(Zone::UTC),
            starts_at: datetime!(2026-11-02 9:00),
            length: Length::Duration(EventDuration::new(Duration::HOUR).unwrap()),
            recurrence: None,
            capacity: Capacity::new(2).unwrap(),
            policy: RegistrationPolicy::default(),
        }
    }

    async fn create(command: CreateEventCommand) -> Outcome<Event> {
        let mut events = MockEvents::new();
        events.expect_create().returning(|_, event, _| Ok(event));
        let mut organizations = MockOrganizations::new();
        organizations.expect_get().returning(|_| Ok(fixtures::organization("Europe/Paris")));
        let create = CreateEvent {
            contexts: fixtures::contexts(),
            organizations: Arc::new(organizations),
            events: Arc::new(events),
        };
        let caller = fixtures::caller(fixtures::ADA, Role::Admin);
        create.execute(caller.admin().unwrap(), command, RequestMetadata::default()).await
    }

    #[rstest]
    #[case::its_own(Some(Zone::UTC), utc_datetime!(2026-11-02 9:00))]
    #[case::of_the_organization(None, utc_datetime!(2026-11-02 8:00))]
    #[tokio::test]
    async fn reads_the_start_in_its_zone(
        #[case] time_zone: Option<Zone>,
        #[case] expected: convene_domain::time::Instant,
    ) {
        let event = create(CreateEventCommand { time_zone, ..command() }).await.unwrap();
        assert_eq!(event.series.first_start(), expected);
        assert_eq!((event.version, event.status), (1, EventStatus::Scheduled));
        assert_eq!((event.created_at, event.updated_at), (fixtures::NOW, fixtures::NOW));
    }

    #[tokio::test]
    async fn may_lie_in_the_past() {
        let command = CreateEventCommand { starts_at: datetime!(1999-01-01 9:00), ..command() };
        assert!(create(command).await.is_ok());
    }

    #[tokio::test]
    async fn refuses_everything_at_once_and_stores_nothing() {
        let rule = Rule::parse("FREQ=WEEKLY;BYDAY=SU").unwrap();
        let lead = |hours| Some(LeadTime::new(Duration::hours(hours)).unwrap());
        let command = CreateEventCommand {
            recurrence: Some(NewRecurrence { rule, exdates: vec![], rdates: vec![] }),
            policy: RegistrationPolicy { opens: lead(1), closes: lead(1), cancellation_closes: None },
            ..command()
        };
        assert_eq!(fields(&refusals(create(command).await)), ["registrationCloses", "startsAt"]);
    }
}
