//! One key for two operations: one of them is executed, and the other one is refused.

use std::pin::Pin;

use convene_domain::{
    id::RegistrationId,
    issue::{Issue, IssueStatus},
    member::{Member, Role},
    occurrence::OccurrenceKey,
    registration::Registration,
    text::{OrganizationName, Title},
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, by_root, concurrently, day, edit_of, refusal},
    tenant::Tenant,
};
use crate::{
    change::Change,
    failure::{Failure, Outcome, Refusal},
    ports::{
        CancelRequest, EventPatch, IssuePatch, MemberPatch, OccurrenceEdit, OccurrencePatch, OnAffected,
        OrganizationPatch,
    },
    testing::builders::{
        ChangeBuilder, EventBuilder, IssueBuilder, MemberBuilder, OrganizationBuilder, fresh_uuid,
        occurrence_key, register,
    },
};

/// A mutation that accepts a key. `createOrganization` has no organization, and therefore a case of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mutation {
    Register,
    CancelRegistration,
    CreateEvent,
    UpdateEvent,
    CancelEvent,
    DeleteEvent,
    UpdateOccurrence,
    CancelOccurrence,
    CreateIssue,
    UpdateIssue,
    DeleteIssue,
    AddMember,
    UpdateMember,
    RemoveMember,
    UpdateOrganization,
}

use Mutation::{
    AddMember, CancelEvent, CancelOccurrence, CancelRegistration, CreateEvent, CreateIssue, DeleteEvent,
    DeleteIssue, Register, RemoveMember, UpdateEvent, UpdateIssue, UpdateMember, UpdateOccurrence,
    UpdateOrganization,
};

const ALL: [Mutation; 15] = [
    Register,
    CancelRegistration,
    CreateEvent,
    UpdateEvent,
    CancelEvent,
    DeleteEvent,
    UpdateOccurrence,
    CancelOccurrence,
    CreateIssue,
    UpdateIssue,
    DeleteIssue,
    AddMember,
    UpdateMember,
    RemoveMember,
    UpdateOrganization,
];

type Call = Pin<Box<dyn Future<Output = Outcome<()>> + Send>>;

impl Mutation {
    /// Prepares a call that succeeds on its own, with objects that no other call has.
    async fn prepare(self, tenant: &Tenant, change: Change) -> Call {
        let tenant = tenant.clone();
        match self {
            Register => {
                let (event, member) = (event(&tenant).await, member(&tenant).await);
                let request = register(occurrence_key(&event, day(0)), member.id);
                Box::pin(async move {
                    let book = &tenant.ports.registration_book;
                    book.register(&tenant.scope, request, &change).await.map(drop)
                })
            }
            CancelRegistration => {
                let registration = seat(&tenant).await;
                let (caller, role) = (registration.member, Role::Member);
                let request = CancelRequest { registration: registration.id, caller, role };
                Box::pin(async move {
                    tenant.ports.registration_book.cancel(&tenant.scope, request, &change).await.map(drop)
                })
            }
            CreateEvent => Box::pin(async move {
                let event = EventBuilder::once(FIRST).build();
                tenant.ports.events.create(&tenant.scope, event, &change).await.map(drop)
            }),
            UpdateEvent => {
                let title = Some(Title::parse("Evensong").unwrap());
                let patch = EventPatch { title, ..EventPatch::default() };
                let edit = edit_of(event(&tenant).await.id, patch);
                Box::pin(
                    async move { tenant.ports.events.update(&tenant.scope, edit, &change).await.map(drop) },
                )
            }
            CancelEvent => {
                let event = event(&tenant).await.id;
                Box::pin(
                    async move { tenant.ports.events.cancel(&tenant.scope, event, &change).await.map(drop) },
                )
            }
            DeleteEvent => {
                let event = event(&tenant).await.id;
                Box::pin(
                    async move { tenant.ports.events.delete(&tenant.scope, event, &change).await.map(drop) },
                )
            }
            UpdateOccurrence => {
                let occurrence = occurrence(&tenant).await;
                let starts_at = Some(FIRST + Duration::HOUR);
                let patch = OccurrencePatch { starts_at, ..OccurrencePatch::default() };
                let edit = OccurrenceEdit { occurrence, patch, on_affected: OnAffected::Refuse };
                Box::pin(async move {
                    tenant.ports.events.update_occurrence(&tenant.scope, edit, &change).await.map(drop)
                })
            }
            CancelOccurrence => {
                let key = occurrence(&tenant).await;
                Box::pin(async move {
                    tenant.ports.events.cancel_occurrence(&tenant.scope, key.into(), &change).await.map(drop)
                })
            }
            CreateIssue => {
                let new = IssueBuilder::new("Broken projector", tenant.admin.id).build();
                Box::pin(
                    async move { tenant.ports.issues.create(&tenant.scope, new, &change).await.map(drop) },
                )
            }
            UpdateIssue => {
                let issue = issue(&tenant).await.id;
                let patch = IssuePatch { status: Some(IssueStatus::Done), ..IssuePatch::default() };
                Box::pin(async move {
                    tenant.ports.issues.update(&tenant.scope, issue, patch, &change).await.map(drop)
                })
            }
            DeleteIssue => {
                let issue = issue(&tenant).await.id;
                Box::pin(async move {
                    tenant.ports.issues.delete(&tenant.scope, issue, None, &change).await.map(drop)
                })
            }
            AddMember => Box::pin(async move {
                let member = MemberBuilder::new(&fresh_uuid().to_string()).build();
                tenant.ports.members.add(&tenant.scope, member, &change).await.map(drop)
            }),
            UpdateMember => {
                let member = member(&tenant).await.id;
                let patch = MemberPatch { role: Some(Role::Admin), ..MemberPatch::default() };
                Box::pin(async move {
                    tenant.ports.members.update(&tenant.scope, member, patch, &change).await.map(drop)
                })
            }
            RemoveMember => {
                let member = member(&tenant).await.id;
                Box::pin(async move {
                    tenant.ports.members.remove(&tenant.scope, member, &change).await.map(drop)
                })
            }
            UpdateOrganization => {
                let name = Some(OrganizationName::parse("The choir").unwrap());
                let patch = OrganizationPatch { name, ..OrganizationPatch::default() };
                Box::pin(async move {
                    tenant.ports.organizations.update(&tenant.scope, patch, &change).await.map(drop)
                })
            }
        }
    }
}

