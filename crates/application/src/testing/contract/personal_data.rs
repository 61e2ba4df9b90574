//! The contract of [`PersonalData`](crate::ports::PersonalData).

use std::{pin::Pin, slice, sync::Arc};

use convene_domain::{
    activity::{Action, Activity, Actor},
    issue::Issue,
    member::Member,
    registration::{Registration, RegistrationStatus, RegistrationStatusKind},
    text::{DisplayName, Email, UserId},
    time::Instant,
};
use time::Duration;

use super::{
    environment::Environment,
    support::{FIRST, NOW, by_root, concurrently, day, refusal},
    tenant::Tenant,
};
use crate::{
    caller::Operator,
    failure::{Field, Outcome, Refusal},
    personal_data::{ErasePersonalData, Erasure, ErasureError, Person},
    ports::{
        ERASED_EMAIL, ERASED_NAME, Erased, MemberPatch, OrganizationReference, PERSONAL_FIELDS,
        PersonalRecord, RegisterRequest, RegistrationFilter, pseudonym,
    },
    testing::{
        FixedClock,
        builders::{ChangeBuilder, EventBuilder, IssueBuilder, MemberBuilder, occurrence_key, register},
    },
};

/// Old and new names and addresses of a person. Nothing else in the organization contains them.
const NAMES: [&str; 4] = ["Ada Early", "Ada Later", "early@example.org", "later@example.org"];

fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

async fn collect(tenant: &Tenant, id: &str) -> PersonalRecord {
    tenant.ports.personal_data.collect(&tenant.scope, &user(id)).await.unwrap()
}

async fn erase(tenant: &Tenant, id: &str) -> Erased {
    erase_at(tenant, id, NOW).await
}

async fn erase_at(tenant: &Tenant, id: &str, at: Instant) -> Erased {
    let change = ChangeBuilder::by_system().at(at).build();
    tenant.ports.personal_data.erase(&tenant.scope, &user(id), &change).await.unwrap()
}

async fn remove(tenant: &Tenant, member: &Member) {
    tenant.ports.members.remove(&tenant.scope, member.id, &by_root()).await.unwrap();
}

/// A renamed member with a created issue, an assigned issue and a registration made with an idempotency key.
async fn ada(tenant: &Tenant) -> (Member, Registration, Vec<Issue>) {
    let (scope, ports) = (&tenant.scope, &tenant.ports);
    let [early, later, from, to] = NAMES;
    let ada = tenant.add(MemberBuilder::new("ada").name(early).email(from)).await;
    let patch = MemberPatch {
        display_name: Some(DisplayName::parse(later).unwrap()),
        email: Some(Some(Email::parse(to).unwrap())),
        ..MemberPatch::default()
    };
    let ada = ports.members.update(scope, ada.id, patch, &by_root()).await.unwrap();
    let reported = IssueBuilder::new("Broken projector", ada.id).build();
    let keyed = ChangeBuilder::by("ada").key("report", 1).build();
    let reported = ports.issues.create(scope, reported, &keyed).await.unwrap();
    let assigned = IssueBuilder::new("Missing badges", tenant.admin.id).assignee(ada.id).build();
    let assigned = ports.issues.create(scope, assigned, &by_root()).await.unwrap();
    let event = tenant.event(EventBuilder::daily(FIRST, 3)).await;
    let keyed = ChangeBuilder::by("ada").key("seat", 2).build();
    let request = register(occurrence_key(&event, day(1)), ada.id);
    let seat = ports.registration_book.register(scope, request, &keyed).await.unwrap();
    (ada, seat, vec![reported, assigned])
}

fn actions(entries: &[Activity]) -> Vec<&str> {
    entries.iter().map(|entry| entry.action.as_str()).collect()
}

