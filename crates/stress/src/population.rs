//! An organization with members and events.

use bson::{Bson, Document, doc};
use convene_domain::id::{ActivityId, MemberId};
use futures::TryStreamExt;
use serde_json::json;
use time::{
    PrimitiveDateTime,
    ext::NumericalDuration,
    macros::{datetime, format_description},
};

use crate::{Connection, Credentials, Storage, created, new_id, text};

const FOUND: &str = "mutation F($input: CreateOrganizationInput!) { \
    createOrganization(input: $input) { organization { id } userErrors { code } } }";
const ADD: &str =
    "mutation A($input: AddMemberInput!) { addMember(input: $input) { member { id } userErrors { code } } }";
const CREATE: &str = "mutation C($input: CreateEventInput!) { createEvent(input: $input) { event { id } userErrors { code } } }";

/// The first hour in which anything takes place: far from today, so that nothing begins while it is waited for.
const FIRST_HOUR: PrimitiveDateTime = datetime!(2080-01-01 0:00);
/// The organization's name in credentials.
const SLUG: &str = "crowd";
/// How many documents go into one command.
const CHUNK: usize = 1_000;

/// A member.
#[derive(Clone, Debug)]
pub struct Member {
    pub id: String,
    pub user: String,
}

/// An organization, its admin and its members.
#[derive(Clone, Debug)]
pub struct Population {
    /// Everybody but the admin.
    pub members: Vec<Member>,
}

impl Population {
    /// Founds the organization and adds members to it.
    ///
    /// One is added through the API. What that left in the database is copied for all others, which takes a second
    /// where so many calls would take a minute.
    pub async fn settle(
        connection: &mut Connection,
        storage: &Storage,
        count: usize,
    ) -> anyhow::Result<Self> {
        let founding = json!({
            "slug": SLUG, "name": "Crowd", "timeZone": "UTC", "adminUserId": "admin", "adminDisplayName": "Admin",
        });
        created(connection, &Credentials::operator(), FOUND, &founding).await?;
        let first = json!({ "userId": "user-0", "displayName": "user-0" });
        let added = created(connection, &Self::admin(), ADD, &first).await?;
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

    /// The credentials of the admin.
    pub fn admin() -> Credentials {
        Credentials::member(SLUG, "admin")
    }

    /// The credentials of a member.
    pub fn credentials(member: &Member) -> Credentials {
        Credentials::member(SLUG, &member.user)
    }

    /// Creates a one-off event of an hour, so many hours after the first. Answers with the id of its occurrence.
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
        let payload = created(connection, &Self::admin(), CREATE, &input).await?;
        let id = text(&payload, "/event/id")?;
        let start = starts_at.format(format_description!("[year][month][day]T[hour][minute][second]Z"))?;
        Ok(format!("{id}_{start}"))
    }
}

/// The document of another member.
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
