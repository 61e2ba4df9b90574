use actix_web::{HttpRequest, HttpResponse, web};
use convene_application::{change::RequestMetadata, issue::DeleteIssueCommand};
use serde_json::Map;

use super::find::{Target, find_any};
use crate::{
    http::error::HttpError,
    rest::{
        call::{Call, Server, answer},
        input::Problems,
        precondition::Conditions,
    },
};

const OPERATION: &str = "deleteIssue";

/// Delete an issue
///
/// Only ADMINs can use it. The number is not used again.
#[utoipa::path(
    delete,
    path = "/api/issues/{number}",
    operation_id = "deleteIssue",
    tag = "issues",
    params(crate::rest::schemas::NumberInPath, crate::rest::schemas::IdempotencyKeyHeader,
        crate::rest::schemas::IfMatchHeader, crate::rest::schemas::IfNoneMatchOfChange),
    responses(
        (status = 204, description = "The issue was deleted"),
        crate::rest::schemas::BadQuery,
        crate::rest::schemas::Denied,
        crate::rest::schemas::Missing,
        crate::rest::schemas::Changed,
        crate::rest::schemas::KeyReused,
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
        let (request, conditions) = read(call, &path)?;
        let found = find_any(call, &caller, &path).await?;
        let target = Target::new(found.as_ref(), &conditions, &request)?;
        let command = DeleteIssueCommand { issue: target.issue, expected_version: target.expected_version };
        let delete = call.change(async move |rest| {
            rest.use_cases.delete_issue.execute(caller.admin()?, command, request).await
        });
        delete.await.map_err(|error| target.explain(error))?;
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}

fn read(call: &Call<'_>, path: &str) -> Result<(RequestMetadata, Conditions), HttpError> {
    let mut problems = Problems::default();
    let (request, conditions) = call.read_headers(OPERATION, Some(path), Map::new(), &mut problems)?;
    problems.conclude(request.zip(conditions))
}
