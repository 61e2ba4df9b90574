use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ContentType, LINK},
};
use convene_application::{
    caller::Caller,
    failure::{Fault, Field},
    limits::DEFAULT_PAGE_SIZE,
    page::{Order, PageRequest, PageSize},
    ports::{IssueFilter, IssuePosition},
};
use convene_domain::{
    issue::{IssuePriority, IssueStatus},
    text::UserId,
};

use super::{
    answer::represent,
    fields::{priority, status},
};
use crate::{
    cursor,
    http::{error::HttpError, json},
    rest::{
        call::{Server, answer},
        failure::http_error,
        input::{Problems, Query},
    },
};

/// List issues
///
/// Issues are sorted by number. If more may follow, a `Link` header contains the address of the next page. One request examines
/// 2,000 issues at most, so a page with a `Link` may have fewer issues than asked for, or none.
#[utoipa::path(
    get,
    path = "/api/issues",
    operation_id = "listIssues",
    tag = "issues",
    params(crate::rest::schemas::IssueQuery),
    responses(
        (status = 200, description = "A page of issues", body = [super::answer::IssueAnswer],
            headers(("Link" = String, description = "`<...>; rel=\"next\"`, if more issues may follow"))),
        crate::rest::schemas::BadQuery,
        crate::rest::schemas::Denied,
    )
)]
pub(in crate::rest) async fn handle(http: HttpRequest, server: Server) -> HttpResponse {
    answer(&http, &server, async |call| {
        let caller = call.caller("listIssues").await?;
        let list = read(&caller, call.http.query_string())?;
        let assignees = match &list.assignee {
            None => None,
            Some(user) => {
                let memberships = call.use_cases().find_member_by_user_id.memberships(&caller, user).await;
                Some(memberships.map_err(http_error)?)
            }
        };
        let filter = IssueFilter {
            statuses: some_if_any(list.statuses.clone()),
            priorities: some_if_any(list.priorities.clone()),
            assignees,
            ..IssueFilter::default()
        };
        call.reserve_issues(list.page.size.get()).await?;
        let page = call.use_cases().list_issues.execute(&caller, filter, list.page).await;
        let page = page.map_err(http_error)?;
        let mut response = HttpResponse::Ok();
        let last = page.items.last().map(|issue| IssuePosition::Number(issue.number));
        // A list whose conditions few issues meet may stop behind the last of them, or at none.
        if let (true, Some(end)) = (page.has_more, page.examined.or(last)) {
            let after = cursor::encode(caller.scope().organization(), list.page.order, &end);
            let next = next(&list, &after).map_err(|error| http_error(Fault::internal(error).into()))?;
            response.insert_header((LINK, format!("</api/issues?{next}>; rel=\"next\"")));
        }
        let bytes = page.items.iter().map(|issue| issue.description.as_str().len()).sum();
        let text = json::write(represent(call, &caller, page.items, None).await?, bytes).await?;
        Ok(response.content_type(ContentType::json()).body(text))
    })
    .await
}

/// The parameters of a query string.
struct List {
    statuses: Vec<IssueStatus>,
    priorities: Vec<IssuePriority>,
    assignee: Option<UserId>,
    page: PageRequest<IssuePosition>,
}

fn read(caller: &Caller, query: &str) -> Result<List, HttpError> {
    let mut query = Query::parse(query)?;
    let mut problems = Problems::default();
    let statuses = query.many(&mut problems, Field::Status, status);
    let priorities = query.many(&mut problems, Field::Priority, priority);
    let assignee = query.one(&mut problems, Field::AssigneeId, UserId::parse);
    let first = query.one(&mut problems, Field::First, page_size);
    let default = || problems.check(Field::First, PageSize::new(DEFAULT_PAGE_SIZE));
    let first = first.and_then(|first| first.or_else(default));
    let organization = caller.scope().organization();
    let after = query.one(&mut problems, Field::After, |text| {
        cursor::decode::<IssuePosition>(organization, Order::default(), text)
    });
    query.finish(&mut problems, "there are status, priority, assigneeId, first and after");

    let values = statuses.zip(priorities).zip(assignee).zip(first.zip(after));
    let (((statuses, priorities), assignee), (first, after)) = problems.conclude(values)?;
    Ok(List {
        statuses,
        priorities,
        assignee,
        page: PageRequest { from: after, ..PageRequest::first(first) },
    })
}

fn page_size(text: &str) -> Result<PageSize, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let size = if digits { text.parse().unwrap_or(u32::MAX) } else { 0 };
    PageSize::new(size).map_err(|problem| problem.to_string())
}

/// The query string of the next page: the same parameters, after the end of this page.
fn next(list: &List, after: &str) -> Result<String, serde_urlencoded::ser::Error> {
    let size = list.page.size.get().to_string();
    let statuses = list.statuses.iter().map(|status| (Field::Status, status.as_str()));
    let priorities = list.priorities.iter().map(|priority| (Field::Priority, priority.as_str()));
    let assignee = list.assignee.iter().map(|user| (Field::AssigneeId, user.as_str()));
    let page = [(Field::First, size.as_str()), (Field::After, after)];
    let all = statuses.chain(priorities).chain(assignee).chain(page);
    serde_urlencoded::to_string(all.map(|(field, value)| (field.as_str(), value)).collect::<Vec<_>>())
}

fn some_if_any<T>(items: Vec<T>) -> Option<Vec<T>> {
    if items.is_empty() { None } else { Some(items) }
}
