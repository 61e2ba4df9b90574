//! GraphQL over HTTP, by the draft of June 2025: one handler for GET and POST on `/graphql`.
//!
//! The order of the steps is: authentication, content negotiation, the type and size of the body, the form of the
//! request, the limits of the document, validation, execution. Every response has the form of GraphQL, with an
//! `extensions.code` in each error.
//!
//! A GET runs queries only, so that a link cannot change data. The body of a POST must be JSON, which a page of another
//! site cannot send without a preflight request.

mod accept;
mod compiled;
mod document_cache;
mod documents;
mod executor;
mod handler;
mod malformed;
mod names;
mod persisted;
mod reference;
mod request;
mod response;
mod trusted;

pub(crate) use self::handler::{routes, starting_routes};
pub use self::{
    compiled::CompiledDocument,
    document_cache::MAX_DOCUMENT_BYTES,
    documents::Documents,
    executor::{
        ArgumentCheck, Execution, GraphqlExecutor, Inspected, Rejected, RequestInfo, Run, SchemaExecutor,
        SharedExecutor,
    },
    handler::GraphqlRoute,
    malformed::MalformedRequest,
    persisted::{MAX_PERSISTED_BYTES, PersistedDocuments},
    reference::{DocumentHash, DocumentReference},
    request::{GraphqlRequest, OperationReference},
    response::{ErrorEntry, Errors, ResponseBody},
    trusted::TrustedDocuments,
};
