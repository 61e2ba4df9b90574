//! The port that reads registrations.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use bson::{Bson, Document, doc};
use convene_application::{
    caller::TenantScope,
    failure::Fault,
    page::{BoundedPage, PageRequest},
    ports::{
        RegistrationFilter, RegistrationOrderField, RegistrationPage, RegistrationPosition, Registrations,
    },
};
use convene_domain::{
    duration::LONGEST_ELAPSED,
    event::Event,
    id::{EventId, MemberId, RegistrationId},
    occurrence::{OccurrenceKey, Resolved},
    registration::Registration,
    time::Instant,
};
use serde::Deserialize;

use crate::{
    database::Database,
    documents::{
        convert::{date, instant},
        event::EventDocument,
        ids::{read_id, read_ids, texts},
        read_all,
    },
    error::StorageError,
    registration::document::{RegistrationDocument, WAITLISTED},
    schema,
    scoped::{Key, Part, Query, SearchResult, Sorting, stopped_at},
};

/// Reads registrations in MongoDB.
#[derive(Clone)]
pub(crate) struct MongoRegistrations(pub(crate) Database);

#[async_trait]
impl Registrations for MongoRegistrations {
    async fn get_many(
        &self,
        scope: &TenantScope,
        ids: &[RegistrationId],
    ) -> Result<Vec<Registration>, Fault> {
        self.found(scope, doc! { "_id": { "$in": texts(ids) } }.into()).await
    }

    async fn list(
        &self,
        scope: &TenantScope,
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
    ) -> Result<RegistrationPage, Fault> {
        let keys = self.filtered_keys(scope, &filter).await?;
        let part = part(&filter, &keys, page.order.field);
        let sorting = Sorting::of(&page, sorted_by(page.order.field));
        let from = page.from.map(values);
        let mut stored = self.0.collection(scope, &schema::REGISTRATIONS);
        let found = stored.find_in_part(&part, sorting, from.as_deref(), page.size, doc! {}).await?;
        Ok(bounded(found, &page)?)
    }

    async fn count(&self, scope: &TenantScope, filter: RegistrationFilter) -> Result<Option<u32>, Fault> {
        let keys = self.filtered_keys(scope, &filter).await?;
        let part = part(&filter, &keys, RegistrationOrderField::StartsAt);
        Ok(self.0.collection(scope, &schema::REGISTRATIONS).count_in_part(&part).await?)
    }

    async fn list_by_occurrence(
        &self,
        scope: &TenantScope,
        occurrences: &[OccurrenceKey],
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
        examined: usize,
    ) -> Result<HashMap<OccurrenceKey, RegistrationPage>, Fault> {
        let lists = self.of_occurrences(scope, occurrences, filter).await?;
        Ok(self.list_each(scope, &lists, &page, examined).await?)
    }

    async fn list_by_event(
        &self,
        scope: &TenantScope,
        events: &[EventId],
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
        examined: usize,
    ) -> Result<HashMap<EventId, RegistrationPage>, Fault> {
        let lists = self.of_events(scope, events, filter).await?;
        Ok(self.list_each(scope, &lists, &page, examined).await?)
    }

    async fn count_by_occurrence(
        &self,
        scope: &TenantScope,
        occurrences: &[OccurrenceKey],
        filter: RegistrationFilter,
        examined: usize,
    ) -> Result<HashMap<OccurrenceKey, Option<u32>>, Fault> {
        let lists = self.of_occurrences(scope, occurrences, filter).await?;
        Ok(self.0.collection(scope, &schema::REGISTRATIONS).count_each_part(lists, examined).await?)
    }

    async fn count_by_event(
        &self,
        scope: &TenantScope,
        events: &[EventId],
        filter: RegistrationFilter,
        examined: usize,
    ) -> Result<HashMap<EventId, Option<u32>>, Fault> {
        let lists = self.of_events(scope, events, filter).await?;
        Ok(self.0.collection(scope, &schema::REGISTRATIONS).count_each_part(lists, examined).await?)
    }

    async fn active_of(
        &self,
        scope: &TenantScope,
        member: MemberId,
        occurrences: &[OccurrenceKey],
    ) -> Result<Vec<Registration>, Fault> {
        let filter = doc! { "occurrence": { "$in": texts(occurrences) }, "member": member.to_string(), "active": true };
        self.found(scope, filter.into()).await
    }

