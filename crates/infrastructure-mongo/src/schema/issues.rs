use bson::doc;
use convene_domain::text::{Description, Title};

use super::{
    CollectionSchema, ScopeField,
    indexes::{index, partial, unique},
    rules::{date, documents_where, id, int, one_of, possibly_empty_text, search, search_is_measured, text},
};

pub(crate) static ISSUES: CollectionSchema = CollectionSchema {
    name: "issues",
    scope: ScopeField::Organization,
    validator: || {
        let [search, search_bytes] = search();
        documents_where(
            &[
                ("_id", id("iss")),
                ("organization", id("org")),
                ("number", int(1, i32::MAX)),
                ("title", text(Title::MAX_CHARACTERS)),
                ("description", possibly_empty_text(Description::MAX_CHARACTERS)),
                search,
                search_bytes,
                ("status", one_of(&["OPEN", "IN_PROGRESS", "DONE"])),
                ("priority", one_of(&["LOW", "MEDIUM", "HIGH"])),
                ("priorityRank", int(0, 2)),
                ("createdBy", id("mbr")),
                ("version", int(1, i32::MAX)),
                ("createdAt", date()),
                ("updatedAt", date()),
            ],
            &[("assignee", id("mbr")), ("event", id("evt"))],
            doc! { "$and": [
                search_is_measured(),
                { "$eq": ["$priority", { "$arrayElemAt": [["LOW", "MEDIUM", "HIGH"], "$priorityRank"] }] },
            ] },
        )
    },
    indexes: |_| {
        vec![
            unique("one_issue_per_number", doc! { "organization": 1, "number": 1 }),
            // A search reads the lengths of texts from the index alone. The fields that a filter compares are behind those of the
            // order, so that only documents are read that meet all conditions.
            index(
                "by_number",
                doc! { "organization": 1, "number": 1, "searchBytes": 1, "assignee": 1, "createdBy": 1, "event": 1, "status": 1, "priorityRank": 1 },
            ),
            index(
                "by_update",
                doc! { "organization": 1, "updatedAt": 1, "number": 1, "searchBytes": 1, "assignee": 1, "createdBy": 1, "event": 1, "status": 1, "priorityRank": 1 },
            ),
            index(
                "by_priority",
                doc! { "organization": 1, "priorityRank": 1, "number": 1, "searchBytes": 1, "assignee": 1, "createdBy": 1, "event": 1, "status": 1 },
            ),
            index(
                "by_assignee",
                doc! { "organization": 1, "assignee": 1, "number": 1, "createdBy": 1, "event": 1, "status": 1, "priorityRank": 1 },
            ),
            index(
                "by_creator",
                doc! { "organization": 1, "createdBy": 1, "number": 1, "event": 1, "status": 1, "priorityRank": 1 },
            ),
            index("by_status", doc! { "organization": 1, "status": 1, "number": 1, "priorityRank": 1 }),
            partial(
                "by_event",
                doc! { "organization": 1, "event": 1, "number": 1, "status": 1, "priorityRank": 1 },
                doc! { "event": { "$exists": true } },
            ),
        ]
    },
};
