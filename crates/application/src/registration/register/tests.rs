use convene_domain::{
    event::{EarlierSchedule, EventStatus},
    member::Role,
    text::IdempotencyKey,
};
use rstest::rstest;
use time::{Duration, macros::utc_datetime};

use super::*;
use crate::{
    fixtures::{self, ADA, BOB, refusals},
    idempotency::{Fingerprint, Idempotency},
    ports::{MockCatalogue, MockEvents, MockMembers, MockRegistrationBook},
};

const FIRST: Instant = utc_datetime!(2026-11-02 9:00);

fn occurrence(event: u128, original_start: Instant) -> RegistrationTarget {
    RegistrationTarget::Occurrence(OccurrenceKey { event: fixtures::event_id(event), original_start })
}

fn command(target: RegistrationTarget) -> RegisterCommand {
    RegisterCommand { target, member: None, join_waitlist: false }
}

/// Event 1 is one-off, event 2 daily, event 3 one-off and cancelled. Bob is the only member besides Ada.
fn register(book: MockRegistrationBook) -> Register {
    let events = [
        fixtures::event(1, "2026-11-02 9:00", None),
        fixtures::event(2, "2026-11-02 9:00", Some("FREQ=DAILY")),
        Event { status: EventStatus::Cancelled, ..fixtures::event(3, "2026-11-02 9:00", None) },
    ];
    let mut port = MockEvents::new();
    port.expect_get_many().returning(move |_, ids| {
        Ok(events.iter().filter(|event| ids.contains(&event.id)).cloned().collect())
    });
    let mut catalogue = MockCatalogue::new();
    catalogue.expect_replica().returning(|_| Ok(None));
    catalogue.expect_stored().returning(|_, _| Ok(vec![]));
    let mut members = MockMembers::new();
    members.expect_get_many().returning(|_, ids| {
        let bob = fixtures::member(BOB, Role::Member);
        Ok(if ids.contains(&bob.id) { vec![bob] } else { vec![] })
    });
    Register {
        contexts: fixtures::contexts(),
        finder: Finder { catalogue: Arc::new(catalogue), events: Arc::new(port) },
        members: Arc::new(members),
        registration_book: Arc::new(book),
    }
}

/// A registration book that confirms every request, if the request is as expected.
fn book(expected: impl Fn(&RegisterRequest) -> bool + Send + Sync + 'static) -> MockRegistrationBook {
    let mut book = MockRegistrationBook::new();
    book.expect_register().withf(move |_, request, _| expected(request)).returning(|_, request, change| {
        Ok(Registration {
            id: request.id,
            occurrence: request.occurrence,
            member: request.member,
            created_at: change.at,
            updated_at: change.at,
            ..fixtures::registration(0, ADA)
        })
    });
    book
}

/// A registration book that must not be called.
fn uncalled_book() -> MockRegistrationBook {
    MockRegistrationBook::new()
}

async fn run(book: MockRegistrationBook, role: Role, command: RegisterCommand) -> Outcome<Registration> {
    register(book).execute(&fixtures::caller(ADA, role), command, RequestMetadata::default()).await
}

#[rstest]
#[case::occurrence_of_a_series(occurrence(2, FIRST + Duration::days(3)), FIRST + Duration::days(3))]
#[case::occurrence_of_a_one_off_event(occurrence(1, FIRST), FIRST)]
#[case::one_off_event(RegistrationTarget::Event(fixtures::event_id(1)), FIRST)]
#[tokio::test]
async fn registers_the_caller(#[case] target: RegistrationTarget, #[case] expected: Instant) {
    let is_expected = move |request: &RegisterRequest| {
        request.occurrence.original_start == expected && request.join_waitlist
    };
    let command = RegisterCommand { join_waitlist: true, ..command(target) };
    let registration = run(book(is_expected), Role::Member, command).await.unwrap();
    assert_eq!(registration.member, fixtures::member_id(ADA));
    assert_eq!(registration.occurrence.original_start, expected);
    assert_eq!(registration.id, RegistrationId::from_uuid(fixtures::fresh_uuid(0)));
    assert_eq!(registration.created_at, fixtures::NOW);
}

#[rstest]
#[case::no_such_one_off_event(
    RegistrationTarget::Event(fixtures::event_id(9)),
    Refusal::not_found(Field::EventId)
)]
#[case::a_whole_series(RegistrationTarget::Event(fixtures::event_id(2)), Refusal::EventIsRecurring)]
#[tokio::test]
async fn refuses_unknown_and_recurring_events(#[case] target: RegistrationTarget, #[case] expected: Refusal) {
    assert_eq!(refusals(run(uncalled_book(), Role::Member, command(target)).await), [expected]);
}

