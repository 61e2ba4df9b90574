use bson::doc;

use super::{
    CollectionSchema, ScopeField,
    indexes::{index, partial, unique_among},
    rules::{boolean, date, documents_where, id, long, occurrence_key, one_of},
};

/// Confirmed, waitlisted and cancelled registrations.
pub(crate) static REGISTRATIONS: CollectionSchema = CollectionSchema {
    name: "registrations",
    scope: ScopeField::Organization,
    validator: || {
        documents_where(
            &[
                ("_id", id("reg")),
                ("organization", id("org")),
                ("occurrence", occurrence_key()),
                ("event", id("evt")),
                ("member", id("mbr")),
                ("startsAt", date()),
                ("endsAt", date()),
                ("status", one_of(&["CONFIRMED", "WAITLISTED", "CANCELLED"])),
                ("active", boolean()),
                ("createdAt", date()),
                ("updatedAt", date()),
            ],
            &[
                ("waitlistSequence", long(1)),
                // It is never read: transactions write it so that they conflict.
                ("passed", long(0)),
                // The member has a seat at this time, so promotions need not look at the agenda again.
                ("isBusy", boolean()),
                // A promotion passed over it beside a free seat, because the member's agenda was full.
                ("lacksRoom", boolean()),
                ("cancelledAt", date()),
                (
                    "cancellationReason",
                    one_of(&[
                        "BY_MEMBER",
                        "BY_ADMIN",
                        "OCCURRENCE_CANCELLED",
                        "OCCURRENCE_MOVED",
                        "MEMBER_REMOVED",
                    ]),
                ),
                // Only cancelled ones have it.
                ("wasWaitlisted", boolean()),
            ],
            // Each status requires its own fields and forbids the others. A missing field sorts before every value.
            doc! { "$and": [
                { "$lt": ["$startsAt", "$endsAt"] },
                { "$eq": ["$active", { "$ne": ["$status", "CANCELLED"] }] },
                { "$eq": [{ "$gt": ["$waitlistSequence", null] }, { "$eq": ["$status", "WAITLISTED"] }] },
                { "$or": [{ "$eq": ["$status", "WAITLISTED"] }, { "$lte": ["$isBusy", null] }] },
                { "$or": [{ "$eq": ["$status", "WAITLISTED"] }, { "$lte": ["$lacksRoom", null] }] },
                { "$eq": [{ "$gt": ["$cancelledAt", null] }, { "$eq": ["$status", "CANCELLED"] }] },
                { "$eq": [{ "$gt": ["$cancellationReason", null] }, { "$eq": ["$status", "CANCELLED"] }] },
                { "$or": [{ "$eq": ["$status", "CANCELLED"] }, { "$lte": ["$wasWaitlisted", null] }] },
            ] },
        )
    },
    indexes: |_| {
        vec![
            unique_among(
                "one_active_registration_per_member",
                doc! { "organization": 1, "occurrence": 1, "member": 1 },
                doc! { "active": true },
            ),
            // A cancellation looks for older ones of the same member and occurrence.
            partial(
                "cancelled",
                doc! { "organization": 1, "occurrence": 1, "member": 1, "cancelledAt": 1 },
                doc! { "active": false },
            ),
            index("by_member", doc! { "organization": 1, "member": 1, "startsAt": 1, "_id": 1 }),
            index("by_occurrence", doc! { "organization": 1, "occurrence": 1, "startsAt": 1, "_id": 1 }),
            partial(
                "waitlist",
                doc! { "organization": 1, "occurrence": 1, "status": 1, "waitlistSequence": 1 },
                doc! { "status": "WAITLISTED" },
            ),
            // Those whose members may be free, in the order of the waitlist.
            partial(
                "waitlist_to_promote",
                doc! { "organization": 1, "occurrence": 1, "isBusy": 1, "waitlistSequence": 1 },
                doc! { "status": "WAITLISTED" },
            ),
            // The waitlists of a member whose time becomes free.
            partial(
                "waiting_by_member",
                doc! { "organization": 1, "member": 1, "startsAt": 1 },
                doc! { "status": "WAITLISTED" },
            ),
            index("by_time", doc! { "organization": 1, "startsAt": 1, "_id": 1 }),
            index("by_event", doc! { "organization": 1, "event": 1, "startsAt": 1, "_id": 1 }),
            index("by_creation", doc! { "organization": 1, "createdAt": 1, "_id": 1 }),
            index(
                "by_member_and_creation",
                doc! { "organization": 1, "member": 1, "createdAt": 1, "_id": 1 },
            ),
        ]
    },
};
