//! Seats in large numbers, which are stored directly.

use bson::{Bson, Document, doc};
use convene_application::testing::{FixedClock, builders::fresh_uuid};
use convene_domain::{
    event::Event,
    id::{ActivityId, MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    time::{Instant, LocalDateTime},
};
use time::Duration;

use super::scenario::{Scenario, date};

/// Occurrences with confirmed and waitlisted members.
pub(crate) struct Held<'a> {
    pub(crate) event: &'a Event,
    pub(crate) starts: &'a [Instant],
    /// Each of them holds a seat in each of the occurrences.
    pub(crate) seated: &'a [MemberId],
    /// Each of them is on the waitlist of each of the occurrences.
    pub(crate) waiting: &'a [MemberId],
}

impl Scenario {
    /// Stores the occurrences, registrations, agendas and log entries. The members must have no other seats.
    pub(crate) async fn hold(&self, held: Held<'_>) {
        let Held { event, starts, seated, waiting } = held;
        let organization = self.tenant.scope.organization().to_string();
        let now = date(FixedClock::START);
        let (mut occurrences, mut registrations, mut entries, mut busy) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for &start in starts {
            let id = OccurrenceKey { event: event.id, original_start: start }.to_string();
            let end = start + event.duration.get();
            let seats = i32::try_from(event.capacity.get()).unwrap();
            occurrences.push(doc! {
                "_id": &id, "organization": &organization, "event": event.id.to_string(),
                "originalStart": date(start),
                "originalLocal": local_text(LocalDateTime::new(start.date(), start.time())),
                "startsAt": date(start), "endsAt": date(end), "capacity": seats,
                "taken": i32::try_from(seated.len()).unwrap(), "waiting": i32::try_from(waiting.len()).unwrap(),
                "status": "SCHEDULED", "opensAt": Bson::Null, "closesAt": date(start),
                "cancellationClosesAt": date(start), "version": 1, "changeToken": random(),
                "exception": Bson::Null, "nextWaitlistSequence": i64::try_from(waiting.len()).unwrap() + 1,
            });
            busy.push(doc! { "startsAt": date(start), "endsAt": date(end), "occurrence": &id });
            let places = seated.iter().map(|member| (member, None));
            let places =
                places.chain(waiting.iter().zip(1_i64..).map(|(member, place)| (member, Some(place))));
            for (member, sequence) in places {
                let registration = RegistrationId::from_uuid(fresh_uuid()).to_string();
                let mut document = doc! {
                    "_id": &registration, "organization": &organization, "occurrence": &id,
                    "event": event.id.to_string(), "member": member.to_string(),
                    "startsAt": date(start), "endsAt": date(end), "status": "CONFIRMED", "active": true,
                    "createdAt": now, "updatedAt": now,
                };
                let mut action = "registration.created";
                if let Some(sequence) = sequence {
                    document.extend(doc! { "status": "WAITLISTED", "waitlistSequence": sequence });
                    action = "registration.waitlisted";
                }
                registrations.push(document);
                entries.push(doc! {
                    "_id": ActivityId::from_uuid(fresh_uuid()).to_string(), "organization": &organization,
                    "at": now, "actor": member.to_string(), "action": action, "subject": registration,
                    "changes": Bson::Array(Vec::new()),
                });
            }
        }
        for (collection, documents) in
            [("occurrences", occurrences), ("registrations", registrations), ("activity", entries)]
        {
            self.store(collection, &documents).await;
        }
        let ids: Vec<String> = seated.iter().map(ToString::to_string).collect();
        let agendas = self.database.collection("agendas");
        agendas.update_many(doc! { "_id": { "$in": ids } }, doc! { "$set": { "busy": busy } }).await.unwrap();
    }

    async fn store(&self, collection: &str, documents: &[Document]) {
        for chunk in documents.chunks(10_000) {
            self.database.collection(collection).insert_many(chunk).await.unwrap();
        }
    }
}

/// The starts of the first occurrences of a daily event.
pub(crate) fn days(event: &Event, count: i64) -> Vec<Instant> {
    (0..count).map(|day| event.series.first_start() + Duration::days(day)).collect()
}

/// Consecutive times of an agenda, of ten minutes each.
pub(crate) fn times_of_agenda(from: bson::DateTime, count: i64) -> Vec<Document> {
    let at = |minutes: i64| bson::DateTime::from_millis(from.timestamp_millis() + minutes * 60_000);
    let occurrence = format!("evt_{:032x}_20310101T000000Z", 1);
    (0..count)
        .map(|number| doc! { "startsAt": at(10 * number), "endsAt": at(10 * number + 10), "occurrence": &occurrence })
        .collect()
}

fn random() -> i64 {
    let (high, _) = fresh_uuid().as_u64_pair();
    let (_, low) = fresh_uuid().as_u64_pair();
    (high ^ low).cast_signed()
}

fn local_text(local: LocalDateTime) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    local.format(&format).unwrap()
}
