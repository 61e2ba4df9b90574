//! GraphQL over HTTP, by the draft of June 2025: one handler for GET and POST on `/graphql`.
//!
//! The order of the steps is: authentication, content negotiation, the type and size of the body, the form of the
//! request, the limits of the document, validation, execution. Every response has the form of GraphQL, with an
//! `extensions.code` in each error.
//!
//! A GET runs queries only, so that a link cannot change data. The body of a POST must be JSON, which a page of another
//! site cannot send without a preflight request.

mod accept;
mod executor;
mod handler;
mod mutations;
mod request;
mod response;

pub(crate) use self::handler::routes;
pub use self::{
    executor::{
        Execution, GraphqlExecutor, Inspected, Rejected, RequestInfo, SchemaExecutor, SharedExecutor,
    },
    handler::{GraphqlRoute, OperationSummary},
    mutations::MutationTasks,
    request::{GraphqlRequest, MalformedRequest},
    response::{ErrorEntry, ResponseBody, operation_type_name},
};
