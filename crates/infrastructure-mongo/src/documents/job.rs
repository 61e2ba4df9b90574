//! Large changes that are carried out in steps.

use bson::DateTime;
use convene_domain::id::{ActivityId, EventId, JobId, MemberId, OrganizationId};
use serde::{Deserialize, Serialize};

use super::{
    convert::Fields,
    dates::{read_date, read_optional_date},
    ids::{read_id, write_id},
};
use crate::{error::CorruptDocument, schema};

/// The work of a job, with the object that is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobKind {
    /// Cancels the registrations for the cancelled occurrences of an event that name the job.
    CancelRegistrations(EventId),
    /// Cancels the registrations of a removed member.
    RemoveMember(MemberId),
    /// Deletes the cancelled registrations and the occurrences of an event, and then the event.
    DeleteEvent(EventId),
    /// Deletes the data of an organization, and at last the job itself.
    DeleteOrganization(OrganizationId),
}

/// The names of the kinds in the database.
const CANCEL_REGISTRATIONS: &str = "CANCEL_REGISTRATIONS";
pub(crate) const REMOVE_MEMBER: &str = "REMOVE_MEMBER";
const DELETE_EVENT: &str = "DELETE_EVENT";
pub(crate) const DELETE_ORGANIZATION: &str = "DELETE_ORGANIZATION";

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Step {
    /// The number of registrations that the step cancelled or deleted.
    pub(crate) done: usize,
    /// True if nothing remains.
    pub(crate) is_last: bool,
}

/// The numbers of registrations that the steps of a job cancelled or deleted and promoted, and of those that are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct JobProgress {
    pub(crate) done: u32,
    pub(crate) promoted: u32,
    pub(crate) remaining: u32,
}

/// A job, under way or finished.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobDocument {
    #[serde(rename = "_id", deserialize_with = "read_id", serialize_with = "write_id")]
    pub(crate) id: JobId,
    kind: String,
    /// The event, the member or the organization that is changed.
    subject: String,
    /// The log entry of the change, which names the actor.
    #[serde(deserialize_with = "read_id", serialize_with = "write_id")]
    pub(crate) cause: ActivityId,
    /// The number of steps that were carried out. Each step writes it, so that two processes never carry out the same one.
    pub(crate) steps: i64,
    /// The number of registrations that the steps cancelled or deleted.
    pub(crate) done: i64,
    /// The number of registrations that the steps promoted.
    #[serde(default)]
    pub(crate) promoted: i64,
    /// The number of registrations that are left.
    pub(crate) remaining: i64,
    /// The time until which the process of the last step is assumed to carry out the next one.
    #[serde(deserialize_with = "read_date")]
    pub(crate) attended_until: DateTime,
    /// The time of the last step. The database deletes a finished job after it, when no key refers to it any more.
    #[serde(default, deserialize_with = "read_optional_date", skip_serializing_if = "Option::is_none")]
    pub(crate) finished_at: Option<DateTime>,
    /// The collection in which the last step ended, in the order of their deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    position: Option<i64>,
}

impl JobDocument {
    /// A job that no process works on yet.
    pub(crate) fn new(id: JobId, kind: JobKind, cause: ActivityId, remaining: u64) -> Self {
        let (kind, subject) = match kind {
            JobKind::CancelRegistrations(event) => (CANCEL_REGISTRATIONS, event.to_string()),
            JobKind::RemoveMember(member) => (REMOVE_MEMBER, member.to_string()),
            JobKind::DeleteEvent(event) => (DELETE_EVENT, event.to_string()),
            JobKind::DeleteOrganization(organization) => (DELETE_ORGANIZATION, organization.to_string()),
        };
        Self {
            id,
            kind: kind.to_owned(),
            subject,
            cause,
            steps: 0,
            done: 0,
            promoted: 0,
            remaining: i64::try_from(remaining).unwrap_or(i64::MAX),
            attended_until: DateTime::from_millis(0),
            finished_at: None,
            position: None,
        }
    }

    pub(crate) fn kind(&self) -> Result<JobKind, CorruptDocument> {
        let (id, subject) = (self.id.to_string(), self.subject.as_str());
        let fields = Fields::of(&schema::JOBS, &id);
        let kind = match self.kind.as_str() {
            CANCEL_REGISTRATIONS => EventId::parse(subject).map(JobKind::CancelRegistrations),
            REMOVE_MEMBER => MemberId::parse(subject).map(JobKind::RemoveMember),
            DELETE_EVENT => EventId::parse(subject).map(JobKind::DeleteEvent),
            DELETE_ORGANIZATION => OrganizationId::parse(subject).map(JobKind::DeleteOrganization),
            _ => return fields.known("kind", None),
        };
        fields.read("subject", kind)
    }

    /// The number of the collection in which the last step of the deletion of an organization ended.
    pub(crate) fn position(&self) -> usize {
        self.position.and_then(|position| usize::try_from(position).ok()).unwrap_or(0)
    }

    /// The work of all steps so far.
    pub(crate) fn progress(&self) -> JobProgress {
        let number = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        JobProgress {
            done: number(self.done),
            promoted: number(self.promoted),
            remaining: number(self.remaining),
        }
    }
}
