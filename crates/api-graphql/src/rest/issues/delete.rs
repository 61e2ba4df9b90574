use actix_web::{HttpRequest, HttpResponse, web};
use convene_application::{change::RequestMetadata, issue::DeleteIssueCommand};

use super::find::find;
use crate::rest::call::{Server, answer};

const OPERATION: &str = "deleteIssue";

/// Delete an issue
///
/// ADMIN only. The number is not used again.
#[utoipa::path(
    delete,
    path = "/api/issues/{number}",
    operation_id = "deleteIssue",
    tag = "issues",
    params(crate::rest::schemas::NumberInPath, crate::rest::schemas::IfMatchHeader,
        crate::rest::schemas::IfNoneMatchOfChange),
    responses(
        (status = 204, description = "The issue was deleted"),
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
        let caller = call.caller(OPERATION).await?;
        call.admin(&caller)?;
        let conditions = call.conditions()?;
        let issue = find(call, &caller, &path).await?;
        let expected_version = conditions.expected_version(issue.version)?;
        let command = DeleteIssueCommand { issue: issue.id, expected_version };
        // A repeated deletion finds nothing to delete, so it needs no key.
        let request = RequestMetadata {
            request_id: Some(call.request_id.as_str().to_owned()),
            ..RequestMetadata::default()
        };
        call.change(async move |rest| {
            rest.use_cases.delete_issue.execute(caller.admin()?, command, request).await
        })
        .await?;
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}
