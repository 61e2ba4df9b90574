use actix_web::{HttpRequest, HttpResponse, web};
use convene_application::{
    caller::{Caller, Identity},
    change::RequestMetadata,
    issue::UpdateIssueCommand,
    ports::IssuePatch,
};
use convene_domain::text::{Description, Title, UserId};

use super::{
    answer::represent_one,
    fields::{Assignee, check_assignee, priority, status},
    get::find,
};
use crate::{
    auth::CallerResolver,
    http::error::HttpError,
    rest::{
        call::{Call, Server, answer},
        idempotency,
        input::{Body, Given, Problems},
    },
};

const OPERATION: &str = "updateIssue";

/// Change an issue
///
/// Only an ADMIN may. Changes what is named, and nothing else; `assigneeId: null` clears.
#[utoipa::path(
    patch,
    path = "/api/issues/{number}",
    operation_id = "updateIssue",
    tag = "issues",
    params(crate::rest::schemas::NumberInPath, crate::rest::schemas::IdempotencyKeyHeader),
    request_body = crate::rest::schemas::IssueChanges,
    responses(
        (status = 200, description = "The issue as it is now", body = super::answer::IssueAnswer),
        crate::rest::schemas::BadBody,
        crate::rest::schemas::Denied,
        crate::rest::schemas::Missing,
        crate::rest::schemas::KeyReused,
    )
)]
pub(in crate::rest) async fn handle<R: CallerResolver<Caller = Identity>>(
    http: HttpRequest,
    payload: web::Payload,
    path: web::Path<String>,
    server: Server<R>,
) -> HttpResponse {
    answer(&http, &server, async |call| {
        let caller = call.caller(OPERATION).await?;
        call.admin(&caller, OPERATION)?;
        let body = call.body(payload).await?;
        let (patch, assignee, request) = read(call, &caller, &path, body).await?;
        let command = UpdateIssueCommand { issue: find(call, &caller, &path).await?.id, patch };
        let author = caller.clone();
        let update = call.change(async move |rest| {
            rest.use_cases.update_issue.execute(author.admin()?, command, request).await
        });
        let issue = represent_one(call, &caller, update.await?, assignee.as_ref()).await?;
        Ok(HttpResponse::Ok().json(issue))
    })
    .await
}

async fn read<R: CallerResolver<Caller = Identity>>(
    call: &Call<'_, R>,
    caller: &Caller,
    path: &str,
    mut body: Body,
) -> Result<(IssuePatch, Option<Assignee>, RequestMetadata), HttpError> {
    let mut problems = Problems::default();
    let operation = format!("{OPERATION} {path}");
    let request = idempotency::metadata(
        call.http.headers(),
        &call.request_id,
        &operation,
        body.fields(),
        &mut problems,
    );
    let title = body.optional(&mut problems, "title", Title::parse);
    let description = body.optional(&mut problems, "description", Description::parse);
    let status = body.optional(&mut problems, "status", status);
    let priority = body.optional(&mut problems, "priority", priority);
    let assignee = match body.clearable(&mut problems, "assigneeId", UserId::parse) {
        Some(Given::Value(user)) => {
            check_assignee(call, caller, user, &mut problems).await?.map(Given::Value)
        }
        Some(Given::Null) => Some(Given::Null),
        Some(Given::Absent) => Some(Given::Absent),
        None => None,
    };
    body.finish(&mut problems, "title, description, status, priority and assigneeId");

    let values = title.zip(description).zip(status.zip(priority)).zip(assignee).zip(request);
    let ((((title, description), (status, priority)), assignee), request) = problems.conclude(values)?;
    let (change, known) = match assignee {
        Given::Absent => (None, None),
        Given::Null => (Some(None), None),
        Given::Value(assignee) => (Some(Some(assignee.member)), Some(assignee)),
    };
    let patch = IssuePatch { title, description, status, priority, assignee: change, event: None };
    Ok((patch, known, request))
}
