//! What is sent to the database always names the organization first.

use bson::{Bson, Document};
use convene_application::{
    page::PageRequest,
    ports::{ActivityFilter, IssueFilter, IssuePatch, MemberPatch, OrganizationPatch, OrganizationReference},
    testing::builders::{ChangeBuilder, IssueBuilder, MemberBuilder, first},
};
use convene_domain::{
    id::ActivityId,
    text::{OrganizationName, SearchText, Title},
    time::Instant,
};
use mongodb::event::command::CommandStartedEvent;

use crate::support::{Tenant, TestDatabase};

/// What a command addresses: its filters, or the documents that it stores.
fn addressed(command: &Document, name: &str) -> Vec<Document> {
    let documents = |array: &str, field: &str| -> Vec<Document> {
        let items = command.get_array(array).unwrap().iter().filter_map(Bson::as_document);
        items.map(|item| item.get_document(field).cloned().unwrap()).collect()
    };
    match name {
        "find" => vec![command.get_document("filter").cloned().unwrap()],
        "findAndModify" => vec![command.get_document("query").cloned().unwrap()],
        "update" => documents("updates", "q"),
        "delete" => documents("deletes", "q"),
        "aggregate" => documents("pipeline", "$match").into_iter().take(1).collect(),
        "insert" => {
            let stored = command.get_array("documents").unwrap().iter();
            stored.filter_map(Bson::as_document).cloned().collect()
        }
        // What has no filter: continuing a cursor, ending a transaction.
        "getMore" | "commitTransaction" | "abortTransaction" | "killCursors" => Vec::new(),
        other => panic!("{other} was not expected"),
    }
}

fn assert_scoped(event: &CommandStartedEvent, tenant: &Tenant) {
    let CommandStartedEvent { command, command_name, .. } = event;
    let collection = command.get_str(command_name).unwrap_or_default();
    let field = if collection == "organizations" { "_id" } else { "organization" };
    let organization = tenant.scope.organization().to_string();
    for document in addressed(command, command_name) {
        let found = document.get_str(field).ok();
        assert_eq!(found, Some(organization.as_str()), "{command_name} of {collection}: {document}");
        if command_name != "insert" {
            assert_eq!(document.keys().next().map(String::as_str), Some(field), "it comes first: {document}");
        }
    }
}

#[tokio::test]
async fn every_filter_and_every_document_names_the_organization() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("watched").await;
    use_everything(&database, &tenant).await;
    let sent = commands.take();
    assert!(sent.len() > 40, "only {} commands were seen", sent.len());
    for event in sent.iter().filter(|event| event.db == database.name()) {
        assert_scoped(event, &tenant);
    }
}

async fn use_everything(database: &TestDatabase, tenant: &Tenant) {
    let scope = &tenant.scope;
    let change = ChangeBuilder::by("first-admin").build();
    let keyed = ChangeBuilder::by("first-admin").key("key", 1).build();
    let ports = &database.ports;

    ports.organizations.get(scope).await.unwrap();
    let patch = OrganizationPatch {
        name: Some(OrganizationName::parse("Another name").unwrap()),
        ..OrganizationPatch::default()
    };
    ports.organizations.update(scope, patch, &change).await.unwrap();

    let member = ports.members.add(scope, MemberBuilder::new("ada").build(), &change).await.unwrap();
    let patch = MemberPatch {
        email: Some(None),
        role: Some(convene_domain::member::Role::Admin),
        ..MemberPatch::default()
    };
    ports.members.update(scope, member.id, patch, &change).await.unwrap();
    ports.members.get_many(scope, &[member.id]).await.unwrap();
    ports.members.get_many_with_removed(scope, &[member.id]).await.unwrap();
    ports.members.list(scope, Some(convene_domain::member::Role::Admin), first(10)).await.unwrap();
    let by_id = OrganizationReference::Id(scope.organization());
    ports.directory.find_membership(&by_id, &member.user_id).await.unwrap().unwrap();

    let issue = IssueBuilder::new("Broken projector", member.id).build();
    let issue = ports.issues.create(scope, issue, &keyed).await.unwrap();
    let patch = IssuePatch {
        title: Some(Title::parse("Projector").unwrap()),
        assignee: Some(Some(member.id)),
        ..IssuePatch::default()
    };
    ports.issues.update(scope, issue.id, patch, &change).await.unwrap();
    ports.issues.get_many(scope, &[issue.id]).await.unwrap();
    ports.issues.get_by_number(scope, 1).await.unwrap().unwrap();
    let filter = IssueFilter { search: Some(SearchText::parse("PROJ").unwrap()), ..IssueFilter::default() };
    assert_eq!(ports.issues.list(scope, filter, first(10)).await.unwrap().items.len(), 1);
    ports.issues.delete(scope, issue.id, &change).await.unwrap();

    let page: PageRequest<(Instant, ActivityId)> = first(10);
    let log = ports.activity_log.list(scope, ActivityFilter::default(), page).await.unwrap();
    ports.activity_log.get_many(scope, &[log.items[0].id]).await.unwrap();
    ports.members.remove(scope, member.id, &change).await.unwrap();
}
