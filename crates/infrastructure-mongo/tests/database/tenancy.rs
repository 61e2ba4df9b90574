//! Every command names the organization.

use bson::{Bson, Document};
use mongodb::event::command::CommandStartedEvent;

use crate::{
    everything::use_everything,
    support::{Tenant, TestDatabase},
};

/// Returns the filters of a command, or the documents that it stores.
fn scoped_parts(command: &Document, name: &str) -> Vec<Document> {
    let documents = |array: &str, field: &str| -> Vec<Document> {
        let items = command.get_array(array).unwrap().iter().filter_map(Bson::as_document);
        items.map(|item| item.get_document(field).cloned().unwrap()).collect()
    };
    match name {
        "find" => vec![command.get_document("filter").cloned().unwrap()],
        "findAndModify" => vec![command.get_document("query").cloned().unwrap()],
        "update" => documents("updates", "q"),
        "delete" => documents("deletes", "q"),
        "aggregate" => {
            let first = command.get_array("pipeline").unwrap().first().and_then(Bson::as_document);
            vec![first.and_then(|stage| stage.get_document("$match").ok()).cloned().unwrap()]
        }
        "insert" => {
            let stored = command.get_array("documents").unwrap().iter();
            stored.filter_map(Bson::as_document).cloned().collect()
        }
        // These have no filter: they continue a cursor or end a transaction.
        "getMore" | "commitTransaction" | "abortTransaction" | "killCursors" => Vec::new(),
        other => panic!("{other} was not expected"),
    }
}

/// The alternatives of a filter that consists of them, each of which must name the organization; otherwise the filter itself.
fn alternatives(filter: Document) -> Vec<Document> {
    match filter.get_array("$or") {
        Ok(alternatives) if filter.len() == 1 => {
            alternatives.iter().filter_map(Bson::as_document).cloned().collect()
        }
        _ => vec![filter],
    }
}

fn assert_scoped(event: &CommandStartedEvent, tenant: &Tenant) {
    let CommandStartedEvent { command, command_name, .. } = event;
    let collection = command.get_str(command_name).unwrap_or_default();
    let field = if collection == "organizations" { "_id" } else { "organization" };
    let organization = tenant.scope.organization().to_string();
    for document in scoped_parts(command, command_name).into_iter().flat_map(alternatives) {
        let found = document.get_str(field).ok();
        assert_eq!(found, Some(organization.as_str()), "{command_name} of {collection}: {document}");
        if command_name != "insert" {
            assert_eq!(
                document.keys().next().map(String::as_str),
                Some(field),
                "the organization comes first: {document}"
            );
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
