//! Parameters in paths, query strings and headers. These types only describe them.

use utoipa::IntoParams;

use super::{Priority, Status};

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only the document uses it")]
pub(in crate::rest) struct NumberInPath {
    /// The number of the issue.
    #[param(minimum = 1, example = 1)]
    number: u32,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "only the document uses it")]
pub(in crate::rest) struct IssueQuery {
    /// Issues of this status. It can be repeated.
    #[param(required = false, explode = true)]
    status: Vec<Status>,
    /// Issues of this priority. It can be repeated.
    #[param(required = false, explode = true)]
    priority: Vec<Priority>,
    /// Issues assigned to the member with this user id.
    #[param(required = false, min_length = 1, max_length = 255)]
    assignee_id: String,
    /// The page size; 20 if left out.
    #[param(required = false, minimum = 1, maximum = 100)]
    first: u8,
    /// The cursor of the end of a page, from a `Link` header.
    #[param(required = false)]
    after: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only the document uses it")]
pub(in crate::rest) struct IdempotencyKeyHeader {
    /// The caller's key for this change. A repeat within a day changes nothing and has the same result.
    #[param(rename = "Idempotency-Key", required = false, min_length = 1, max_length = 255)]
    idempotency_key: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only the document uses it")]
pub(in crate::rest) struct IfMatchHeader {
    /// The `ETag`s of the issue that the caller accepts, or `*`. The request is refused if the issue has another one.
    #[param(rename = "If-Match", required = false, example = "\"3\"")]
    if_match: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only the document uses it")]
pub(in crate::rest) struct IfNoneMatchHeader {
    /// The `ETag`s of the issue that the caller has, or `*`. The response has no body if the issue has one of them.
    #[param(rename = "If-None-Match", required = false, example = "\"3\"")]
    if_none_match: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only the document uses it")]
pub(in crate::rest) struct IfNoneMatchOfChange {
    /// `ETag`s of the issue, or `*`. The change is refused if the issue has one of them.
    #[param(rename = "If-None-Match", required = false, example = "\"3\"")]
    if_none_match: String,
}
