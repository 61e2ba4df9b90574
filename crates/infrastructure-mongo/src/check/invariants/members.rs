use bson::doc;

use super::Invariant;
use crate::schema::{AGENDAS, MEMBERS, ORGANIZATIONS};

pub(super) const ADMINS: Invariant = Invariant {
    name: "an organization counts its admins, and each of its members has an agenda",
    collection: &ORGANIZATIONS,
    violations: |_| {
        let in_organization = doc! { "$expr": { "$eq": ["$organization", "$$organization"] } };
        let count = |name: &str, filter: bson::Document| {
            let members = doc! { "$match": { "$and": [in_organization.clone(), filter] } };
            doc! { "$lookup": {
                "from": MEMBERS.name,
                "let": { "organization": "$_id" },
                "pipeline": [members, { "$count": "count" }],
                "as": name,
            } }
        };
        let agendas = doc! { "$lookup": {
            "from": AGENDAS.name,
            "let": { "organization": "$_id" },
            "pipeline": [{ "$match": in_organization.clone() }, { "$count": "count" }],
            "as": "agendas",
        } };
        let first = |name: &str| doc! { "$ifNull": [{ "$first": format!("${name}.count") }, 0] };
        vec![
            doc! { "$match": { "deletedAt": null } },
            count("admins", doc! { "status": "ACTIVE", "role": "ADMIN" }),
            count("members", doc! { "status": "ACTIVE" }),
            agendas,
            doc! { "$project": {
                "adminCount": 1,
                "admins": first("admins"),
                "members": first("members"),
                "agendas": first("agendas"),
            } },
            doc! { "$match": { "$expr": { "$or": [
                { "$ne": ["$adminCount", "$admins"] },
                { "$ne": ["$members", "$agendas"] },
            ] } } },
        ]
    },
};
