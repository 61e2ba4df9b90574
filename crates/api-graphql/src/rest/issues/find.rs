use convene_application::caller::Caller;
use convene_domain::issue::Issue;

use super::number;
use crate::{
    http::error::HttpError,
    rest::{call::Call, failure::http_error},
};

/// The issue of a path. An issue of another organization is treated like one that does not exist.
pub(super) async fn find(call: &Call<'_>, caller: &Caller, path: &str) -> Result<Issue, HttpError> {
    find_any(call, caller, path).await?.ok_or_else(HttpError::not_found)
}

/// The issue of a path; `None` if it does not exist.
///
/// # Errors
/// Faults only.
pub(super) async fn find_any(
    call: &Call<'_>,
    caller: &Caller,
    path: &str,
) -> Result<Option<Issue>, HttpError> {
    match number(path) {
        Some(number) => {
            call.use_cases().get_issue_by_number.execute(caller, number).await.map_err(http_error)
        }
        None => Ok(None),
    }
}
