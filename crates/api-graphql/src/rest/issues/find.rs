use convene_application::{caller::Caller, change::RequestMetadata, failure::RefusalCode};
use convene_domain::{id::IssueId, issue::Issue};
use uuid::Uuid;

use super::number;
use crate::{
    errors::ErrorKind,
    http::error::HttpError,
    rest::{
        call::Call,
        failure::http_error,
        precondition::{Conditions, NO_VERSION},
    },
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

/// The issue that a change is for, and the version that it expects.
pub(super) struct Target {
    pub(super) issue: IssueId,
    pub(super) expected_version: Option<u32>,
    /// The reason why the change is refused, unless it is a repeat.
    refusal: Option<HttpError>,
}

impl Target {
    /// The target of a request. With a key, storage refuses the issue or its version, because it looks the key up first: the change
    /// may be a repeat.
    ///
    /// # Errors
    /// Without a key: the issue does not exist, or a condition does not hold.
    pub(super) fn new(
        found: Option<&Issue>,
        conditions: &Conditions,
        request: &RequestMetadata,
    ) -> Result<Self, HttpError> {
        let expected = match found {
            Some(issue) => conditions.expected_version(issue.version),
            None => Err(HttpError::not_found()),
        };
        let issue = found.map_or(IssueId::from_uuid(Uuid::nil()), |issue| issue.id);
        match expected {
            Ok(expected_version) => Ok(Self { issue, expected_version, refusal: None }),
            Err(refusal) if request.idempotency.is_some() => {
                Ok(Self { issue, expected_version: Some(NO_VERSION), refusal: Some(refusal) })
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// The error of the change, with the reason for which its version was refused.
    pub(super) fn explain(self, error: HttpError) -> HttpError {
        match (error.kind, self.refusal) {
            (ErrorKind::Refusal(RefusalCode::VersionConflict), Some(refusal)) => refusal,
            _ => error,
        }
    }
}
