use actix_web::{HttpRequest, HttpResponse, http::header::ETAG, web};
use convene_application::{
    caller::Caller, change::RequestMetadata, failure::Field, issue::UpdateIssueCommand, ports::IssuePatch,
};
use convene_domain::{
    issue::Issue,
    text::{Description, Title, UserId},
};

use super::{
    answer::represent_one,
    fields::{Assignee, NO_MEMBER, check_changed_assignee, explained, look_key_up_first, priority, status},
    find::{Target, find_any},
};
use crate::{
    http::{body::IncomingBody, error::HttpError},
    rest::{
        call::{Call, Server, answer},
        failure::incomplete,
        input::{Body, Given, Problems},
        precondition::Conditions,
        schemas::IssueChanges,
    },
};

const OPERATION: &str = "updateIssue";

/// Change an issue
///
/// Only ADMINs can use it. Fields that are left out stay as they are; `assigneeId: null` removes the assignee. With `If-Match`, the issue is
/// changed only if it has the version of one of these `ETag`s.
#[utoipa::path(
    patch,
    path = "/api/issues/{number}",
    operation_id = "updateIssue",
    tag = "issues",
    params(crate::rest::schemas::NumberInPath, crate::rest::schemas::IdempotencyKeyHeader,
        crate::rest::schemas::IfMatchHeader, crate::rest::schemas::IfNoneMatchOfChange),
    request_body = IssueChanges,
    responses(
        (status = 200, description = "The changed issue", body = super::answer::IssueAnswer,
            headers(("ETag" = String, description = "The version of the issue"))),
        crate::rest::schemas::BadBody,
        crate::rest::schemas::Denied,
        crate::rest::schemas::Missing,
        crate::rest::schemas::Changed,
        crate::rest::schemas::KeyReused,
    )
)]
pub(in crate::rest) async fn handle(
    http: HttpRequest,
    payload: web::Payload,
    path: web::Path<String>,
    server: Server,
) -> HttpResponse {
    answer(&http, &server, async |call| {
        let mut body = IncomingBody::new(&http, payload);
        let caller = body.beside(call.caller(OPERATION)).await??;
        call.admin(&caller)?;
        let body = call.body(body).await?;
        let found = find_any(call, &caller, &path).await?;
        let (mut patch, assignee, request, conditions) =
            read(call, &caller, &path, found.as_ref(), body).await?;
        let target = Target::new(found.as_ref(), &conditions, &request)?;
        patch.expected_version = target.expected_version;
        let command = UpdateIssueCommand { issue: target.issue, patch };
        let author = caller.clone();
        let update = call.change(async move |rest| {
            rest.use_cases.update_issue.execute(author.admin()?, command, request).await
        });
        let updated = update.await.map_err(|error| explained(target.explain(error)))?;
        let issue = represent_one(call, &caller, updated, assignee.as_ref()).await.map_err(incomplete)?;
        Ok(HttpResponse::Ok().insert_header((ETAG, issue.etag())).json(issue))
    })
    .await
}

async fn read(
    call: &Call<'_>,
    caller: &Caller,
    path: &str,
    found: Option<&Issue>,
    body: Body,
) -> Result<(IssuePatch, Option<Assignee>, RequestMetadata, Conditions), HttpError> {
    let mut problems = Problems::default();
    let input = body.fields().clone();
    let (request, conditions) = call.read_headers(OPERATION, Some(path), input, &mut problems)?;
    let (changes, unknown) = body.read::<IssueChanges>();
    let title = problems.optional(Field::Title, changes.title, Title::parse);
    let description = problems.optional(Field::Description, changes.description, Description::parse);
    let status = problems.optional(Field::Status, changes.status, status);
    let priority = problems.optional(Field::Priority, changes.priority, priority);
    let assignee = match problems.clearable(Field::AssigneeId, changes.assignee_id, UserId::parse) {
        Some(Given::Value(user)) => {
            Some(Given::Value(check_changed_assignee(call, caller, found, user, &mut problems).await?))
        }
        Some(Given::Null) => Some(Given::Null),
        Some(Given::Absent) => Some(Given::Absent),
        None => None,
    };
    problems.note_unknown(&unknown, "there are title, description, status, priority and assigneeId");
    match found {
        Some(_) => look_key_up_first(request.as_ref(), &mut problems),
        None => problems.forgive(Field::AssigneeId, NO_MEMBER),
    }

    let values = title.zip(description).zip(status.zip(priority)).zip(assignee).zip(request.zip(conditions));
    let ((((title, description), (status, priority)), assignee), (request, conditions)) =
        problems.conclude(values)?;
    let (change, known) = match assignee {
        Given::Absent => (None, None),
        Given::Null => (Some(None), None),
        Given::Value(assignee) => (Some(Some(assignee.member)), Some(assignee)),
    };
    let patch = IssuePatch {
        expected_version: None,
        title,
        description,
        status,
        priority,
        assignee: change,
        event: None,
    };
    Ok((patch, known, request, conditions))
}
