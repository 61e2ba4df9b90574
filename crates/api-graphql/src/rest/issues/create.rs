use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ETAG, LOCATION},
    web,
};
use convene_application::{
    caller::Caller,
    change::RequestMetadata,
    failure::{Field, RefusalCode},
    issue::CreateIssueCommand,
};
use convene_domain::{
    issue::{IssuePriority, IssueStatus},
    text::{Description, Title, UserId},
};
use serde_json::{Map, Value};

use super::{
    answer::represent_one,
    fields::{Assignee, check_assignee, explained, look_key_up_first, priority, status},
};
use crate::{
    errors::{ErrorKind, RequestError},
    http::{body::IncomingBody, error::HttpError},
    rest::{
        call::{Call, Server, answer},
        failure::incomplete,
        input::{Body, Given, Problems},
        schemas::NewIssue,
    },
};

const OPERATION: &str = "createIssue";

/// Report an issue
///
/// Every member may report issues.
#[utoipa::path(
    post,
    path = "/api/issues",
    operation_id = "createIssue",
    tag = "issues",
    params(crate::rest::schemas::IdempotencyKeyHeader),
    request_body = NewIssue,
    responses(
        (status = 201, description = "The issue", body = super::answer::IssueAnswer,
            headers(("Location" = String, description = "Where the issue is"),
                ("ETag" = String, description = "The version of the issue"))),
        crate::rest::schemas::BadBody,
        crate::rest::schemas::Denied,
        crate::rest::schemas::Gone,
        crate::rest::schemas::Changed,
        crate::rest::schemas::KeyReused,
    )
)]
pub(in crate::rest) async fn handle(
    http: HttpRequest,
    payload: web::Payload,
    server: Server,
) -> HttpResponse {
    answer(&http, &server, async |call| {
        let mut body = IncomingBody::new(&http, payload);
        let caller = body.beside(call.caller(OPERATION)).await??;
        let (command, assignee, request) = read(call, &caller, call.body(body).await?).await?;
        let author = caller.clone();
        let create = call
            .change(async move |rest| rest.use_cases.create_issue.execute(&author, command, request).await);
        // Missing references are problems of their fields.
        let created = create.await.map_err(|error| match error.kind {
            ErrorKind::Refusal(RefusalCode::NotFound) => HttpError::new(RequestError::Gone),
            ErrorKind::Request(_) | ErrorKind::Refusal(_) | ErrorKind::Fault(_) => explained(error),
        })?;
        let issue = represent_one(call, &caller, created, assignee.as_ref()).await.map_err(incomplete)?;
        let etag = (ETAG, issue.etag());
        let location = format!("/api/issues/{}", issue.number());
        Ok(HttpResponse::Created().insert_header((LOCATION, location)).insert_header(etag).json(issue))
    })
    .await
}

async fn read(
    call: &Call<'_>,
    caller: &Caller,
    body: Body,
) -> Result<(CreateIssueCommand, Option<Assignee>, RequestMetadata), HttpError> {
    let mut problems = Problems::default();
    let input = input(body.fields());
    let (request, conditions) = call.read_headers(OPERATION, None, input, &mut problems)?;
    let (issue, unknown) = body.read::<NewIssue>();
    let title = problems.required(Field::Title, issue.title, Title::parse);
    let description = problems.optional(Field::Description, issue.description, Description::parse);
    let no_description = || Description::parse("").ok();
    let description = description.and_then(|given| given.or_else(no_description));
    let priority = problems.optional(Field::Priority, issue.priority, priority);
    let assignee = match problems.clearable(Field::AssigneeId, issue.assignee_id, UserId::parse) {
        Some(Given::Value(user)) => Some(check_assignee(call, caller, user, &mut problems).await?),
        Some(Given::Absent | Given::Null) | None => None,
    };
    problems.optional(Field::Status, issue.status, |text| match status(text)? {
        IssueStatus::Open => Ok(()),
        IssueStatus::InProgress | IssueStatus::Done => Err("must be OPEN, as every new issue is"),
    });
    problems.note_unknown(&unknown, "there are title, description, priority, assigneeId and status");
    look_key_up_first(request.as_ref(), &mut problems);

    let values = title.zip(description).zip(priority).zip(request.zip(conditions));
    let (((title, description), priority), (request, conditions)) = problems.conclude(values)?;
    conditions.check_list()?;
    let command = CreateIssueCommand {
        title,
        description,
        priority: priority.unwrap_or_default(),
        assignee: assignee.as_ref().map(|assignee| assignee.member),
        event: None,
    };
    Ok((command, assignee, request))
}

/// The body as the input of the mutation of GraphQL, so that a key is for one change over both. Fields with their defaults are like
/// those that are left out.
fn input(body: &Map<String, Value>) -> Map<String, Value> {
    let mut input = body.clone();
    input.retain(|name, value| match name.as_str() {
        "assigneeId" => !value.is_null(),
        "status" => value != IssueStatus::default().as_str(),
        _ => true,
    });
    input.entry("description").or_insert_with(|| Value::from(""));
    input.entry("priority").or_insert_with(|| Value::from(IssuePriority::default().as_str()));
    input
}
