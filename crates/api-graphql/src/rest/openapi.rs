//! The document that describes the routes, generated from them.

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};

mod parameters;
mod responses;
mod schemas;

pub(super) use self::{
    parameters::{IdempotencyKeyHeader, IssueQuery, NumberInPath},
    responses::{BadBody, BadQuery, Denied, KeyReused, Missing},
    schemas::{Error, IssueChanges, NewIssue, Priority, Status},
};
use super::issues::{answer::IssueAnswer, create, delete, get, list, update};
use crate::http::error::HttpError;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Convene: issues",
        description = "The issue tracker of an organization. Everything else that Convene does, it does over GraphQL."
    ),
    servers((url = "/")),
    paths(
        list::handle,
        create::handle,
        get::handle,
        update::handle,
        delete::handle,
    ),
    components(schemas(IssueAnswer, Status, Priority, NewIssue, IssueChanges, Error)),
    tags((name = "issues", description = "What is broken, missing or to be done")),
    security(("bearer" = []), ("organization" = [], "user" = [])),
    modifiers(&SecuritySchemes),
)]
struct Document;

/// The document, as JSON.
///
/// # Errors
///
/// It cannot be written, which is a defect.
pub fn json() -> serde_json::Result<String> {
    Document::openapi().to_pretty_json()
}

/// Adds the route. The document is written once; there is no secret in it, so everybody may read it.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    let document = json().ok().map(web::Bytes::from);
    let serve = move |request: HttpRequest| {
        let document = document.clone();
        async move {
            match document {
                Some(document) => HttpResponse::Ok().content_type("application/json").body(document),
                None => HttpError::internal().response(&request),
            }
        }
    };
    config.service(
        web::resource("/api/openapi.json").route(web::get().to(serve)).default_service(web::to(other_method)),
    );
}

async fn other_method(request: HttpRequest) -> HttpResponse {
    HttpError::method_not_allowed("GET").response(&request)
}

/// Both ways to prove who calls; which of them a server takes is its configuration.
struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let header = |name: &str, description: &str| {
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, description)))
        };
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some(String::from("JWT"));
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme(
            "organization",
            header("x-organization-id", "Development only: id or slug of the organization"),
        );
        components
            .add_security_scheme("user", header("x-user-id", "Development only: the user id of the member"));
    }
}
