//! Typed, prefixed ids.
//!
//! An id is a prefix that names its type, an underscore, and a UUID as 32 lower-case hexadecimal digits:
//! `evt_018f4e6b8c7a7c3e9f5d2b1a0c9e8d7f`. Ids contain version 7 UUIDs (RFC 9562), so they sort by
//! creation time. An id has exactly one spelling; every other one is refused.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// The refusal of a text that is not an id of the expected type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a valid id: expected \"{prefix}_\" and {rest}")]
pub struct MalformedId {
    /// The prefix of ids of the expected type.
    pub prefix: &'static str,
    /// The description of what follows the prefix and its underscore.
    pub rest: &'static str,
}

impl MalformedId {
    pub(crate) const fn with_digits(prefix: &'static str) -> Self {
        Self { prefix, rest: "32 digits from 0 to f" }
    }
}

/// Parses 32 lower-case hexadecimal digits and refuses any other spelling.
fn parse_uuid(digits: &str) -> Option<Uuid> {
    let canonical = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    canonical.then(|| Uuid::try_parse(digits).ok()).flatten()
}

macro_rules! typed_id {
    ($(#[$docs:meta])* $name:ident, $prefix:literal) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix of every id of this type, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// The id with this UUID.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID within the id.
            #[must_use]
            pub const fn uuid(&self) -> Uuid {
                self.0
            }

            /// Parses an id.
            ///
            /// # Errors
            /// [`MalformedId`] for any text that differs from the output of [`Display`](fmt::Display).
            pub fn parse(text: &str) -> Result<Self, MalformedId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(parse_uuid)
                    .map(Self)
                    .ok_or(MalformedId::with_digits($prefix))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }
    };
}

typed_id!(
    /// Identifies an organization, the tenant that owns all other objects.
    ///
    /// ```
    /// use convene_domain::id::OrganizationId;
    /// let id = OrganizationId::parse("org_018f4e6b8c7a7c3e9f5d2b1a0c9e8d7f")?;
    /// assert_eq!(id.to_string(), "org_018f4e6b8c7a7c3e9f5d2b1a0c9e8d7f");
    /// assert!(OrganizationId::parse("evt_018f4e6b8c7a7c3e9f5d2b1a0c9e8d7f").is_err());
    /// # Ok::<(), convene_domain::id::MalformedId>(())
    /// ```
    OrganizationId,
    "org"
);
typed_id!(
    /// Identifies a member of an organization.
    MemberId,
    "mbr"
);
typed_id!(
    /// Identifies an event, one-off or recurring.
    EventId,
    "evt"
);
typed_id!(
    /// Identifies a member's registration for one occurrence.
    RegistrationId,
    "reg"
);
typed_id!(
    /// Identifies an issue of the tracker.
    IssueId,
    "iss"
);
typed_id!(
    /// Identifies an entry of the activity log.
    ActivityId,
    "act"
);
typed_id!(
    /// Identifies a large change that is carried out in steps.
    JobId,
    "job"
);

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "018f4e6b8c7a7c3e9f5d2b1a0c9e8d7f";

    #[test]
    fn reads_what_it_prints() {
        let id = EventId::from_uuid(Uuid::try_parse(DIGITS).unwrap());
        assert_eq!(id.to_string(), format!("evt_{DIGITS}"));
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn refuses_every_other_spelling() {
        let long = format!("evt_{DIGITS}0");
        let upper = format!("evt_{}", DIGITS.to_uppercase());
        let hyphenated = "evt_018f4e6b-8c7a-7c3e-9f5d-2b1a0c9e8d7f";
        let other = format!("mbr_{DIGITS}");
        for text in ["", "evt", "evt_", "abc", "evt_../admin", DIGITS, &long, &upper, hyphenated, &other] {
            assert_eq!(EventId::parse(text), Err(MalformedId::with_digits("evt")), "{text}");
        }
    }
}