pub(super) async fn everything_stored_about_a_person_is_collected(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (ada, seat, issues) = ada(&tenant).await;
    let bea = tenant.member("bea").await;
    let other = IssueBuilder::new("Somebody else's", bea.id).build();
    tenant.ports.issues.create(&tenant.scope, other, &by_root()).await.unwrap();

    let record = collect(&tenant, "ada").await;
    let [membership] = record.memberships.as_slice() else { panic!("{record:?}") };
    assert_eq!((&membership.member, membership.removed_at), (&ada, None));
    assert_eq!(record.registrations, slice::from_ref(&seat));
    assert_eq!(record.issues, issues);
    let busy: Vec<_> = record.agenda.iter().map(|busy| (busy.occurrence, busy.interval)).collect();
    assert_eq!(busy, [(seat.occurrence, seat.interval)]);
    let expected =
        ["member.added", "member.updated", "issue.created", "issue.created", "registration.created"];
    assert_eq!(
        actions(&record.activity),
        expected,
        "own entries, entries about the registration and entries about the member"
    );
    let mut keys: Vec<_> = record.keys.iter().map(|used| (used.key.as_str(), used.subject.clone())).collect();
    keys.sort_unstable();
    assert_eq!(keys, [("report", issues[0].id.to_string()), ("seat", seat.id.to_string())]);

    remove(&tenant, &ada).await;
    let record = collect(&tenant, "ada").await;
    assert!(record.memberships[0].removed_at.is_some());
    assert_eq!(record.agenda, []);
    assert_eq!(record.registrations[0].status.kind(), RegistrationStatusKind::Cancelled);
}

pub(super) async fn entries_about_a_person_by_others_are_collected(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (ada, bea) = (tenant.member("ada").await, tenant.member("bea").await);
    let event = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let seat = tenant.seat(&event, day(0), &bea).await;
    let waitlisted = tenant.seat_or_waitlist(&event, day(0), &ada).await;
    tenant.cancel(&seat).await;
    let events = &tenant.ports.events;
    events.cancel(&tenant.scope, event.id, &by_root()).await.unwrap();
    let expected =
        ["member.added", "registration.waitlisted", "registration.promoted", "registration.cancelled"];
    let record = collect(&tenant, "ada").await;
    assert_eq!(actions(&record.activity), expected, "entries by other actors");
    assert_eq!((record.registrations.len(), record.agenda.len()), (1, 0));
    events.delete(&tenant.scope, event.id, &by_root()).await.unwrap();
    let record = collect(&tenant, "ada").await;
    assert_eq!(actions(&record.activity), expected, "although the registration is deleted");
    assert_eq!(record.registrations, []);
    let of_seats =
        record.activity.iter().skip(1).all(|it| it.subject.to_string() == waitlisted.id.to_string());
    assert!(of_seats, "nothing of bea's: {:?}", record.activity);
}

pub(super) async fn nothing_is_collected_about_an_unknown_user(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let other = environment.tenant("chess").await;
    ada(&other).await;
    assert_eq!(collect(&tenant, "ada").await, PersonalRecord::default());
    let journal = tenant.journal().await;
    assert_eq!(erase(&tenant, "ada").await, Erased::default());
    journal.expect_nothing().await;
}

