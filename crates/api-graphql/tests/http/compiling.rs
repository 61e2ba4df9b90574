//! Documents that are parsed and validated for the first time.

use std::sync::Arc;

use convene_api_graphql::{
    auth::Owner,
    http::graphql::{GraphqlExecutor, OperationReference},
};
use convene_domain::text::UserId;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};

use super::fuzz::executor;

fn owner(organization: &str, user: &str) -> Owner {
    Owner { organization: Some(organization.to_owned()), user: UserId::parse(user).unwrap() }
}

/// A document whose validation takes long, because it compares all fields with each other.
fn slow(number: usize) -> Arc<str> {
    format!("{{ events {{ nodes {{ {} }} }} }} # {number}", "id ".repeat(400)).into()
}

#[tokio::test]
async fn a_new_document_is_compiled_on_another_thread_and_a_known_one_is_not_compiled() {
    let (executor, owner) = (executor(), owner("acme", "alice"));
    let (document, operation) = (slow(0), OperationReference::default());
    let mut new = executor.inspect(&document, &operation, &owner);
    assert!((&mut new).now_or_never().is_none(), "this thread does not wait");
    assert!(new.await.is_ok());
    assert!(executor.inspect(&document, &operation, &owner).now_or_never().is_some());
}

#[tokio::test]
async fn documents_of_one_caller_are_compiled_in_turn_and_keep_nobody_else_waiting() {
    let executor = executor();
    let operation = OperationReference::default();
    let documents: Vec<_> = (0..12).map(slow).collect();
    let callers = documents.iter().map(|_| owner("acme", "alice")).collect::<Vec<_>>();
    let (last, other) = (slow(documents.len()), owner("other", "bob"));
    let inspect = |number: usize, document, owner| -> BoxFuture<'_, usize> {
        let inspected = executor.inspect(document, &operation, owner);
        async move {
            assert!(inspected.await.is_ok());
            number
        }
        .boxed()
    };
    let mut running: FuturesUnordered<_> = documents
        .iter()
        .zip(&callers)
        .enumerate()
        .map(|(number, (document, owner))| inspect(number, document, owner))
        .collect();
    // The documents of the first caller wait already.
    assert!(running.next().now_or_never().is_none());
    running.push(inspect(documents.len(), &last, &other));
    let order: Vec<usize> = running.collect().await;
    let position = order.iter().position(|number| *number == documents.len()).unwrap();
    assert!(position < documents.len() / 2, "{order:?}");
    let of_first: Vec<usize> = order.into_iter().filter(|number| *number < documents.len()).collect();
    assert!(of_first.is_sorted(), "{of_first:?}");
}
