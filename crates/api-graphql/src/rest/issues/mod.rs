//! `/api/issues`.

pub(super) mod answer;
pub(super) mod create;
pub(super) mod delete;
mod fields;
mod find;
pub(super) mod get;
pub(super) mod list;
pub(super) mod update;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::http::{error::HttpError, methods};

/// Adds the routes.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/api/issues")
                .route(methods::get().to(list::handle))
                .route(web::post().to(create::handle))
                .default_service(web::to(other_method_on_all)),
        )
        .service(
            web::resource("/api/issues/{number}")
                .route(methods::get().to(get::handle))
                .route(web::patch().to(update::handle))
                .route(web::delete().to(delete::handle))
                .default_service(web::to(other_method_on_one)),
        );
}

async fn other_method_on_all(request: HttpRequest) -> HttpResponse {
    HttpError::method_not_allowed("GET, HEAD, POST").response(&request)
}

async fn other_method_on_one(request: HttpRequest) -> HttpResponse {
    HttpError::method_not_allowed("GET, HEAD, PATCH, DELETE").response(&request)
}

/// The number in the path. Each number has exactly one spelling; other spellings are not found.
fn number(path: &str) -> Option<u32> {
    path.parse().ok().filter(|number: &u32| number.to_string() == path)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1", Some(1))]
    #[case("4294967295", Some(u32::MAX))]
    #[case("4294967296", None)]
    #[case("01", None)]
    #[case("+1", None)]
    #[case("-1", None)]
    #[case("1.0", None)]
    #[case("", None)]
    #[case("one", None)]
    fn numbers_have_one_spelling(#[case] path: &str, #[case] expected: Option<u32>) {
        assert_eq!(number(path), expected);
    }
}
