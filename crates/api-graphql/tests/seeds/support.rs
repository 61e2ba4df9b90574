//! An in-memory platform, and its content after a load.

use std::{path::PathBuf, sync::Arc};

use convene_api_graphql::seed::{self, LoadError, OrganizationSeed, Summary};
use convene_application::{
    authentication::LocalOperator,
    caller::Caller,
    member::VisibleMember,
    page::{PageRequest, PageSize, SortKey},
    ports::{
        ActivityFilter, Clock, Directory, EventFilter, IssueFilter, MemberFilter, OrganizationReference,
        RegistrationFilter,
    },
    testing::{FixedClock, SequentialIds, memory::InMemory},
    use_cases::{Ports, UseCases},
};
use convene_domain::{
    activity::Activity, event::Event, issue::Issue, registration::Registration, text::UserId, time::Instant,
};

/// The demo data of the repository.
pub(crate) fn demo() -> Vec<OrganizationSeed> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../seeds");
    seed::read(&folder).unwrap()
}

pub(crate) struct World {
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) ports: Ports,
}

/// The data of an organization.
#[derive(Debug, PartialEq)]
pub(crate) struct Contents {
    pub(crate) members: Vec<VisibleMember>,
    pub(crate) events: Vec<Arc<Event>>,
    pub(crate) registrations: Vec<Registration>,
    pub(crate) issues: Vec<Issue>,
    pub(crate) activity: Vec<Activity>,
}

impl World {
    pub(crate) fn new(now: Instant) -> Self {
        let clock = Arc::new(FixedClock::at(now));
        let adapters = InMemory::new().adapters();
        let ports = Ports {
            clock: clock.clone(),
            ids: Arc::new(SequentialIds::new()),
            organizations: adapters.organizations,
            members: adapters.members,
            events: adapters.events,
            catalogue: adapters.catalogue,
            registration_book: adapters.registration_book,
            registrations: adapters.registrations,
            issues: adapters.issues,
            activity_log: adapters.activity_log,
        };
        Self { clock, directory: adapters.directory, ports }
    }

    pub(crate) fn use_cases(&self) -> UseCases {
        UseCases::new(self.ports.clone())
    }

    pub(crate) fn local(&self) -> LocalOperator {
        LocalOperator::new(self.directory.clone())
    }

    pub(crate) async fn load(&self, seeds: &[OrganizationSeed]) -> Result<Vec<Summary>, LoadError> {
        let use_cases = self.use_cases();
        let plans = seed::plan(seeds, self.clock.now()).unwrap();
        let mut summaries = Vec::new();
        for plan in &plans {
            summaries.push(seed::load(&use_cases, &self.local(), &*self.clock, plan).await?);
        }
        Ok(summaries)
    }

    /// The first admin of the organization.
    pub(crate) async fn admin(&self, seed: &OrganizationSeed) -> Caller {
        self.caller(seed, seed.members[0].user_id.as_str()).await
    }

    pub(crate) async fn caller(&self, seed: &OrganizationSeed, user: &str) -> Caller {
        let organization = OrganizationReference::Slug(seed.slug.clone());
        let user = UserId::parse(user).unwrap();
        self.local().act_as_member(&organization, &user).await.unwrap().unwrap()
    }

    /// The data of the organization. One page of each list is enough for the demo, except of the log.
    pub(crate) async fn contents(&self, seed: &OrganizationSeed) -> Contents {
        let use_cases = self.use_cases();
        let caller = self.admin(seed).await;
        let admin = caller.admin().unwrap();
        let registrations = RegistrationFilter::default();
        Contents {
            members: use_cases
                .list_members
                .execute(&caller, MemberFilter::default(), page())
                .await
                .unwrap()
                .items,
            events: use_cases
                .list_events
                .execute(&caller, EventFilter::default(), page())
                .await
                .unwrap()
                .items,
            registrations: use_cases
                .list_registrations
                .execute(admin, registrations, page())
                .await
                .unwrap()
                .items,
            issues: use_cases
                .list_issues
                .execute(&caller, IssueFilter::default(), page())
                .await
                .unwrap()
                .items,
            activity: use_cases
                .list_activity
                .execute(admin, ActivityFilter::default(), page())
                .await
                .unwrap()
                .items,
        }
    }
}

fn page<K: SortKey>() -> PageRequest<K> {
    PageRequest::first(PageSize::new(PageSize::MAX).unwrap())
}
