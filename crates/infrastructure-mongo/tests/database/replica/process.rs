use std::sync::Arc;

use convene_application::{
    authentication::{Authenticate, Credentials, Deadline},
    caller::{Caller, Identity, Principal},
    occurrence::{OccurrenceOfEvent, OccurrenceQuery},
    page::{Direction, PageRequest, PageSize},
    ports::{EventFilter, OrganizationReference},
    testing::{FixedClock, SequentialIds},
    use_cases::{Ports, UseCases},
};
use convene_domain::{
    id::EventId,
    text::UserId,
    time::{Instant, interval::Interval},
};
use convene_infrastructure_mongo::{
    ports::MongoPorts,
    registration::{BookSettings, MongoRegistrationBook},
};

use crate::support::Tenant;

/// A process of the server, without its edge.
pub(super) struct Process {
    pub(super) ports: MongoPorts,
    pub(super) book: Arc<MongoRegistrationBook>,
    use_cases: UseCases,
    authenticate: Authenticate,
}

impl Process {
    /// A process with these ports, whose clock stands still.
    pub(super) fn new(ports: MongoPorts) -> Self {
        let book = Arc::new(ports.start_registration_book(BookSettings::default()));
        let storage = ports.clone();
        let use_cases = UseCases::new(Ports {
            clock: Arc::new(FixedClock::at(FixedClock::START)),
            ids: Arc::new(SequentialIds::default()),
            organizations: storage.organizations,
            members: storage.members,
            events: storage.events,
            catalogue: storage.catalogue,
            registration_book: Arc::<MongoRegistrationBook>::clone(&book),
            registrations: storage.registrations,
            issues: storage.issues,
            activity_log: storage.activity_log,
        });
        Self { authenticate: Authenticate::new(storage.directory), ports, book, use_cases }
    }

    /// Authenticates a request of the tenant's admin.
    pub(super) async fn caller(&self, tenant: &Tenant) -> Caller {
        let credentials = Credentials {
            organization: Some(OrganizationReference::Id(tenant.scope.organization())),
            user: UserId::parse("first-admin").unwrap(),
            operator: false,
            role: None,
        };
        match self.authenticate.execute(credentials, Deadline::NONE).await.unwrap() {
            Principal::Authenticated(Identity::Member(caller)) => caller,
            other => panic!("{other:?}"),
        }
    }

    /// All occurrences in a window, also cancelled ones, as the tenant's admin sees them with one request for each page. They are
    /// the same from the end to the beginning.
    pub(super) async fn list(&self, tenant: &Tenant, window: (Instant, Instant)) -> Vec<OccurrenceOfEvent> {
        let forwards = self.walk(tenant, window, Direction::Forward).await;
        let mut backwards = self.walk(tenant, window, Direction::Backward).await;
        backwards.reverse();
        assert_eq!(forwards, backwards);
        forwards
    }

    /// All occurrences in a window in this direction.
    async fn walk(
        &self,
        tenant: &Tenant,
        (from, to): (Instant, Instant),
        direction: Direction,
    ) -> Vec<OccurrenceOfEvent> {
        let mut found: Vec<OccurrenceOfEvent> = Vec::new();
        loop {
            let position = found.last().map(|last| (last.interval.start(), last.key));
            let query = OccurrenceQuery {
                window: Interval::new(from, to).unwrap(),
                events: None,
                search: None,
                include_cancelled: true,
                only_open: false,
                seats: true,
                page: PageRequest {
                    size: PageSize::new(PageSize::MAX).unwrap(),
                    order: (),
                    direction,
                    from: position,
                },
            };
            let caller = self.caller(tenant).await;
            let mut page =
                self.use_cases.list_occurrences.execute(&caller, &[query]).await.unwrap().remove(0);
            if direction == Direction::Backward {
                page.items.reverse();
            }
            found.extend(page.items);
            if !page.has_more {
                return found;
            }
        }
    }

    /// The occurrences with the keys of this list, each looked up by its key.
    pub(super) async fn looked_up(
        &self,
        tenant: &Tenant,
        list: &[OccurrenceOfEvent],
    ) -> Vec<OccurrenceOfEvent> {
        let keys: Vec<_> = list.iter().map(|occurrence| occurrence.key).collect();
        let caller = self.caller(tenant).await;
        let mut found = self.use_cases.get_occurrences.execute(&caller, &keys, true).await.unwrap();
        keys.iter().filter_map(|key| found.remove(key)).collect()
    }

    /// The ids on the first page of the events that match this filter, and the number of all of them, as the tenant's admin sees
    /// them.
    pub(super) async fn events(&self, tenant: &Tenant, filter: &EventFilter) -> (Vec<EventId>, Option<u32>) {
        let caller = self.caller(tenant).await;
        let page = PageRequest::first(PageSize::new(PageSize::MAX).unwrap());
        let list = &self.use_cases.list_events;
        let found = list.execute(&caller, filter.clone(), page).await.unwrap();
        let count = list.count(&caller, filter.clone()).await.unwrap();
        (found.items.iter().map(|event| event.id).collect(), count)
    }

    /// The same list with the authority of this caller, for the first page.
    pub(super) async fn list_as(
        &self,
        caller: &Caller,
        (from, to): (Instant, Instant),
    ) -> Vec<OccurrenceOfEvent> {
        let query = OccurrenceQuery {
            window: Interval::new(from, to).unwrap(),
            events: None,
            search: None,
            include_cancelled: true,
            only_open: false,
            seats: false,
            page: PageRequest::first(PageSize::new(PageSize::MAX).unwrap()),
        };
        self.use_cases.list_occurrences.execute(caller, &[query]).await.unwrap().remove(0).items
    }
}
