//! All use cases, and their construction from ports.

use std::sync::Arc;

use crate::{
    activity::{GetActivities, ListActivity},
    event::{
        CancelEvent, CreateEvent, DeleteEvent, DuplicateEvent, GetEvents, ListEvents, RestoreEvent,
        UpdateEvent,
    },
    issue::{CreateIssue, DeleteIssue, GetIssueByNumber, GetIssues, ListIssues, UpdateIssue},
    member::{AddMember, FindMemberByUserId, GetMembers, ListMembers, RemoveMember, UpdateMember},
    mutation_context::ContextFactory,
    occurrence::{
        CancelOccurrence, GetOccurrences, ListOccurrences, PreviewRecurrence, RestoreOccurrence,
        UpdateOccurrence, find::Finder,
    },
    organization::{
        CreateOrganization, DeleteOrganization, GetOrganization, ListOrganizations, SetOrganizationStatus,
        UpdateOrganization,
    },
    ports::{
        ActivityLog, Catalogue, Clock, Events, Ids, Issues, Members, Organizations, RegistrationBook,
        Registrations,
    },
    registration::{
        CancelRegistration, GetRegistrations, ListOwnRegistrations, ListRegistrations, Register,
        ViewerRegistrations, WaitlistPositions,
    },
};

/// One adapter for each port, except those of authentication.
#[derive(Clone)]
pub struct Ports {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub organizations: Arc<dyn Organizations>,
    pub members: Arc<dyn Members>,
    pub events: Arc<dyn Events>,
    pub catalogue: Arc<dyn Catalogue>,
    pub registration_book: Arc<dyn RegistrationBook>,
    pub registrations: Arc<dyn Registrations>,
    pub issues: Arc<dyn Issues>,
    pub activity_log: Arc<dyn ActivityLog>,
}

/// Defines a struct with a field for each use case, and its constructor, which passes the named ports to each.
macro_rules! use_cases {
    ($($field:ident: $name:ident { $($port:ident),* },)*) => {
        pub struct UseCases { $(pub $field: $name,)* }

        impl UseCases {
            #[must_use]
            pub fn new(ports: Ports) -> Self {
                let parts = Parts::of(ports);
                Self { $($field: $name { $($port: parts.$port.clone()),* },)* }
            }
        }
    };
}

/// The ports, and the helpers that several use cases share.
struct Parts {
    clock: Arc<dyn Clock>,
    organizations: Arc<dyn Organizations>,
    members: Arc<dyn Members>,
    events: Arc<dyn Events>,
    catalogue: Arc<dyn Catalogue>,
    registration_book: Arc<dyn RegistrationBook>,
    registrations: Arc<dyn Registrations>,
    issues: Arc<dyn Issues>,
    activity_log: Arc<dyn ActivityLog>,
    contexts: ContextFactory,
    finder: Finder,
}

impl Parts {
    fn of(ports: Ports) -> Self {
        Self {
            contexts: ContextFactory { clock: Arc::clone(&ports.clock), ids: ports.ids },
            finder: Finder { catalogue: Arc::clone(&ports.catalogue), events: Arc::clone(&ports.events) },
            clock: ports.clock,
            organizations: ports.organizations,
            members: ports.members,
            events: ports.events,
            catalogue: ports.catalogue,
            registration_book: ports.registration_book,
            registrations: ports.registrations,
            issues: ports.issues,
            activity_log: ports.activity_log,
        }
    }
}

use_cases! {
    create_organization: CreateOrganization { contexts, organizations },
    update_organization: UpdateOrganization { contexts, organizations },
    get_organization: GetOrganization { organizations },
    list_organizations: ListOrganizations { organizations },
    delete_organization: DeleteOrganization { contexts, organizations },
    set_organization_status: SetOrganizationStatus { contexts, organizations },

    add_member: AddMember { contexts, members },
    update_member: UpdateMember { contexts, members },
    remove_member: RemoveMember { contexts, members },
    get_members: GetMembers { members },
    find_member_by_user_id: FindMemberByUserId { members },
    list_members: ListMembers { members },

    create_event: CreateEvent { contexts, organizations, events },
    update_event: UpdateEvent { contexts, events },
    cancel_event: CancelEvent { contexts, events },
    restore_event: RestoreEvent { contexts, events },
    duplicate_event: DuplicateEvent { contexts, events },
    delete_event: DeleteEvent { contexts, events },
    get_events: GetEvents { catalogue, events },
    list_events: ListEvents { catalogue, events },

    list_occurrences: ListOccurrences { clock, catalogue },
    get_occurrences: GetOccurrences { finder },
    update_occurrence: UpdateOccurrence { contexts, events },
    cancel_occurrence: CancelOccurrence { contexts, events },
    restore_occurrence: RestoreOccurrence { contexts, events },
    preview_recurrence: PreviewRecurrence {},

    register: Register { contexts, finder, members, registration_book },
    cancel_registration: CancelRegistration { contexts, registration_book },
    get_registrations: GetRegistrations { registrations },
    list_registrations: ListRegistrations { registrations },
    list_own_registrations: ListOwnRegistrations { registrations },
    viewer_registrations: ViewerRegistrations { registrations },
    waitlist_positions: WaitlistPositions { registrations },

    create_issue: CreateIssue { contexts, issues },
    update_issue: UpdateIssue { contexts, issues },
    delete_issue: DeleteIssue { contexts, issues },
    get_issues: GetIssues { issues },
    get_issue_by_number: GetIssueByNumber { issues },
    list_issues: ListIssues { issues },

    list_activity: ListActivity { activity_log },
    get_activities: GetActivities { activity_log },
}
