//! Erasure of personal data from all collections.

use std::sync::Arc;

use bson::{Document, doc};
use convene_application::{
    caller::{Operator, TenantScope},
    personal_data::{ErasePersonalData, Erasure, ErasureError, Person},
    ports::{
        CancelRequest, EditScope, EventEdit, EventPatch, MemberPatch, OnAffected, OrganizationReference,
        RegisterRequest, RegistrationBook,
    },
    testing::{
        FixedClock,
        builders::{
            ChangeBuilder, EventBuilder, IssueBuilder, MemberBuilder, OrganizationBuilder, occurrence_key,
            register,
        },
    },
};
use convene_domain::{
    member::Role,
    text::{DisplayName, Email, Title, UserId},
};
use convene_infrastructure_mongo::registration::BookSettings;
use futures::TryStreamExt;
use time::{Duration, macros::datetime};

use crate::support::{FailPoint, TestDatabase};

/// The person's user id, and texts in the person's names and addresses.
const USER: &str = "person-4711";
const TRACES: [&str; 4] = [USER, "Quillfeather", "quill", "feather.example"];

/// Reads every document, as the name of its collection and its text.
async fn all_documents(database: &TestDatabase) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for name in database.raw().list_collection_names().await.unwrap() {
        let found = database.collection(&name).find(doc! {}).await.unwrap();
        let documents: Vec<Document> = found.try_collect().await.unwrap();
        all.extend(documents.into_iter().map(|document| (name.clone(), document.to_string())));
    }
    all
}

/// Lists the collections that contain personal data.
async fn traces(database: &TestDatabase) -> Vec<String> {
    let mut found: Vec<String> = all_documents(database)
        .await
        .into_iter()
        .filter(|(_, document)| TRACES.iter().any(|trace| document.contains(trace)))
        .map(|(name, _)| name)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Makes an organization in which the person is an admin and has made changes of every kind, most of them with
/// idempotency keys.
async fn active_person(database: &TestDatabase) -> TenantScope {
    let ports = &database.ports;
    let book = ports.start_registration_book(BookSettings::default());
    let organization = OrganizationBuilder::new("choir").build();
    let scope = TenantScope::for_tests(organization.id);
    let by = |key: &str| ChangeBuilder::by(USER).key(key, 1).build();
    let person = MemberBuilder::new(USER).name("Petra Quillfeather").email("quill@feather.example").admin();
    let (_, person) =
        ports.organizations.create(&scope, organization, person.build(), &by("create")).await.unwrap();
    let patch = MemberPatch {
        display_name: Some(DisplayName::parse("P. Quillfeather").unwrap()),
        email: Some(Some(Email::parse("petra@feather.example").unwrap())),
        ..MemberPatch::default()
    };
    ports.members.update(&scope, person.id, patch, &by("rename")).await.unwrap();
    let other = MemberBuilder::new("other").admin().build();
    let other = ports.members.add(&scope, other, &by("add")).await.unwrap();

    let first = datetime!(2031-03-10 09:00);
    let event =
        ports.events.create(&scope, EventBuilder::daily(first, 3).build(), &by("plan")).await.unwrap();
    let start = |number: i64| first.as_utc() + Duration::days(number);
    let request = register(occurrence_key(&event, start(0)), person.id);
    let seat = book.register(&scope, request, &by("seat")).await.unwrap();
    let request = register(occurrence_key(&event, start(1)), person.id);
    book.register(&scope, request, &ChangeBuilder::by("other").key("for them", 1).build()).await.unwrap();
    let request =
        RegisterRequest { join_waitlist: true, ..register(occurrence_key(&event, start(1)), other.id) };
    book.register(&scope, request, &by("for another")).await.unwrap();
    let cancellation = CancelRequest::for_tests(seat.id, person.id, Role::Admin);
    book.cancel(&scope, cancellation, &by("cancel")).await.unwrap();
    let patch = EventPatch { title: Some(Title::parse("Evensong").unwrap()), ..EventPatch::default() };
    let edit = EventEdit {
        event: event.id,
        expected_version: None,
        scope: EditScope::All,
        patch,
        on_affected: OnAffected::Refuse,
    };
    ports.events.update(&scope, edit, &by("edit")).await.unwrap();
    let issue = IssueBuilder::new("Broken projector", person.id).assignee(person.id).build();
    ports.issues.create(&scope, issue, &by("report")).await.unwrap();
    scope
}

/// Erases the person, as the command does.
async fn erase(database: &TestDatabase, scope: &TenantScope) -> Result<Erasure, ErasureError> {
    let ports = database.ports.clone();
    let erase = ErasePersonalData::new(
        Arc::new(FixedClock::default()),
        ports.directory,
        ports.members,
        ports.personal_data,
    );
    let organization = OrganizationReference::Id(scope.organization());
    let person = Person { organization, user: UserId::parse(USER).unwrap() };
    let operator = Operator::for_tests(UserId::parse("operator").unwrap());
    erase.execute(&operator, &person).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_removes_personal_data_from_all_collections() {
    let database = TestDatabase::prepared().await;
    let scope = active_person(&database).await;
    assert_eq!(traces(&database).await, ["activity", "idempotency", "members"]);

    let erasure = erase(&database, &scope).await.unwrap();

    assert_eq!(traces(&database).await, Vec::<String>::new());
    assert_eq!((erasure.cancelled_registrations, erasure.erased.memberships), (1, 1));
    assert_eq!(erasure.erased.keys, 9);
    let report = database.ports.check(FixedClock::START).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_deletes_any_number_of_keys_in_batches() {
    let (database, commands) = TestDatabase::watched().await;
    let scope = active_person(&database).await;
    let keys = database.collection("idempotency");
    let key = keys.find_one(doc! { "_id.actor": USER, "_id.key": "report" }).await.unwrap().unwrap();
    let copy = |number: i32| {
        let mut copy = key.clone();
        copy.get_document_mut("_id").unwrap().insert("key", format!("report {number}"));
        copy
    };
    keys.insert_many((0..1_200).map(copy)).await.unwrap();
    commands.take();
    assert_eq!(erase(&database, &scope).await.unwrap().erased.keys, 1_209);
    assert_eq!(traces(&database).await, Vec::<String>::new());
    let deletions = commands.take().into_iter().filter(|event| event.command_name == "delete");
    assert_eq!(
        deletions
            .filter(|event| event.command.get_str("delete").is_ok_and(|name| name == "idempotency"))
            .count(),
        3
    );
}

/// The server says so for each command that the database user may not run.
#[tokio::test]
async fn an_erasure_without_the_right_to_change_the_log_changes_nothing() {
    let database = TestDatabase::prepared().await;
    let scope = active_person(&database).await;
    let before = all_documents(&database).await;
    assert!(database.ports.personal_data.may_erase(&scope).await.unwrap());
    let unauthorized =
        FailPoint::on("update", 1).in_collection(&database, "activity", 0).code(13, &[]).set(&database).await;
    assert!(matches!(erase(&database, &scope).await, Err(ErasureError::NotPermitted)));
    drop(unauthorized);
    assert_eq!(all_documents(&database).await, before);
}
