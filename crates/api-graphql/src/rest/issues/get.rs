use actix_web::{HttpRequest, HttpResponse, http::header::ETAG, web};

use super::{answer::represent_one, find::find};
use crate::rest::call::{Server, answer};

/// Read an issue
#[utoipa::path(
    get,
    path = "/api/issues/{number}",
    operation_id = "getIssue",
    tag = "issues",
    params(crate::rest::schemas::NumberInPath, crate::rest::schemas::IfMatchHeader,
        crate::rest::schemas::IfNoneMatchHeader),
    responses(
        (status = 200, description = "The issue", body = super::answer::IssueAnswer,
            headers(("ETag" = String, description = "The version of the issue"))),
        (status = 304, description = "The issue has a version of `If-None-Match`"),
        crate::rest::schemas::BadQuery,
        crate::rest::schemas::Denied,
        crate::rest::schemas::Missing,
        crate::rest::schemas::Changed,
    )
)]
pub(in crate::rest) async fn handle(
    http: HttpRequest,
    path: web::Path<String>,
    server: Server,
) -> HttpResponse {
    answer(&http, &server, async |call| {
        let caller = call.caller("getIssue").await?;
        let conditions = call.conditions()?;
        let issue = find(call, &caller, &path).await?;
        let issue = represent_one(call, &caller, issue, None).await?;
        let etag = issue.etag();
        let is_known = conditions.is_known(&etag)?;
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header((ETAG, etag));
        Ok(if is_known { response.finish() } else { response.json(issue) })
    })
    .await
}
