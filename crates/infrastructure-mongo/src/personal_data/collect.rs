use bson::{DateTime, Document, doc};
use convene_application::{
    caller::TenantScope,
    failure::Fault,
    personal_data::Trail,
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

use super::{keys_of, registrations_keyed_by};
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

/// How many entries of the log are read at once.
const PAGE: usize = 1_000;

/// Collects what is held about the person.
pub(super) async fn collect(
    database: &Database,
    scope: &TenantScope,
    user: &UserId,
) -> Result<PersonalRecord, Fault> {
    let memberships = memberships(database, scope, user).await?;
    let ids: Vec<String> = memberships.iter().map(|membership| membership.member.id.to_string()).collect();
    let of_them = doc! { "$in": &ids };

    let query = Query::from(doc! { "member": of_them.clone() }).sorted(doc! { "_id": 1 });
    let registrations: Vec<RegistrationDocument> =
        database.collection(scope, &schema::REGISTRATIONS).find(query).await?;
    let theirs = doc! { "$or": [{ "createdBy": of_them.clone() }, { "assignee": of_them.clone() }] };
    let query = Query::from(theirs).sorted(doc! { "number": 1 });
    let issues: Vec<IssueDocument> = database.collection(scope, &schema::ISSUES).find(query).await?;
    let query = doc! { "_id": of_them };
    let agendas: Vec<AgendaDocument> = database.collection(scope, &schema::AGENDAS).find(query).await?;
    let registrations: Vec<Registration> = read_all(registrations).map_err(StorageError::from)?;
    let known = ids.into_iter().chain(registrations.iter().map(|registration| registration.id.to_string()));
    let trail = Trail::new(user, known);
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
        activity: activity(database, scope, trail).await?,
        keys: keys(database, scope, user).await?,
        memberships,
    })
}

async fn memberships(
    database: &Database,
    scope: &TenantScope,
    user: &UserId,
) -> Result<Vec<Membership>, StorageError> {
    let query = Query::from(doc! { "userId": user.as_str() }).sorted(doc! { "_id": 1 });
    let documents: Vec<MemberDocument> = database.collection(scope, &schema::MEMBERS).find(query).await?;
    let membership = |document: MemberDocument| {
        let removed_at = document.removed_at.map(instant);
        Ok(Membership { member: Member::try_from(document)?, removed_at })
    };
    documents.into_iter().map(membership).collect()
}

fn busy_times(agenda: &AgendaDocument) -> Result<Vec<BusyTime>, CorruptDocument> {
    let fields = Fields::of(schema::AGENDAS.name, &agenda.id);
    let read = |busy: &crate::documents::agenda::BusyDocument| {
        let interval = Interval::new(instant(busy.starts_at), instant(busy.ends_at));
        Ok(BusyTime {
            occurrence: fields.read("occurrence", OccurrenceKey::parse(&busy.occurrence))?,
            interval: fields.read("busy", interval)?,
        })
    };
    agenda.busy.iter().map(read).collect()
}

/// What the log tells of the person. Who is named in it no index knows, so all of it is read, page by page.
async fn activity(
    database: &Database,
    scope: &TenantScope,
    mut trail: Trail,
) -> Result<Vec<Activity>, StorageError> {
    let mut told = Vec::new();
    let mut newer = Document::new();
    loop {
        let query = Query::from(newer).sorted(doc! { "at": 1, "_id": 1 }).limited(PAGE);
        let page: Vec<ActivityDocument> = database.collection(scope, &schema::ACTIVITY).find(query).await?;
        let Some(last) = page.last() else { return Ok(told) };
        // The bound on the moment alone is for the index.
        let later = doc! { "at": { "$gt": last.at } };
        newer = doc! { "at": { "$gte": last.at }, "$or": [later, { "_id": { "$gt": &last.id } }] };
        let entries: Vec<Activity> = read_all(page)?;
        told.extend(entries.into_iter().filter(|entry| trail.passes(entry)));
    }
}

async fn keys(database: &Database, scope: &TenantScope, user: &UserId) -> Result<Vec<UsedKey>, StorageError> {
    let notes: Vec<IdempotencyDocument> =
        database.collection(scope, &schema::IDEMPOTENCY).find(keys_of(scope, user)).await?;
    let registrations: Vec<RegistrationDocument> =
        database.collection(scope, &schema::REGISTRATIONS).find(registrations_keyed_by(user)).await?;
    let mut keys = Vec::with_capacity(notes.len() + registrations.len());
    let mut add = |fields: Fields<'_>, key: &str, at: DateTime, subject: &str| {
        let key = fields.read("key", IdempotencyKey::parse(key))?;
        keys.push(UsedKey { key, used_at: instant(at), subject: subject.to_owned() });
        Ok::<_, CorruptDocument>(())
    };
    for note in &notes {
        let fields = Fields::of(schema::IDEMPOTENCY.name, &note.id.key);
        add(fields, &note.id.key, note.created_at, &note.result.subject)?;
    }
    for registration in &registrations {
        if let Some(used) = &registration.idempotency {
            let fields = Fields::of(schema::REGISTRATIONS.name, &registration.id);
            add(fields, &used.key, registration.created_at, &registration.id)?;
        }
    }
    keys.sort_by_key(|used| used.used_at);
    Ok(keys)
}