pub(super) async fn erasure_removes_a_person_from_all_collections(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (ada, seat, issues) = ada(&tenant).await;
    remove(&tenant, &ada).await;
    let log = tenant.log().await;
    let registrations = tenant.registrations(RegistrationFilter::default()).await;

    let removed_at = collect(&tenant, "ada").await.memberships[0].removed_at;
    let erased = erase_at(&tenant, "ada", NOW + Duration::DAY).await;
    assert_eq!((erased.memberships, erased.keys), (1, 2));
    assert!(erased.entries >= 4, "{erased:?}");
    assert_eq!(collect(&tenant, "ada").await, PersonalRecord::default(), "nothing is held about ada");

    let pseudonym = pseudonym(ada.id.uuid());
    let record = collect(&tenant, &pseudonym).await;
    let [membership] = record.memberships.as_slice() else { panic!("{record:?}") };
    assert_eq!(membership.removed_at, removed_at, "times stay");
    let Member { user_id, display_name, email, .. } = &membership.member;
    assert_eq!((user_id.as_str(), display_name.as_str(), email), (pseudonym.as_str(), ERASED_NAME, &None));
    assert_eq!(membership.member.id, ada.id, "what refers to the member still does");
    assert_eq!((record.registrations[0].id, record.issues), (seat.id, issues));

    let mut after = tenant.log().await;
    let newest = after.pop().unwrap();
    assert_eq!((newest.action.as_str(), newest.subject.to_string()), ("member.erased", ada.id.to_string()));
    let shape = |entry: &Activity| {
        let fields =
            entry.changes.iter().map(|it| (it.field.clone(), it.before.is_some(), it.after.is_some()));
        (entry.id, entry.at, entry.action, entry.subject, fields.collect::<Vec<_>>())
    };
    let shapes = |log: &[Activity]| log.iter().map(shape).collect::<Vec<_>>();
    assert_eq!(shapes(&after), shapes(&log), "the log tells the same, but of nobody");
    for entry in &after {
        assert_ne!(entry.actor, Actor::User(user("ada")), "{entry:?}");
        for change in entry.changes.iter().filter(|it| PERSONAL_FIELDS.contains(&it.field.as_str())) {
            for value in [&change.before, &change.after].into_iter().flatten() {
                let of_her = entry.subject.to_string() == ada.id.to_string();
                let replaced = [pseudonym.as_str(), ERASED_NAME, ERASED_EMAIL].contains(&value.as_str());
                assert_eq!(replaced, of_her, "{entry:?}");
            }
        }
    }
    let all = format!("{after:?}");
    for name in NAMES.into_iter().chain(["e***@", "l***@"]) {
        assert!(!all.contains(name), "{name} is left in the log");
    }
    assert_eq!(tenant.registrations(RegistrationFilter::default()).await, registrations, "counts stay");

    let journal = tenant.journal().await;
    assert_eq!(erase(&tenant, "ada").await, Erased::default(), "there is nothing left to erase");
    assert_eq!(erase(&tenant, &pseudonym).await, Erased::default(), "a pseudonym is not replaced");
    journal.expect_nothing().await;
}

pub(super) async fn erasure_is_limited_to_one_organization(environment: Environment) {
    let (tenant, other) = (environment.tenant("choir").await, environment.tenant("chess").await);
    let (here, _, _) = ada(&tenant).await;
    let (there, _, _) = ada(&other).await;
    remove(&tenant, &here).await;
    remove(&other, &there).await;
    let before = (collect(&other, "ada").await, other.log().await);
    assert_eq!(erase(&tenant, "ada").await.memberships, 1);
    assert_eq!((collect(&other, "ada").await, other.log().await), before);
}

pub(super) async fn erasure_keeps_an_active_membership(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let (ada, _, _) = ada(&tenant).await;
    assert_eq!(erase(&tenant, "ada").await.memberships, 0);
    let record = collect(&tenant, "ada").await;
    assert_eq!(record.memberships[0].member, ada);
}

pub(super) async fn a_second_erasure_removes_later_data(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let mut pseudonyms = Vec::new();
    for _ in 0..2 {
        let ada = tenant.member("ada").await;
        remove(&tenant, &ada).await;
        assert_eq!(erase(&tenant, "ada").await.memberships, 1);
        pseudonyms.push(pseudonym(ada.id.uuid()));
    }
    assert_ne!(pseudonyms[0], pseudonyms[1], "two erasures are not linked");
    for pseudonym in pseudonyms {
        assert_eq!(collect(&tenant, &pseudonym).await.memberships.len(), 1);
    }
}

/// Removes and erases the person, as the operator's command does.
async fn remove_and_erase(tenant: &Tenant, id: &str) -> Outcome<Erasure> {
    let ports = tenant.ports.clone();
    let clock = Arc::new(FixedClock::default());
    let erase = ErasePersonalData::new(clock, ports.directory, ports.members, ports.personal_data);
    let organization = OrganizationReference::Id(tenant.scope.organization());
    let operator = Operator::for_tests(user("operator"));
    let erased = erase.execute(&operator, &Person { organization, user: user(id) }).await;
    erased.map_err(|error| match error {
        ErasureError::Failed(failure) => failure,
        ErasureError::NotPermitted => panic!("the adapters under test may change the log"),
    })
}