async fn member(tenant: &Tenant) -> Member {
    tenant.member(&fresh_uuid().to_string()).await
}

async fn event(tenant: &Tenant) -> convene_domain::event::Event {
    tenant.event(EventBuilder::once(FIRST)).await
}

async fn occurrence(tenant: &Tenant) -> OccurrenceKey {
    occurrence_key(&event(tenant).await, day(0))
}

async fn seat(tenant: &Tenant) -> Registration {
    tenant.seat(&event(tenant).await, day(0), &member(tenant).await).await
}

async fn issue(tenant: &Tenant) -> Issue {
    let issue = IssueBuilder::new("No badges", tenant.admin.id).build();
    tenant.ports.issues.create(&tenant.scope, issue, &by_root()).await.unwrap()
}

/// Two calls with the same key.
async fn pair(tenant: &Tenant, one: Mutation, other: Mutation) -> [Call; 2] {
    pair_of(tenant, one, tenant, other).await
}

async fn pair_of(first: &Tenant, one: Mutation, second: &Tenant, other: Mutation) -> [Call; 2] {
    let key = fresh_uuid().to_string();
    let change = |input| ChangeBuilder::by("root").key(&key, input).build();
    [one.prepare(first, change(1)).await, other.prepare(second, change(2)).await]
}

/// Executes both calls at the same time. One succeeds, and the key is used for the other one.
async fn race(calls: [Call; 2], names: (Mutation, Mutation)) {
    let outcomes = concurrently(calls).await;
    let is_reused = |outcome: &Outcome<()>| matches!(outcome, Err(Failure::Refused(why)) if why[..] == [Refusal::IdempotencyKeyReused]);
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = outcomes.iter().filter(|outcome| is_reused(outcome)).count();
    assert_eq!((done, refused), (1, 1), "{names:?}: {outcomes:?}");
}

/// The pairs of every mutation with those that store their keys in different ways.
fn pairs() -> impl Iterator<Item = (Mutation, Mutation)> {
    [Register, CancelRegistration, CreateIssue].into_iter().flat_map(|one| ALL.map(|other| (one, other)))
}

