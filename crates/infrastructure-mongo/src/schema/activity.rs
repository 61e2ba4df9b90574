use bson::doc;
use convene_domain::activity::Action;

use super::{
    CollectionSchema, ScopeField,
    indexes::{expiring, index},
    rules::{date, documents, id, list, object, one_of, possibly_empty_text, text},
};

pub(crate) static ACTIVITY: CollectionSchema = CollectionSchema {
    name: "activity",
    scope: ScopeField::Organization,
    validator: || {
        let actions: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
        let value = possibly_empty_text(100_000);
        let change = object(&[("field", text(100))], &[("before", value.clone()), ("after", value)]);
        documents(
            &[
                ("_id", id("act")),
                ("organization", id("org")),
                ("at", date()),
                ("actor", text(255)),
                ("action", one_of(&actions)),
                ("subject", text(100)),
                ("changes", list(change, 100)),
            ],
            &[("requestId", text(200))],
        )
    },
    indexes: |settings| {
        vec![
            // The other conditions of a filter are compared in the index, so that only documents are read that meet all of them.
            index("by_time", doc! { "organization": 1, "at": -1, "_id": -1, "action": 1 }),
            index(
                "by_subject",
                doc! { "organization": 1, "subject": 1, "at": -1, "_id": -1, "actor": 1, "action": 1 },
            ),
            index("by_actor", doc! { "organization": 1, "actor": 1, "at": -1, "_id": -1, "action": 1 }),
            // Time-to-live indexes have one field, so this one can't begin with the organization.
            expiring("expires", doc! { "at": 1 }, settings.activity_retention),
        ]
    },
};