    async fn waitlist_positions(
        &self,
        scope: &TenantScope,
        ids: &[RegistrationId],
    ) -> Result<HashMap<RegistrationId, u32>, Fault> {
        let mut registrations = self.0.collection(scope, &schema::REGISTRATIONS);
        let asked = doc! { "_id": { "$in": texts(ids) }, "status": WAITLISTED };
        let fields = doc! { "occurrence": 1, "waitlistSequence": 1 };
        let waiting: Vec<Waitlisted> = registrations.find(Query::from(asked).projected(fields)).await?;
        let mut waitlists: BTreeMap<OccurrenceKey, Vec<&Waitlisted>> = BTreeMap::new();
        for registration in &waiting {
            waitlists.entry(registration.occurrence).or_default().push(registration);
        }
        let mut positions = HashMap::new();
        let waitlists: Vec<_> = waitlists.into_iter().collect();
        for waitlists in waitlists.chunks(WAITLISTS) {
            let counted = registrations.count_each(waitlists.iter().flat_map(parts).collect(), None).await?;
            for (_, waitlist) in waitlists {
                // Those before the first one that is asked for, and those behind each up to the next one.
                let mut position = 0;
                for registration in in_sequence(waitlist) {
                    position += counted.get(&registration.id).copied().unwrap_or(0);
                    // Between the two commands it and all before it may leave the list.
                    if position > 0 {
                        positions.insert(registration.id, position);
                    }
                }
            }
        }
        Ok(positions)
    }
}

/// The number of waitlists of which one command counts positions. Each has at most some thousand entries.
const WAITLISTS: usize = 100;

/// The registrations of one waitlist in its order.
fn in_sequence<'a>(waitlist: &[&'a Waitlisted]) -> Vec<&'a Waitlisted> {
    let mut sorted = waitlist.to_vec();
    sorted.sort_by_key(|registration| registration.waitlist_sequence);
    sorted
}

/// The filters for the part of a waitlist that ends with each of these registrations and begins behind the one before it: no
/// entry is counted twice.
fn parts((occurrence, waitlist): &(OccurrenceKey, Vec<&Waitlisted>)) -> Vec<(RegistrationId, Document)> {
    let mut behind = 0;
    let part = |registration: &Waitlisted| {
        let up_to = registration.waitlist_sequence;
        let part = doc! {
            "occurrence": occurrence.to_string(),
            "status": WAITLISTED,
            "waitlistSequence": { "$gt": behind, "$lte": up_to },
        };
        behind = up_to;
        (registration.id, part)
    };
    in_sequence(waitlist).into_iter().map(part).collect()
}

impl MongoRegistrations {
    /// The list of each occurrence, by start. `filter.occurrence` is not used.
    async fn of_occurrences(
        &self,
        scope: &TenantScope,
        occurrences: &[OccurrenceKey],
        filter: RegistrationFilter,
    ) -> Result<Vec<(OccurrenceKey, Part)>, StorageError> {
        let further: HashMap<OccurrenceKey, Vec<OccurrenceKey>> =
            self.further_keys(scope, occurrences).await?.into_iter().collect();
        let rest = RegistrationFilter { occurrence: None, ..filter };
        let list = |key: &OccurrenceKey| {
            let ids = texts(std::iter::once(key).chain(further.get(key).into_iter().flatten()));
            (*key, part_by_start("by_occurrence", &doc! { "occurrence": { "$in": ids } }, rest.clone(), &[]))
        };
        Ok(occurrences.iter().map(list).collect())
    }

    /// The list of each event, by start. `filter.event` is not used.
    async fn of_events(
        &self,
        scope: &TenantScope,
        events: &[EventId],
        filter: RegistrationFilter,
    ) -> Result<Vec<(EventId, Part)>, StorageError> {
        let keys = self.filtered_keys(scope, &filter).await?;
        let rest = RegistrationFilter { event: None, ..filter };
        let list = |id: &EventId| {
            (*id, part_by_start("by_event", &doc! { "event": id.to_string() }, rest.clone(), &keys))
        };
        Ok(events.iter().map(list).collect())
    }

    /// The page of each list.
    async fn list_each<K: Key>(
        &self,
        scope: &TenantScope,
        lists: &[(K, Part)],
        page: &PageRequest<RegistrationPosition>,
        examined: usize,
    ) -> Result<HashMap<K, RegistrationPage>, StorageError> {
        let sorting = Sorting::of(page, sorted_by(page.order.field));
        let from = page.from.map(values);
        let mut stored = self.0.collection(scope, &schema::REGISTRATIONS);
        let found = stored.find_each(lists, sorting, from.as_deref(), page.size, examined).await?;
        let bounded = |(key, found)| Ok((key, bounded(found, page)?));
        found.into_iter().map(bounded).collect()
    }

    /// The keys with which registrations for the occurrence of the filter are stored, if it has one.
    async fn filtered_keys(
        &self,
        scope: &TenantScope,
        filter: &RegistrationFilter,
    ) -> Result<Vec<OccurrenceKey>, StorageError> {
        let Some(asked) = filter.occurrence else { return Ok(Vec::new()) };
        let key = self.present_keys(scope, &[asked]).await?.remove(&asked).unwrap_or(asked);
        let further = self.further_keys(scope, &[key]).await?;
        Ok(std::iter::once(key).chain(further.into_iter().flat_map(|(_, further)| further)).collect())
    }

