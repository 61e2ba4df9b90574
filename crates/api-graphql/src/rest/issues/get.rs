use actix_web::{HttpRequest, HttpResponse, web};

use super::{answer::represent_one, find::find};
use crate::rest::{
    call::{Server, answer},
    precondition,
};

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
        let etag = precondition::etag(issue.version);
        if conditions.is_known(issue.version)? {
            return Ok(HttpResponse::NotModified().insert_header(etag).finish());
        }
        let issue = represent_one(call, &caller, issue, None).await?;
        Ok(HttpResponse::Ok().insert_header(etag).json(issue))
    })
    .await
}
