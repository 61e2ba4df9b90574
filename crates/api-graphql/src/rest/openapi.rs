//! The OpenAPI document, which is generated from the routes.

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::{
    OpenApi,
    openapi::{
        self,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    input::Problems,
    issues::{answer::IssueAnswer, create, delete, get, list, update},
    schemas::{IssueChanges, NewIssue, Priority, Status},
};
use crate::http::{
    error::{ErrorAnswer, HttpError},
    methods,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Convene: issues",
        description = "The issue tracker of an organization. All other functions of Convene are available over GraphQL."
    ),
    servers((url = "/")),
    paths(
        list::handle,
        create::handle,
        get::handle,
        update::handle,
        delete::handle,
    ),
    components(schemas(IssueAnswer, Status, Priority, NewIssue, IssueChanges, ErrorAnswer)),
    tags((name = "issues", description = "Defects, requests and tasks")),
)]
struct Document;

/// The way in which callers authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// A signed token.
    Token,
    /// The plain headers of development.
    Headers,
}

/// The document for a server that accepts these credentials, as JSON.
///
/// # Errors
///
/// The document cannot be serialized, which is a defect.
pub fn json(credentials: Credentials) -> serde_json::Result<String> {
    let mut document = Document::openapi();
    credentials.describe(&mut document);
    document.to_pretty_json()
}

/// Adds the route. The document is serialized once; it contains no secret, so everybody may read it.
pub(super) fn routes(config: &mut web::ServiceConfig, credentials: Credentials) {
    let document = json(credentials).ok().map(web::Bytes::from);
    let serve = move |request: HttpRequest| {
        let document = document.clone();
        async move {
            let mut problems = Problems::default();
            let checked = problems.refuse_parameters(request.query_string());
            let checked = checked.and_then(|()| problems.conclude(Some(())));
            match checked.and_then(|()| document.ok_or_else(HttpError::internal)) {
                Ok(document) => HttpResponse::Ok().content_type("application/json").body(document),
                Err(error) => error.response(&request),
            }
        }
    };
    config.service(
        web::resource("/api/openapi.json")
            .route(methods::get().to(serve))
            .default_service(web::to(other_method)),
    );
}

async fn other_method(request: HttpRequest) -> HttpResponse {
    HttpError::method_not_allowed("GET, HEAD").response(&request)
}

impl Credentials {
    /// Adds the headers that a request needs.
    fn describe(self, document: &mut openapi::OpenApi) {
        let header = |name: &str, description: &str| {
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, description)))
        };
        let schemes = match self {
            Self::Token => {
                let mut bearer = Http::new(HttpAuthScheme::Bearer);
                bearer.bearer_format = Some(String::from("JWT"));
                vec![("bearer", SecurityScheme::Http(bearer))]
            }
            Self::Headers => vec![
                ("organization", header("x-organization-id", "Id or slug of the organization")),
                ("user", header("x-user-id", "The user id of the member")),
            ],
        };
        let required = schemes.iter().fold(SecurityRequirement::default(), |required, (name, _)| {
            required.add::<_, [&str; 0], _>(*name, [])
        });
        document.security = Some(vec![required]);
        document.components.get_or_insert_default().add_security_schemes_from_iter(schemes);
    }
}
