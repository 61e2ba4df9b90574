//! Lists of issues.

use bson::{Bson, Document, doc};
use convene_application::{
    caller::TenantScope,
    failure::Fault,
    page::{BoundedPage, PageRequest},
    ports::{IssueFilter, IssueOrderField, IssuePosition},
};
use convene_domain::issue::{Issue, IssuePriority};

use super::MongoIssues;
use crate::{
    documents::{
        convert::{date, instant},
        ids::texts,
        issue::{IssueDocument, rank},
        read_in_parts,
    },
    error::StorageError,
    schema,
    scoped::{Part, Search, SearchResult, Sorting, stopped_at},
};

pub(super) async fn list(
    adapter: &MongoIssues,
    scope: &TenantScope,
    filter: &IssueFilter,
    page: &PageRequest<IssuePosition>,
) -> Result<BoundedPage<Issue, IssuePosition>, Fault> {
    let (fields, index) = sorted_by(page.order.field);
    let sorting = Sorting::of(page, fields);
    let from = page.from.map(values);
    let fields = doc! { "search": 0 };
    let mut stored = adapter.0.collection(scope, &schema::ISSUES);
    let SearchResult { documents, examined } = match &filter.search {
        None => {
            let part = part(filter, page.order.field);
            stored.find_in_part::<IssueDocument>(&part, sorting, from.as_deref(), page.size, fields).await?
        }
        Some(text) => {
            let (text, filter) = (&text.folded(), conditions(filter));
            stored.search(Search { text, sorting, index, from, filter, size: page.size, fields }).await?
        }
    };
    let issues = read_in_parts(documents).await.map_err(StorageError::from)?;
    let examined = stopped_at(&schema::ISSUES, examined, |values| position(page.order.field, values))?;
    Ok(BoundedPage::from_probe(issues, page, examined))
}

pub(super) async fn count(
    adapter: &MongoIssues,
    scope: &TenantScope,
    filter: &IssueFilter,
) -> Result<Option<u32>, Fault> {
    let mut issues = adapter.0.collection(scope, &schema::ISSUES);
    let Some(text) = &filter.search else {
        return Ok(issues.count_in_part(&part(filter, IssueOrderField::Number)).await?);
    };
    let (fields, index) = sorted_by(IssueOrderField::Number);
    Ok(issues.count_found(&text.folded(), Sorting::rising(fields), index, conditions(filter)).await?)
}

/// The fields by which a list is sorted, and the index for searches in it.
const fn sorted_by(field: IssueOrderField) -> (&'static [&'static str], &'static str) {
    match field {
        IssueOrderField::Number => (&["number"], "by_number"),
        IssueOrderField::UpdatedAt => (&["updatedAt", "number"], "by_update"),
        IssueOrderField::Priority => (&["priorityRank", "number"], "by_priority"),
    }
}

fn values(position: IssuePosition) -> Vec<Bson> {
    let number = |number: u32| Bson::from(number.cast_signed());
    match position {
        IssuePosition::Number(at) => vec![number(at)],
        IssuePosition::UpdatedAt(updated, at) => vec![date(updated).into(), number(at)],
        IssuePosition::Priority(priority, at) => vec![rank(priority).into(), number(at)],
    }
}

/// The position with these values of the fields.
fn position(field: IssueOrderField, values: &[Bson]) -> Option<IssuePosition> {
    let number = u32::try_from(values.last()?.as_i32()?).ok()?;
    Some(match field {
        IssueOrderField::Number => IssuePosition::Number(number),
        IssueOrderField::UpdatedAt => {
            IssuePosition::UpdatedAt(instant(*values.first()?.as_datetime()?), number)
        }
        IssueOrderField::Priority => {
            let rank_of = values.first()?.as_i32()?;
            let all = [IssuePriority::Low, IssuePriority::Medium, IssuePriority::High];
            let priority = all.into_iter().find(|priority| rank(*priority) == rank_of)?;
            IssuePosition::Priority(priority, number)
        }
    })
}

/// The list without a search. Sorted by number, it has an index for one of the fields.
fn part(filter: &IssueFilter, sorted_by_field: IssueOrderField) -> Part {
    let mut compared = conditions(filter);
    let indexed = [
        ("assignee", "by_assignee"),
        ("createdBy", "by_creator"),
        ("event", "by_event"),
        ("status", "by_status"),
    ];
    for (field, index) in indexed.into_iter().filter(|_| sorted_by_field == IssueOrderField::Number) {
        if let Some(values) = compared.remove(field) {
            return Part::new(index, doc! { field: values }, compared);
        }
    }
    Part::new(sorted_by(sorted_by_field).1, Document::new(), compared)
}

fn conditions(filter: &IssueFilter) -> Document {
    let IssueFilter { statuses, priorities, assignees, created_by, event, search: _ } = filter;
    let mut conditions = Document::new();
    if let Some(statuses) = statuses {
        let statuses: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
        conditions.insert("status", doc! { "$in": statuses });
    }
    if let Some(priorities) = priorities {
        let priorities: Vec<i32> = priorities.iter().copied().map(rank).collect();
        conditions.insert("priorityRank", doc! { "$in": priorities });
    }
    if let Some(assignees) = assignees {
        conditions.insert("assignee", doc! { "$in": texts(assignees) });
    }
    let mut equal =
        |field: &str, id: Option<String>| conditions.extend(id.map(|id| (field.to_owned(), id.into())));
    equal("createdBy", created_by.map(|id| id.to_string()));
    equal("event", event.map(|id| id.to_string()));
    conditions
}
