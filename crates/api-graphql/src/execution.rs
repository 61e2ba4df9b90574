//! Runs documents of the HTTP handler against the GraphQL schema.

use std::sync::Arc;

use convene_application::caller::Identity;

use crate::{
    graphql::{
        arguments::wrong_arguments,
        context::{Context, Services},
        limits::DocumentLimits,
        schema::schema,
    },
    http::graphql::{CompiledDocument, RequestInfo, SchemaExecutor, SharedExecutor, TrustedDocuments},
};

/// An executor of documents, each with a context of its own. `introspection` allows documents to query the schema.
#[must_use]
pub fn schema_executor(
    services: Services,
    limits: DocumentLimits,
    introspection: bool,
) -> SharedExecutor<Identity> {
    let context = move |identity: Identity, info: &RequestInfo, look_ahead| {
        let RequestInfo { request_id, change } = info.clone();
        Context::new(identity, request_id, change, services.clone(), look_ahead)
    };
    let executor = SchemaExecutor::new(schema(), limits, introspection, context);
    Arc::new(executor.with_argument_check(wrong_arguments))
}

/// Compares trusted documents with the schema and the limits. Returns the files of those that cannot run, with the reasons.
#[must_use]
pub fn check_documents(documents: &TrustedDocuments, limits: &DocumentLimits) -> Vec<String> {
    let root = Arc::new(limits.apply(schema()));
    let problem = |(file, document)| {
        let errors = CompiledDocument::check(&root, document, limits).err()?;
        Some(format!("{file}: {}", errors.summary()))
    };
    documents.iter().filter_map(problem).collect()
}
