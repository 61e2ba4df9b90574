//! An organization with one member for each caller, and events.

use convene_stress::{Connection, Credentials, created, text};
use serde_json::json;
use time::{PrimitiveDateTime, ext::NumericalDuration, macros::datetime, macros::format_description};

const CREATE_ORGANIZATION: &str = "mutation F($input: CreateOrganizationInput!) { \
    createOrganization(input: $input) { organization { id } userErrors { code } } }";
const ADD_MEMBER: &str =
    "mutation A($input: AddMemberInput!) { addMember(input: $input) { member { id } userErrors { code } } }";
const CREATE_EVENT: &str = "mutation C($input: CreateEventInput!) { createEvent(input: $input) { event { id } userErrors { code } } }";

/// The start of the first event. It is far in the future, so that no event begins during a run.
const FIRST_HOUR: PrimitiveDateTime = datetime!(2080-01-01 0:00);
const EVENTS: i64 = 50;

#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub(crate) callers: Vec<Credentials>,
    /// None of them overlaps another one.
    pub(crate) occurrences: Vec<String>,
}

impl Organization {
    pub(crate) async fn create(
        connection: &mut Connection,
        slug: &str,
        callers: usize,
    ) -> anyhow::Result<Self> {
        let admin = Credentials::member(slug, "admin");
        let input = json!({
            "slug": slug, "name": slug, "timeZone": "UTC", "adminUserId": "admin", "adminDisplayName": "Admin",
        });
        created(connection, &Credentials::operator(), CREATE_ORGANIZATION, &input).await?;
        let users: Vec<String> = (0..callers).map(|number| format!("user-{number}")).collect();
        for user in &users {
            created(connection, &admin, ADD_MEMBER, &json!({ "userId": user, "displayName": user })).await?;
        }
        let mut occurrences = Vec::new();
        for hour in 0..EVENTS {
            let starts_at = FIRST_HOUR + hour.hours();
            let input = json!({
                "title": format!("Hour {hour}"),
                "startsAt": starts_at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]"))?,
                "duration": "PT1H",
                "capacity": 1_000,
            });
            let payload = created(connection, &admin, CREATE_EVENT, &input).await?;
            let start =
                starts_at.format(format_description!("[year][month][day]T[hour][minute][second]Z"))?;
            occurrences.push(format!("{}_{start}", text(&payload, "/event/id")?));
        }
        let callers = users.iter().map(|user| Credentials::member(slug, user)).collect();
        Ok(Self { callers, occurrences })
    }
}
