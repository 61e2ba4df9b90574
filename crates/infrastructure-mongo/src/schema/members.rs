use bson::doc;
use convene_domain::text::{DisplayName, Email, UserId};

use super::{
    CollectionSchema, ScopeField,
    indexes::{index, unique_among},
    rules::{date, documents, id, int, one_of, text},
};

/// The index that allows one active membership for each user of an organization.
pub(crate) const UNIQUE_MEMBERSHIP: &str = "one_membership_per_user";

/// Active and removed members. Removed members stay, because registrations and issues refer to them.
pub(crate) static MEMBERS: CollectionSchema = CollectionSchema {
    name: "members",
    scope: ScopeField::Organization,
    validator: || {
        documents(
            &[
                ("_id", id("mbr")),
                ("organization", id("org")),
                ("userId", text(UserId::MAX_CHARACTERS)),
                ("displayName", text(DisplayName::MAX_CHARACTERS)),
                ("role", one_of(&["MEMBER", "ADMIN"])),
                ("status", one_of(&["ACTIVE", "REMOVED"])),
                ("version", int(1, i32::MAX)),
                ("createdAt", date()),
                ("updatedAt", date()),
            ],
            &[("email", text(Email::MAX_CHARACTERS)), ("removedAt", date())],
        )
    },
    indexes: |_| {
        vec![
            unique_among(
                UNIQUE_MEMBERSHIP,
                doc! { "organization": 1, "userId": 1 },
                doc! { "status": "ACTIVE" },
            ),
            index("by_user", doc! { "organization": 1, "userId": 1, "_id": 1 }),
            index("by_id", doc! { "organization": 1, "status": 1, "_id": 1 }),
            index("by_role", doc! { "organization": 1, "status": 1, "role": 1, "_id": 1 }),
        ]
    },
};
