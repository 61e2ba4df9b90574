//! JSON export of the data of a person. Field names are those of the API.

use convene_application::{
    personal_data::Export,
    ports::{BusyTime, Membership, UsedKey},
};
use convene_domain::{
    activity::{Activity, RecordedChange},
    issue::Issue,
    registration::{CancellationReason, Registration},
    text::{Email, UserId},
    time::Instant,
};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

/// The document that `convene export` prints.
#[must_use]
pub fn to_json(user: &UserId, export: &Export) -> Value {
    let record = &export.record;
    json!({
        "organizationId": export.organization.to_string(),
        "userId": user.as_str(),
        "memberships": each(&record.memberships, membership),
        "agenda": each(&record.agenda, busy_time),
        "registrations": each(&record.registrations, registration),
        "issues": each(&record.issues, issue),
        "activity": each(&record.activity, activity),
        "idempotencyKeys": each(&record.keys, used_key),
    })
}

fn each<T>(items: &[T], to_json: impl Fn(&T) -> Value) -> Value {
    items.iter().map(to_json).collect()
}

/// RFC 3339, in UTC.
fn at(instant: Instant) -> Value {
    // Formatting fails only for a year beyond four digits, which is never stored.
    instant.format(&Rfc3339).ok().into()
}

fn membership(Membership { member, removed_at }: &Membership) -> Value {
    json!({
        "id": member.id.to_string(),
        "userId": member.user_id.as_str(),
        "displayName": member.display_name.as_str(),
        "email": member.email.as_ref().map(Email::as_str),
        "role": member.role.as_str(),
        "createdAt": at(member.created_at),
        "updatedAt": at(member.updated_at),
        "removedAt": removed_at.map(at),
    })
}

fn busy_time(BusyTime { occurrence, interval }: &BusyTime) -> Value {
    json!({
        "occurrenceId": occurrence.to_string(),
        "startsAt": at(interval.start()),
        "endsAt": at(interval.end()),
    })
}

fn registration(registration: &Registration) -> Value {
    let status = registration.status;
    json!({
        "id": registration.id.to_string(),
        "occurrenceId": registration.occurrence.to_string(),
        "memberId": registration.member.to_string(),
        "startsAt": at(registration.interval.start()),
        "endsAt": at(registration.interval.end()),
        "status": status.kind().as_str(),
        "createdAt": at(registration.created_at),
        "updatedAt": at(registration.updated_at),
        "cancelledAt": status.cancelled_at().map(at),
        "cancellationReason": status.cancellation_reason().map(CancellationReason::as_str),
        "wasWaitlisted": status.was_waitlisted(),
    })
}

fn issue(issue: &Issue) -> Value {
    json!({
        "id": issue.id.to_string(),
        "number": issue.number,
        "title": issue.title.as_str(),
        "description": issue.description.as_str(),
        "status": issue.status.as_str(),
        "priority": issue.priority.as_str(),
        "assigneeId": issue.assignee.map(|member| member.to_string()),
        "eventId": issue.event.map(|event| event.to_string()),
        "createdById": issue.created_by.to_string(),
        "createdAt": at(issue.created_at),
        "updatedAt": at(issue.updated_at),
    })
}

fn activity(entry: &Activity) -> Value {
    let change = |RecordedChange { field, before, after }: &RecordedChange| json!({ "field": field, "before": before, "after": after });
    json!({
        "id": entry.id.to_string(),
        "at": at(entry.at),
        "actor": entry.actor.to_string(),
        "action": entry.action.as_str(),
        "subjectId": entry.subject.to_string(),
        "changes": each(&entry.changes, change),
        "requestId": entry.request_id,
    })
}

fn used_key(used: &UsedKey) -> Value {
    json!({
        "key": used.key.as_str(),
        "usedAt": at(used.used_at),
        "subjectId": used.subject,
    })
}

#[cfg(test)]
mod tests {
    use convene_application::{
        ports::PersonalRecord,
        testing::builders::{MemberBuilder, OrganizationBuilder},
    };

    use super::*;

    #[test]
    fn a_membership_has_the_field_names_of_the_api() {
        let member = MemberBuilder::new("ada").email("ada@example.org").build();
        let membership = Membership { removed_at: Some(member.created_at), member };
        let organization = OrganizationBuilder::new("choir").build().id;
        let record = PersonalRecord { memberships: vec![membership], ..PersonalRecord::default() };
        let user = UserId::parse("ada").unwrap();
        let json = to_json(&user, &Export { organization, record });
        let exported = &json["memberships"][0];
        assert_eq!(exported["email"], "ada@example.org");
        assert_eq!(exported["removedAt"], "2031-03-03T08:00:00Z");
        assert_eq!(json["activity"], json!([]));
        assert_eq!(json["organizationId"], organization.to_string());
    }
}
