//! An organization with one member for each caller, and events.

use serde_json::json;
use time::{
    PrimitiveDateTime,
    ext::NumericalDuration,
    macros::{datetime, format_description},
};

use crate::{ADD_MEMBER, CREATE_EVENT, CREATE_ORGANIZATION, Connection, Credentials, created, text};

/// The start of the first event. It is far in the future, so that no event begins during a run.
const FIRST_HOUR: PrimitiveDateTime = datetime!(2080-01-01 0:00);
const EVENTS: i64 = 50;

/// Callers of one organization, and occurrences for them.
#[derive(Clone, Debug)]
pub struct Organization {
    /// Without the admin.
    pub callers: Vec<Credentials>,
    /// None of them overlaps another one.
    pub occurrences: Vec<String>,
}

impl Organization {
    /// Creates the organization, its members and events of an hour each, with the API.
    pub async fn create(connection: &mut Connection, slug: &str, callers: usize) -> anyhow::Result<Self> {
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
