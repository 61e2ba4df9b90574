use bson::doc;
use convene_domain::text::{OrganizationName, Slug};

use super::{
    CollectionSchema, ScopeField,
    indexes::{index, unique},
    rules::{date, id, int, long, object, one_of, text},
};

pub(crate) const UNIQUE_SLUG: &str = "one_organization_per_slug";

/// Organizations, with the counters that serialize changes: concurrent demotions of admins conflict at `adminCount`.
pub(crate) static ORGANIZATIONS: CollectionSchema = CollectionSchema {
    name: "organizations",
    scope: ScopeField::Id,
    validator: || {
        let stored = object(
            &[
                ("_id", id("org")),
                ("slug", text(Slug::MAX_CHARACTERS)),
                ("name", text(OrganizationName::MAX_CHARACTERS)),
                ("timeZone", text(64)),
                ("adminCount", int(1, i32::MAX)),
                ("revision", long(0)),
                ("lastIssueNumber", int(0, i32::MAX)),
                ("additions", long(0)),
                ("status", one_of(&["ACTIVE", "SUSPENDED"])),
                ("version", int(1, i32::MAX)),
                ("createdAt", date()),
                ("updatedAt", date()),
            ],
            &[],
        );
        // The rest of a deleted organization keeps its slug from being used again.
        let deleted =
            object(&[("_id", id("org")), ("slug", text(Slug::MAX_CHARACTERS)), ("deletedAt", date())], &[]);
        doc! { "$jsonSchema": { "anyOf": [stored, deleted] } }
    },
    // Credentials name the slug before there is a tenant scope, so this index can't begin with one.
    indexes: |_| {
        vec![
            unique(UNIQUE_SLUG, doc! { "slug": 1 }),
            // The operator lists the organizations that are not deleted, and processes look for those that were lately.
            index("by_deletion", doc! { "deletedAt": 1, "_id": 1 }),
        ]
    },
};
