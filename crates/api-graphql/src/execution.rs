//! Runs documents of the HTTP handler against the GraphQL schema.

use std::{fmt::Write as _, sync::Arc};

use convene_application::caller::Identity;

use crate::{
    graphql::{
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
        Context::new(identity, info.request_id.clone(), services.clone(), look_ahead)
    };
    Arc::new(SchemaExecutor::new(schema(), limits, introspection, context))
}

/// Compares trusted documents with the schema and the limits.
///
/// # Errors
///
/// The documents that cannot run, with their files and problems.
pub fn check_documents(documents: &TrustedDocuments, limits: &DocumentLimits) -> Result<(), String> {
    let root = Arc::new(limits.apply(schema()));
    let mut problems = String::from("CONVENE_TRUSTED_DOCUMENTS has documents that cannot run:");
    let valid = problems.len();
    for (file, document) in documents.iter() {
        if let Err(errors) = CompiledDocument::check(&root, document, limits) {
            write!(problems, "\n  {file}: {}", errors.summary()).map_err(|error| error.to_string())?;
        }
    }
    if problems.len() == valid { Ok(()) } else { Err(problems) }
}
