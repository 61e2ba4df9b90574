//! GraphQL over HTTP, by the draft of June 2025: one handler for GET and POST on `/graphql`.
//!
//! In order: credentials, the kind of answer wanted, the kind and size of the body, the shape of the request, the
//! limits of the document, validation, execution. Everything is answered in GraphQL's own shape, with an
//! `extensions.code` in each error.
//!
//! A GET runs queries only, so nothing changes by following a link; a POST has to be JSON, which a page of another
//! site cannot send without asking the browser first.

mod accept;
mod answer;
mod executor;
mod handler;
mod mutations;
mod request;

pub(crate) use self::handler::routes;
pub use self::{
    answer::{AnswerBody, ErrorEntry, operation_type_name},
    executor::{
        Execution, GraphqlExecutor, Inspected, Rejected, RequestInfo, SchemaExecutor, SharedExecutor,
    },
    handler::{GraphqlRoute, OperationSummary},
    mutations::MutationTasks,
    request::{GraphqlRequest, MalformedRequest},
};
