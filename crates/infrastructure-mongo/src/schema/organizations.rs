use bson::doc;
use convene_domain::text::{OrganizationName, Slug};

use super::{
    CollectionSchema, ScopeField,
    indexes::unique,
    rules::{date, documents, id, int, long, text},
};

pub(crate) const UNIQUE_SLUG: &str = "one_organization_per_slug";

/// Organizations, with the counters that serialize changes: concurrent demotions of admins conflict at `adminCount`.
pub(crate) static ORGANIZATIONS: CollectionSchema = CollectionSchema {
    name: "organizations",
    scope: ScopeField::Id,
    validator: || {
        documents(
            &[
                ("_id", id("org")),
                ("slug", text(Slug::MAX_CHARACTERS)),
                ("name", text(OrganizationName::MAX_CHARACTERS)),
                ("timeZone", text(64)),
                ("adminCount", int(1, i32::MAX)),
                ("revision", long(0)),
                ("lastIssueNumber", int(0, i32::MAX)),
                ("version", int(1, i32::MAX)),
                ("createdAt", date()),
                ("updatedAt", date()),
            ],
            &[],
        )
    },
    // Credentials name the slug before there is a tenant scope, so this index can't begin with one.
    indexes: |_| vec![unique(UNIQUE_SLUG, doc! { "slug": 1 })],
};