    /// The former ids under which cancelled registrations for these occurrences may be stored, for each that has any: a
    /// registration keeps the id that it had when it was cancelled. A former id that denotes another occurrence now is
    /// none of them, because active registrations for that one have it.
    async fn further_keys(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
    ) -> Result<Vec<(OccurrenceKey, Vec<OccurrenceKey>)>, StorageError> {
        let had_others = doc! { "_id": { "$in": texts(keys) }, "formerIds.0": { "$exists": true } };
        let query = Query::from(had_others).projected(doc! { "formerIds": 1 });
        let found: Vec<Identified> = self.0.collection(scope, &schema::OCCURRENCES).find(query).await?;
        let former: BTreeSet<OccurrenceKey> =
            found.iter().flat_map(|found| &found.former_ids).copied().collect();
        let present = self.present_keys(scope, &Vec::from_iter(former)).await?;
        let denoting = |Identified { id, mut former_ids }: Identified| {
            former_ids.retain(|former| present.get(former) == Some(&id));
            (id, former_ids)
        };
        Ok(found.into_iter().map(denoting).filter(|(_, further)| !further.is_empty()).collect())
    }

    /// The present key of the stored occurrence that each of these keys denotes, if it denotes a stored one.
    async fn present_keys(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
    ) -> Result<HashMap<OccurrenceKey, OccurrenceKey>, StorageError> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let ids = texts(keys);
        let either = doc! { "$or": [{ "_id": { "$in": &ids } }, { "formerIds": { "$in": &ids } }] };
        let all_ids = doc! { "$concatArrays": [["$_id"], { "$ifNull": ["$formerIds", []] }] };
        // A match sorts the thousands of keys once, while an expression would do so for each document.
        let asked = vec![
            doc! { "$project": { "asked": all_ids } },
            doc! { "$unwind": "$asked" },
            doc! { "$match": { "asked": { "$in": ids } } },
        ];
        let found: Vec<Holder> =
            self.0.collection(scope, &schema::OCCURRENCES).aggregate(either, asked).await?;
        let mut holders: HashMap<OccurrenceKey, Vec<OccurrenceKey>> = HashMap::new();
        for Holder { id, asked } in found {
            holders.entry(asked).or_default().push(id);
        }
        // Without a stored occurrence that has the key, the event may derive it.
        let derived = holders.iter().filter(|(asked, holders)| !holders.contains(asked));
        let events: BTreeSet<EventId> = derived.map(|(asked, _)| asked.event).collect();
        let events = self.events(scope, &Vec::from_iter(events)).await?;
        let present = holders.into_iter().filter_map(|(asked, holders)| {
            let keyed = holders.into_iter().map(|holder| (holder, holder));
            match asked.resolve(events.get(&asked.event), keyed)? {
                Resolved::Stored(holder) => Some((asked, holder)),
                Resolved::Derived(_) => None,
            }
        });
        Ok(present.collect())
    }

    async fn events(
        &self,
        scope: &TenantScope,
        ids: &[EventId],
    ) -> Result<HashMap<EventId, Event>, StorageError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let these = doc! { "_id": { "$in": texts(ids) } };
        let found: Vec<EventDocument> = self.0.collection(scope, &schema::EVENTS).find(these).await?;
        let events = found.into_iter().map(Event::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(events.into_iter().map(|event| (event.id, event)).collect())
    }

    async fn found(&self, scope: &TenantScope, query: Query) -> Result<Vec<Registration>, Fault> {
        let documents: Vec<RegistrationDocument> =
            self.0.collection(scope, &schema::REGISTRATIONS).find(query).await?;
        Ok(read_all(documents).map_err(StorageError::from)?)
    }
}

/// The ids of an occurrence.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identified {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    id: OccurrenceKey,
    #[serde(default, deserialize_with = "read_ids")]
    former_ids: Vec<OccurrenceKey>,
}

/// An occurrence that has or had an id.
#[derive(Deserialize)]
struct Holder {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    id: OccurrenceKey,
    #[serde(deserialize_with = "read_id")]
    asked: OccurrenceKey,
}

/// The page of a list.
fn bounded(
    SearchResult { documents, examined }: SearchResult<RegistrationDocument>,
    page: &PageRequest<RegistrationPosition>,
) -> Result<RegistrationPage, StorageError> {
    let registrations = read_all(documents)?;
    let examined = stopped_at(&schema::REGISTRATIONS, examined, |values| position(page.order.field, values))?;
    Ok(BoundedPage::from_probe(registrations, page, examined))
}