pub(super) async fn a_member_can_be_removed_and_erased_but_not_the_last_admin(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::once(FIRST).seats(1)).await;
    let bea = tenant.member("bea").await;
    let seat = tenant.seat(&event, day(0), &tenant.admin).await;
    let waiting = tenant.seat_or_waitlist(&event, day(0), &bea).await;
    let before = (collect(&tenant, "root").await, tenant.log().await);
    assert_eq!(refusal(remove_and_erase(&tenant, "root").await), Refusal::LastAdmin);
    assert_eq!((collect(&tenant, "root").await, tenant.log().await), before, "nothing was erased");

    tenant.add(MemberBuilder::new("ada").admin()).await;
    let erasure = remove_and_erase(&tenant, "root").await.unwrap();
    assert_eq!((erasure.cancelled_registrations, erasure.erased.memberships), (1, 1));
    assert_eq!(collect(&tenant, "root").await, PersonalRecord::default());
    assert_eq!(tenant.registration_now(&seat).await.status.kind(), RegistrationStatusKind::Cancelled);
    assert_eq!(tenant.registration_now(&waiting).await.status, RegistrationStatus::Confirmed);
    assert_eq!(tenant.counts(seat.occurrence).await, (1, 0));
    let log = tenant.log().await;
    let erased: Vec<_> = log.iter().filter(|entry| entry.action == Action::MemberErased).collect();
    assert_eq!(erased.len(), 1);
    assert_eq!(
        (&erased[0].actor, erased[0].changes.len()),
        (&Actor::System, 0),
        "the entry contains no personal data"
    );

    let journal = tenant.journal().await;
    for unknown in ["root", "nobody"] {
        let outcome = remove_and_erase(&tenant, unknown).await;
        assert_eq!(refusal(outcome), Refusal::not_found(Field::User), "{unknown}");
    }
    journal.expect_nothing().await;
}

/// A second erasure removes what was written during the first one.
pub(super) async fn erasure_succeeds_during_concurrent_changes_of_the_person(environment: Environment) {
    let tenant = environment.tenant("choir").await;
    let event = tenant.event(EventBuilder::daily(FIRST, 12).seats(1)).await;
    let (ada, bea) = (tenant.member("ada").await, tenant.member("bea").await);
    for number in 0..4 {
        tenant.seat(&event, day(number), &bea).await;
    }
    // Mostly confirmed registrations, and a few waitlisted ones.
    let mut calls: Vec<BoxedCall> = Vec::new();
    for number in 0..12_u8 {
        let key = occurrence_key(&event, day(number.into()));
        let request = RegisterRequest { join_waitlist: true, ..register(key, ada.id) };
        let change = ChangeBuilder::by("ada").key(&format!("seat-{number}"), number).build();
        let tenant = tenant.clone();
        calls.push(Box::pin(async move {
            let registered = tenant.ports.registration_book.register(&tenant.scope, request, &change).await;
            registered.map(drop)
        }));
    }
    let erasing = tenant.clone();
    calls.push(Box::pin(async move { remove_and_erase(&erasing, "ada").await.map(drop) }));
    let mut outcomes = concurrently(calls).await;
    outcomes.pop().expect("the erasure").expect("the erasure is done");
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        assert_eq!(refusal(outcome), Refusal::not_found(Field::MemberId));
    }

    let again = remove_and_erase(&tenant, "ada").await;
    if again.is_err() {
        assert_eq!(refusal(again), Refusal::not_found(Field::User), "nothing was left");
    }
    assert_eq!(collect(&tenant, "ada").await, PersonalRecord::default());
    assert_eq!(tenant.active_of(ada.id).await, [], "an erased person has no registrations");
    let all = format!("{:?}", tenant.log().await);
    assert!(!all.contains(r#""ada""#), "her user id and name are left in the log");
}

type BoxedCall = Pin<Box<dyn Future<Output = Outcome<()>> + Send>>;
