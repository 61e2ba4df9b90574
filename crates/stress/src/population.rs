//! Creates an organization with members and events.

use bson::{Bson, Document, doc};
use convene_domain::id::{ActivityId, MemberId};
use futures::TryStreamExt;
use serde_json::json;
use time::{
    PrimitiveDateTime,
    ext::NumericalDuration,
    macros::{datetime, format_description},
};

use crate::{
    ADD_MEMBER, CREATE_EVENT, CREATE_ORGANIZATION, Connection, Credentials, Storage, created, new_id, text,
};

/// The start of the first event. It is far in the future, so that no event begins during a run.
const FIRST_HOUR: PrimitiveDateTime = datetime!(2080-01-01 0:00);
/// The number of documents per command.
const CHUNK: usize = 1_000;

#[derive(Clone, Debug)]
pub struct Member {
    pub id: String,
    pub user: String,
}

/// An organization with an admin and members.
#[derive(Clone, Debug)]
pub struct Population {
    /// Without the admin.
    pub members: Vec<Member>,
}

impl Population {
    pub const SLUG: &str = "crowd";

    /// Creates the organization and its members.
    ///
    /// Only one member is added with the API. Its documents are copied for the others, which takes a second instead
    /// of a minute.
    pub async fn create(
        connection: &mut Connection,
        storage: &Storage,
        count: usize,
    ) -> anyhow::Result<Self> {
        let organization = json!({
            "slug": Self::SLUG, "name": "Crowd", "timeZone": "UTC", "adminUserId": "admin", "adminDisplayName": "Admin",
        });
        created(connection, &Credentials::operator(), CREATE_ORGANIZATION, &organization).await?;
        let first = json!({ "userId": "user-0", "displayName": "user-0" });
        let added = created(connection, &Self::admin(), ADD_MEMBER, &first).await?;
        let first = Member { id: text(&added, "/member/id")?.to_owned(), user: "user-0".to_owned() };
        let fresh =
            |number| Member { id: MemberId::from_uuid(new_id()).to_string(), user: format!("user-{number}") };
        let members: Vec<Member> = std::iter::once(first.clone()).chain((1..count).map(fresh)).collect();
        for (collection, field) in [("members", "_id"), ("agendas", "_id"), ("activity", "subject")] {
            let collection = storage.collection(collection);
            let left: Vec<Document> = collection.find(doc! { field: &first.id }).await?.try_collect().await?;
            for others in members[1..].chunks(CHUNK) {
                let copies = others
                    .iter()
                    .flat_map(|member| left.iter().map(|document| copy(document, &first, member)));
                collection.insert_many(copies).await?;
            }
        }
        Ok(Self { members })
    }

    pub fn admin() -> Credentials {
        Credentials::member(Self::SLUG, "admin")
    }

    pub fn credentials(member: &Member) -> Credentials {
        Credentials::member(Self::SLUG, &member.user)
    }

    /// Creates a one-off event of one hour, `hour` hours after the first, and returns the id of its occurrence.
    pub async fn create_event(
        connection: &mut Connection,
        hour: u32,
        capacity: usize,
    ) -> anyhow::Result<String> {
        let starts_at = FIRST_HOUR + i64::from(hour).hours();
        let input = json!({
            "title": format!("Hour {hour}"),
            "startsAt": starts_at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]"))?,
            "duration": "PT1H",
            "capacity": capacity,
        });
        let payload = created(connection, &Self::admin(), CREATE_EVENT, &input).await?;
        let id = text(&payload, "/event/id")?;
        let start = starts_at.format(format_description!("[year][month][day]T[hour][minute][second]Z"))?;
        Ok(format!("{id}_{start}"))
    }
}

/// Copies a document of the first member for another member.
fn copy(document: &Document, first: &Member, member: &Member) -> Document {
    let mut copied: Document =
        document.iter().map(|(field, value)| (field.clone(), copy_value(value, first, member))).collect();
    if copied.get_str("_id").is_ok_and(|id| id.starts_with(ActivityId::PREFIX)) {
        copied.insert("_id", ActivityId::from_uuid(new_id()).to_string());
    }
    copied
}

fn copy_value(value: &Bson, first: &Member, member: &Member) -> Bson {
    match value {
        Bson::String(text) if *text == first.id => Bson::from(&member.id),
        Bson::String(text) if *text == first.user => Bson::from(&member.user),
        Bson::Array(values) => values.iter().map(|value| copy_value(value, first, member)).collect(),
        Bson::Document(document) => Bson::Document(copy(document, first, member)),
        other => other.clone(),
    }
}