#[tokio::test]
async fn an_admin_registers_another_member() {
    let command = RegisterCommand { member: Some(fixtures::member_id(BOB)), ..command(occurrence(1, FIRST)) };
    let registration = run(book(|_| true), Role::Admin, command).await.unwrap();
    assert_eq!(registration.member, fixtures::member_id(BOB));
}

#[tokio::test]
async fn a_member_registers_nobody_else_whether_they_exist_or_not() {
    for name in [BOB, "nobody"] {
        // The target does not exist either. That is not told to a member who may not act.
        let command =
            RegisterCommand { member: Some(fixtures::member_id(name)), ..command(occurrence(9, FIRST)) };
        assert_eq!(refusals(run(uncalled_book(), Role::Member, command).await), [Refusal::AdminOnly]);
    }
}

#[tokio::test]
async fn naming_oneself_needs_no_admin() {
    let command = RegisterCommand { member: Some(fixtures::member_id(ADA)), ..command(occurrence(1, FIRST)) };
    assert!(run(book(|_| true), Role::Member, command).await.is_ok());
}

#[tokio::test]
async fn reports_all_refusals_at_once() {
    let command =
        RegisterCommand { member: Some(fixtures::member_id("nobody")), ..command(occurrence(9, FIRST)) };
    let expected = [Refusal::not_found(Field::OccurrenceId), Refusal::not_found(Field::MemberId)];
    assert_eq!(refusals(run(uncalled_book(), Role::Admin, command).await), expected);
}

#[tokio::test]
async fn a_key_is_looked_up_before_a_request_is_refused() {
    let one_off = |event| RegistrationTarget::Event(fixtures::event_id(event));
    let nobody = RegisterCommand { member: Some(fixtures::member_id("nobody")), ..command(one_off(1)) };
    for (command, refusal) in [
        (command(one_off(2)), Refusal::EventIsRecurring),
        (command(one_off(9)), Refusal::not_found(Field::EventId)),
        (nobody, Refusal::not_found(Field::MemberId)),
    ] {
        let keyed = async |answer: fn() -> Outcome<Registration>| {
            let mut book = MockRegistrationBook::new();
            let is_nothing = |request: &RegisterRequest| {
                [1, 2, 3].iter().all(|event| request.occurrence.event != fixtures::event_id(*event))
            };
            book.expect_register()
                .once()
                .withf(move |_, request, change| is_nothing(request) && change.idempotency.is_some())
                .returning(move |_, _, _| answer());
            let key = IdempotencyKey::parse("key").unwrap();
            let fingerprint = Fingerprint([1; 32]);
            let idempotency = Some(Idempotency { key, fingerprint });
            let request = RequestMetadata { idempotency, ..RequestMetadata::default() };
            let caller = fixtures::caller(ADA, Role::Admin);
            register(book).execute(&caller, command, request).await
        };
        let repeat = keyed(|| Ok(fixtures::registration(7, ADA))).await;
        assert_eq!(repeat.unwrap(), fixtures::registration(7, ADA));
        let reused = keyed(|| Err(Refusal::IdempotencyKeyReused.into())).await;
        assert_eq!(refusals(reused), [Refusal::IdempotencyKeyReused]);
        let fresh = keyed(|| Err(Refusal::not_found(Field::OccurrenceId).into())).await;
        assert_eq!(refusals(fresh), [refusal]);
    }
}

#[tokio::test]
async fn asks_the_registration_book_about_a_cancelled_event() {
    assert!(run(book(|_| true), Role::Member, command(occurrence(3, FIRST))).await.is_ok());
}

#[tokio::test]
async fn a_one_off_event_that_was_moved_after_it_began_keeps_its_occurrence() {
    let began = fixtures::event(1, "2026-11-02 9:00", None);
    let until = FIRST + Duration::MINUTE;
    let earlier = vec![EarlierSchedule::of(&began, until)];
    let yesterday = fixtures::event(1, "2026-11-01 9:00", None);
    let only = only_occurrence(&Event { earlier: earlier.clone(), ..yesterday }).unwrap();
    assert_eq!(only.original_start, FIRST);
    let tomorrow = fixtures::event(1, "2026-11-03 9:00", None);
    let only = only_occurrence(&Event { earlier, ..tomorrow }).unwrap();
    assert_eq!(only.original_start, FIRST + Duration::DAY);
}