pub(super) async fn a_used_key_is_refused_for_every_other_mutation(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    for (one, other) in pairs() {
        for (first, second) in [(one, other), (other, one)] {
            let [first_call, second_call] = pair(&tenant, first, second).await;
            first_call.await.unwrap_or_else(|failure| panic!("{first:?} alone: {failure:?}"));
            let journal = tenant.journal().await;
            let refused = refusal(second_call.await);
            assert_eq!(refused, Refusal::IdempotencyKeyReused, "{second:?} after {first:?}");
            journal.expect_nothing().await;
        }
    }
}

pub(super) async fn one_of_two_concurrent_mutations_uses_the_key(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    for (one, other) in pairs() {
        race(pair(&tenant, one, other).await, (one, other)).await;
    }
}

pub(super) async fn one_of_two_processes_uses_the_key(environment: Environment) {
    let here = environment.tenant("choir").await;
    let there = Tenant { ports: environment.other.clone(), ..here.clone() };
    for (position, one) in ALL.into_iter().enumerate() {
        for other in ALL.into_iter().skip(position) {
            race(pair_of(&here, one, &there, other).await, (one, other)).await;
        }
    }
}

pub(super) async fn a_reused_key_is_refused_before_a_missing_object(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (scope, ports) = (&tenant.scope, &tenant.ports);
    let change = |input| ChangeBuilder::by("root").key("used", input).build();
    let gone = event(&tenant).await;
    ports.events.delete(scope, gone.id, &change(1)).await.unwrap();
    let refused = ports.events.cancel(scope, gone.id, &change(2)).await;
    assert_eq!(refusal(refused), Refusal::IdempotencyKeyReused);
    let request = register(occurrence_key(&gone, day(0)), tenant.admin.id);
    let refused = ports.registration_book.register(scope, request, &change(3)).await;
    assert_eq!(refusal(refused), Refusal::IdempotencyKeyReused);
    let registration = RegistrationId::from_uuid(fresh_uuid());
    let request = CancelRequest { registration, caller: tenant.admin.id, role: Role::Admin };
    let refused = ports.registration_book.cancel(scope, request, &change(4)).await;
    assert_eq!(refusal(refused), Refusal::IdempotencyKeyReused);
}

pub(super) async fn the_key_of_a_creation_counts_in_the_new_organization(environment: Environment) {
    let change = |input| ChangeBuilder::by("root").key("creation", input).build();
    let organization = OrganizationBuilder::new("choir").build();
    let scope = crate::caller::TenantScope::for_tests(organization.id);
    let admin = MemberBuilder::new("root").admin().build();
    let organizations = &environment.ports.organizations;
    let (organization, admin) = organizations.create(&scope, organization, admin, &change(1)).await.unwrap();
    let tenant = environment.track(scope, organization, admin);
    for mutation in [Register, CreateIssue] {
        let call = mutation.prepare(&tenant, change(2)).await;
        assert_eq!(refusal(call.await), Refusal::IdempotencyKeyReused, "{mutation:?}");
    }
    // The key of a change within an organization says nothing about another one.
    let used = ChangeBuilder::by("root").key("issue", 3).build();
    CreateIssue.prepare(&tenant, used).await.await.unwrap();
    let band = OrganizationBuilder::new("band").build();
    let scope = crate::caller::TenantScope::for_tests(band.id);
    let admin = MemberBuilder::new("root").admin().build();
    let creation = ChangeBuilder::by("root").key("issue", 4).build();
    organizations.create(&scope, band, admin, &creation).await.expect("another organization");
}

pub(super) async fn a_repeat_is_refused_once_its_registration_is_deleted(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = event(&tenant).await;
    let change = |input| ChangeBuilder::by("root").key("seat", input).build();
    let request = || register(occurrence_key(&event, day(0)), tenant.admin.id);
    let book = &tenant.ports.registration_book;
    let seat = book.register(&tenant.scope, request(), &change(1)).await.unwrap();
    tenant.cancel(&seat).await;
    tenant.ports.events.delete(&tenant.scope, event.id, &by_root()).await.unwrap();
    let refused = book.register(&tenant.scope, request(), &change(1)).await;
    assert_eq!(refusal(refused), Refusal::not_found(crate::failure::Field::OccurrenceId));
    let refused = book.register(&tenant.scope, request(), &change(2)).await;
    assert_eq!(refusal(refused), Refusal::IdempotencyKeyReused, "the key stays used");
}
