//! What stands in paths, queries and headers. These types describe; the values are read elsewhere.

use utoipa::IntoParams;

use super::{Priority, Status};

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
pub(in crate::rest) struct NumberInPath {
    /// The issue's number.
    #[param(minimum = 1, example = 1)]
    number: u32,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
pub(in crate::rest) struct IssueQuery {
    /// Those of this status; repeat it for several.
    #[param(required = false, explode = true)]
    status: Vec<Status>,
    /// Those of this priority; repeat it for several.
    #[param(required = false, explode = true)]
    priority: Vec<Priority>,
    /// Those of the member with this user id.
    #[param(required = false, min_length = 1, max_length = 255)]
    assignee_id: String,
    /// At most this many; 20 if left out.
    #[param(required = false, minimum = 1, maximum = 100)]
    first: u8,
    /// From where a page ended: taken from a `Link` header, never made up.
    #[param(required = false)]
    after: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes values that are made elsewhere")]
pub(in crate::rest) struct IdempotencyKeyHeader {
    /// A name of your own for this change. Sending it again within a day changes nothing and answers the same.
    #[param(rename = "Idempotency-Key", required = false, min_length = 1, max_length = 255)]
    idempotency_key: String,
}