/// A registration on a waitlist.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Waitlisted {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    id: RegistrationId,
    #[serde(deserialize_with = "read_id")]
    occurrence: OccurrenceKey,
    waitlist_sequence: i64,
}

const fn sorted_by(field: RegistrationOrderField) -> &'static [&'static str] {
    match field {
        RegistrationOrderField::StartsAt => &["startsAt", "_id"],
        RegistrationOrderField::CreatedAt => &["createdAt", "_id"],
    }
}

fn values(position: RegistrationPosition) -> Vec<Bson> {
    let (RegistrationPosition::StartsAt(time, id) | RegistrationPosition::CreatedAt(time, id)) = position;
    vec![date(time).into(), id.to_string().into()]
}

/// The position with these values of the fields.
fn position(field: RegistrationOrderField, values: &[Bson]) -> Option<RegistrationPosition> {
    let id = RegistrationId::parse(values.last()?.as_str()?).ok()?;
    let time = instant(*values.first()?.as_datetime()?);
    Some(match field {
        RegistrationOrderField::StartsAt => RegistrationPosition::StartsAt(time, id),
        RegistrationOrderField::CreatedAt => RegistrationPosition::CreatedAt(time, id),
    })
}

/// The list of the filter in this order. `keys` are those of the occurrence.
fn part(filter: &RegistrationFilter, keys: &[OccurrenceKey], order: RegistrationOrderField) -> Part {
    let RegistrationFilter { occurrence, event, member, .. } = filter;
    let equal = |field: &str, id: String| doc! { field: id };
    let by_start = order == RegistrationOrderField::StartsAt;
    let mut rest = filter.clone();
    let (index, key) = match (occurrence, event, member) {
        (Some(_), ..) if by_start => {
            rest.occurrence = None;
            ("by_occurrence", doc! { "occurrence": { "$in": texts(keys) } })
        }
        (.., Some(member)) => {
            rest.member = None;
            let index = if by_start { "by_member" } else { "by_member_and_creation" };
            (index, equal("member", member.to_string()))
        }
        (_, Some(event), _) if by_start => {
            rest.event = None;
            ("by_event", equal("event", event.to_string()))
        }
        _ => (if by_start { "by_time" } else { "by_creation" }, Document::new()),
    };
    match by_start {
        true => part_by_start(index, &key, rest, keys),
        false => Part::new(index, key, conditions(&rest, keys)),
    }
}

/// The list by start whose equal values are `key`, with further conditions. `keys` are those of the occurrence.
fn part_by_start(
    index: &'static str,
    key: &Document,
    mut rest: RegistrationFilter,
    keys: &[OccurrenceKey],
) -> Part {
    let (from, to) = (rest.from, rest.to.take());
    let earliest = from.map(earliest_start);
    let starting = |before: Option<Instant>| {
        let mut starts = Document::new();
        starts.extend(before.map(|before| ("$lt".to_owned(), date(before).into())));
        starts.extend(earliest.map(|earliest| ("$gte".to_owned(), date(earliest).into())));
        let mut key = key.clone();
        if !starts.is_empty() {
            key.insert("startsAt", starts);
        }
        key
    };
    let compared = conditions(&rest, keys);
    rest.from = None;
    if conditions(&rest, keys).is_empty() {
        let until = [from, to].into_iter().flatten().min();
        Part::compared_in(index, starting(to), compared, starting(until))
    } else {
        Part::new(index, starting(to), compared)
    }
}

/// The earliest start of what ends after this time. What begins later ends later as well.
fn earliest_start(end: Instant) -> Instant {
    end.checked_sub(LONGEST_ELAPSED).unwrap_or(end)
}

/// The conditions of the filter. `keys` are those of the occurrence.
fn conditions(filter: &RegistrationFilter, keys: &[OccurrenceKey]) -> Document {
    let RegistrationFilter { statuses, from, to, occurrence, event, member } = filter;
    let mut conditions = Vec::new();
    if let Some(member) = member {
        conditions.push(doc! { "member": member.to_string() });
    }
    if let Some(event) = event {
        conditions.push(doc! { "event": event.to_string() });
    }
    if occurrence.is_some() {
        conditions.push(doc! { "occurrence": { "$in": texts(keys) } });
    }
    if let Some(statuses) = statuses {
        let statuses: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
        conditions.push(doc! { "status": { "$in": statuses } });
    }
    if let Some(from) = from {
        // The start follows from the end. An index has it.
        conditions.push(doc! { "startsAt": { "$gte": date(earliest_start(*from)) } });
        conditions.push(doc! { "endsAt": { "$gt": date(*from) } });
    }
    if let Some(to) = to {
        conditions.push(doc! { "startsAt": { "$lt": date(*to) } });
    }
    if conditions.is_empty() {
        Document::new()
    } else {
        doc! { "$and": conditions }
    }
}
