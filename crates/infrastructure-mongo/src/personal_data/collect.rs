use bson::{Document, doc};
use convene_application::{
    caller::TenantScope,
    failure::Fault,
    personal_data::PersonalEntries,
    ports::{BusyTime, Membership, PersonalRecord, UsedKey},
};
use convene_domain::{
    activity::Activity,
    issue::Issue,
    member::Member,
    occurrence::OccurrenceKey,
    registration::Registration,
    text::{IdempotencyKey, UserId},
    time::interval::Interval,
};

use super::keys_of;
use crate::{
    database::Database,
    documents::{
        activity::ActivityDocument,
        agenda::AgendaDocument,
        convert::{Fields, instant},
        idempotency::IdempotencyDocument,
        issue::IssueDocument,
        member::MemberDocument,
        read_all,
    },
    error::{CorruptDocument, StorageError},
    registration::document::RegistrationDocument,
    schema,
    scoped::Query,
};

/// The number of log entries that are read at once.
const PAGE_SIZE: usize = 1_000;

pub(super) async fn collect(
    database: &Database,
    scope: &TenantScope,
    user: &UserId,
) -> Result<PersonalRecord, Fault> {
    let memberships = memberships(database, scope, user).await?;
    let ids: Vec<String> = memberships.iter().map(|membership| membership.member.id.to_string()).collect();
    let is_person = doc! { "$in": &ids };

    let of_person = Query::from(doc! { "member": is_person.clone() });
    let query = of_person.sorted(doc! { "_id": 1 }).hinted("by_member");
    let registrations: Vec<RegistrationDocument> =
        database.collection(scope, &schema::REGISTRATIONS).find(query).await?;
    let involved = doc! { "$or": [{ "createdBy": is_person.clone() }, { "assignee": is_person.clone() }] };
    let query = Query::from(involved).sorted(doc! { "number": 1 });
    let issues: Vec<IssueDocument> = database.collection(scope, &schema::ISSUES).find(query).await?;
    let query = doc! { "_id": is_person };
    let agendas: Vec<AgendaDocument> = database.collection(scope, &schema::AGENDAS).find(query).await?;
    let registrations: Vec<Registration> = read_all(registrations).map_err(StorageError::from)?;
    let known = ids.into_iter().chain(registrations.iter().map(|registration| registration.id.to_string()));
    let entries = PersonalEntries::new(user, known);
    let issues: Vec<Issue> = read_all(issues).map_err(StorageError::from)?;
    Ok(PersonalRecord {
        agenda: agendas
            .iter()
            .map(busy_times)
            .collect::<Result<Vec<_>, _>>()
            .map_err(StorageError::from)?
            .concat(),
        registrations,
        issues,
        activity: activity(database, scope, entries).await?,
        keys: keys(database, scope, user).await?,
        memberships,
    })
}

async fn memberships(
    database: &Database,
    scope: &TenantScope,
    user: &UserId,
) -> Result<Vec<Membership>, StorageError> {
    let query = Query::from(doc! { "userId": user.as_str() }).sorted(doc! { "_id": 1 }).hinted("by_user");
    let documents: Vec<MemberDocument> = database.collection(scope, &schema::MEMBERS).find(query).await?;
    let membership = |document: MemberDocument| {
        let removed_at = document.removed_at.map(instant);
        Ok(Membership { member: Member::try_from(document)?, removed_at })
    };
    documents.into_iter().map(membership).collect()
}

fn busy_times(agenda: &AgendaDocument) -> Result<Vec<BusyTime>, CorruptDocument> {
    let fields = Fields::of(&schema::AGENDAS, &agenda.id);
    let read = |busy: &crate::documents::agenda::BusyDocument| {
        let interval = Interval::new(instant(busy.starts_at), instant(busy.ends_at));
        Ok(BusyTime {
            occurrence: fields.read("occurrence", OccurrenceKey::parse(&busy.occurrence))?,
            interval: fields.read("busy", interval)?,
        })
    };
    agenda.busy.iter().map(read).collect()
}

/// Collects the log entries about the person. No index covers the values of an entry, so the whole log is read, page by page.
async fn activity(
    database: &Database,
    scope: &TenantScope,
    mut selection: PersonalEntries,
) -> Result<Vec<Activity>, StorageError> {
    let mut selected = Vec::new();
    let mut newer = Document::new();
    loop {
        let query =
            Query::from(newer).sorted(doc! { "at": 1, "_id": 1 }).limited(PAGE_SIZE).hinted("by_time");
        let page: Vec<ActivityDocument> = database.collection(scope, &schema::ACTIVITY).find(query).await?;
        let Some(last) = page.last() else { return Ok(selected) };
        // The redundant bound on the time is for the index.
        let later = doc! { "at": { "$gt": last.at } };
        newer = doc! { "at": { "$gte": last.at }, "$or": [later, { "_id": { "$gt": &last.id } }] };
        let entries: Vec<Activity> = read_all(page)?;
        selected.extend(entries.into_iter().filter(|entry| selection.select(entry)));
    }
}

async fn keys(database: &Database, scope: &TenantScope, user: &UserId) -> Result<Vec<UsedKey>, StorageError> {
    let query = Query::from(keys_of(scope, user)).sorted(doc! { "createdAt": 1 }).hinted("_id_");
    let uses: Vec<IdempotencyDocument> = database.collection(scope, &schema::IDEMPOTENCY).find(query).await?;
    let read = |used: IdempotencyDocument| {
        let key = IdempotencyKey::parse(&used.id.key);
        let key = Fields::of(&schema::IDEMPOTENCY, &used.id.key).read("_id.key", key)?;
        Ok(UsedKey { key, used_at: instant(used.created_at), subject: used.result.subject })
    };
    uses.into_iter().map(read).collect()
}
