//! The stored form of registrations.

use bson::DateTime;
use convene_domain::{
    id::{MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    registration::{CancellationReason, Registration, RegistrationStatus, RegistrationStatusKind},
    time::interval::Interval,
};
use serde::{Deserialize, Serialize};

use crate::{
    documents::{
        Converted,
        convert::{Fields, date, instant},
        dates::{read_date, read_optional_date},
        occurrence::OccurrenceDocument,
    },
    error::CorruptDocument,
    schema,
};

/// The stored names of states, for filters.
pub(crate) const CONFIRMED: &str = RegistrationStatusKind::Confirmed.as_str();
pub(crate) const WAITLISTED: &str = RegistrationStatusKind::Waitlisted.as_str();
pub(crate) const CANCELLED: &str = RegistrationStatusKind::Cancelled.as_str();

/// A registration: confirmed, waitlisted or cancelled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistrationDocument {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    pub(crate) organization: String,
    pub(crate) occurrence: String,
    pub(crate) event: String,
    pub(crate) member: String,
    #[serde(deserialize_with = "read_date")]
    pub(crate) starts_at: DateTime,
    #[serde(deserialize_with = "read_date")]
    pub(crate) ends_at: DateTime,
    pub(crate) status: String,
    /// `true` if it is confirmed or waitlisted. A member has at most one active registration for an occurrence.
    pub(crate) active: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) waitlist_sequence: Option<i64>,
    /// `true` if it is waitlisted and known that the member has another seat at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) is_busy: Option<bool>,
    /// `true` if it is waitlisted and a promotion passed over it beside a free seat, because the member's agenda was full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lacks_room: Option<bool>,
    #[serde(deserialize_with = "read_date")]
    pub(crate) created_at: DateTime,
    #[serde(deserialize_with = "read_date")]
    pub(crate) updated_at: DateTime,
    #[serde(default, deserialize_with = "read_optional_date", skip_serializing_if = "Option::is_none")]
    pub(crate) cancelled_at: Option<DateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cancellation_reason: Option<String>,
    /// `true` if it was waitlisted when it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) was_waitlisted: Option<bool>,
}

impl Converted for RegistrationDocument {}

impl RegistrationDocument {
    /// The document of a new registration for this occurrence.
    pub(crate) fn new(registration: &Registration, occurrence: &OccurrenceDocument) -> Self {
        Self {
            id: registration.id.to_string(),
            organization: occurrence.organization.clone(),
            occurrence: occurrence.id.clone(),
            event: occurrence.event.clone(),
            member: registration.member.to_string(),
            starts_at: occurrence.starts_at,
            ends_at: occurrence.ends_at,
            status: registration.status.kind().as_str().to_owned(),
            active: registration.status.is_active(),
            waitlist_sequence: registration.status.waitlist_sequence().map(u64::cast_signed),
            is_busy: None,
            lacks_room: None,
            created_at: date(registration.created_at),
            updated_at: date(registration.updated_at),
            cancelled_at: None,
            cancellation_reason: None,
            was_waitlisted: None,
        }
    }

    /// The document of a waitlisted registration whose member has another seat at that time.
    pub(crate) fn marked_as_busy(self) -> Self {
        Self { is_busy: Some(true), ..self }
    }

    fn registration_status(&self) -> Result<RegistrationStatus, CorruptDocument> {
        use RegistrationStatusKind::{Cancelled, Confirmed, Waitlisted};
        let fields = self.fields();
        let kind = fields.known("status", RegistrationStatusKind::parse(&self.status))?;
        match (kind, self.active, self.waitlist_sequence, self.cancelled_at, &self.cancellation_reason) {
            (Confirmed, true, None, None, None) => Ok(RegistrationStatus::Confirmed),
            (Waitlisted, true, Some(sequence), None, None) => Ok(RegistrationStatus::Waitlisted {
                sequence: fields.read("waitlistSequence", u64::try_from(sequence))?,
            }),
            (Cancelled, false, None, Some(at), Some(reason)) => Ok(RegistrationStatus::Cancelled {
                at: instant(at),
                reason: fields.known("cancellationReason", CancellationReason::parse(reason))?,
                was_waitlisted: self.was_waitlisted == Some(true),
            }),
            _ => Err(fields.corrupt("status", "does not match the other fields")),
        }
    }

    fn fields(&self) -> Fields<'_> {
        Fields::of(&schema::REGISTRATIONS, &self.id)
    }
}

impl TryFrom<&RegistrationDocument> for Registration {
    type Error = CorruptDocument;

    fn try_from(document: &RegistrationDocument) -> Result<Self, CorruptDocument> {
        let fields = document.fields();
        let interval = Interval::new(instant(document.starts_at), instant(document.ends_at));
        Ok(Self {
            id: fields.read("_id", RegistrationId::parse(&document.id))?,
            occurrence: fields.read("occurrence", OccurrenceKey::parse(&document.occurrence))?,
            member: fields.read("member", MemberId::parse(&document.member))?,
            interval: fields.read("endsAt", interval)?,
            status: document.registration_status()?,
            created_at: instant(document.created_at),
            updated_at: instant(document.updated_at),
        })
    }
}

impl TryFrom<RegistrationDocument> for Registration {
    type Error = CorruptDocument;

    fn try_from(document: RegistrationDocument) -> Result<Self, CorruptDocument> {
        Self::try_from(&document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "018f4e6b8c7a7c3e9f5d2b1a0c9e8d7f";

    #[test]
    fn refuses_fields_that_contradict_the_status() {
        let confirmed = RegistrationDocument {
            id: format!("reg_{UUID}"),
            organization: format!("org_{UUID}"),
            occurrence: format!("evt_{UUID}_20261122T090000Z"),
            event: format!("evt_{UUID}"),
            member: format!("mbr_{UUID}"),
            starts_at: DateTime::from_millis(0),
            ends_at: DateTime::from_millis(1),
            status: CONFIRMED.to_owned(),
            active: true,
            waitlist_sequence: None,
            is_busy: None,
            lacks_room: None,
            created_at: DateTime::from_millis(0),
            updated_at: DateTime::from_millis(0),
            cancelled_at: None,
            cancellation_reason: None,
            was_waitlisted: None,
        };
        let read = |document: &RegistrationDocument| Registration::try_from(document);
        assert_eq!(read(&confirmed).unwrap().status, RegistrationStatus::Confirmed);
        let of_status =
            |status: &str| RegistrationDocument { status: status.to_owned(), ..confirmed.clone() };
        let cancelled_at = Some(DateTime::from_millis(0));
        for corrupt in [
            RegistrationDocument { active: false, ..confirmed.clone() },
            RegistrationDocument { waitlist_sequence: Some(1), ..confirmed.clone() },
            RegistrationDocument { cancelled_at, ..confirmed.clone() },
            of_status(WAITLISTED),
            of_status(CANCELLED),
            RegistrationDocument { active: false, cancelled_at, ..of_status(CANCELLED) },
        ] {
            assert!(read(&corrupt).is_err(), "{corrupt:?}");
        }
    }
}
