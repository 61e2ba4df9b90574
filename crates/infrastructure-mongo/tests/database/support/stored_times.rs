use async_trait::async_trait;
use bson::{Bson, DateTime, Document, doc};
use convene_application::{caller::TenantScope, testing::contract::FormerClocks};
use convene_domain::occurrence::OccurrenceKey;
use mongodb::{Collection, Database};
use time::Duration;

/// The times in a database, which an earlier time-zone database has given.
pub(crate) struct StoredTimes(pub(crate) Database);

impl StoredTimes {
    fn collection(&self, name: &str) -> Collection<Document> {
        #[expect(clippy::disallowed_methods, reason = "tests bypass the scoped collections")]
        self.0.collection(name)
    }

    /// See [`FormerClocks::set`].
    pub(crate) async fn outdate(&self, occurrence: OccurrenceKey, by: Duration) -> OccurrenceKey {
        let former = OccurrenceKey { original_start: occurrence.original_start + by, ..occurrence };
        let (id, former_id) = (occurrence.to_string(), former.to_string());
        let milliseconds = i64::try_from(by.whole_milliseconds()).unwrap();
        let occurrences = self.collection("occurrences");
        let mut stored = occurrences.find_one(doc! { "_id": &id }).await.unwrap().unwrap();
        stored.insert("_id", &former_id);
        for field in ["originalStart", "startsAt", "endsAt", "opensAt", "closesAt", "cancellationClosesAt"] {
            if let Some(Bson::DateTime(time)) = stored.get_mut(field) {
                *time = DateTime::from_millis(time.timestamp_millis() + milliseconds);
            }
        }
        occurrences.delete_one(doc! { "_id": &id }).await.unwrap();
        occurrences.insert_one(stored).await.unwrap();
        let moved = |field: &str| doc! { "$add": [format!("${field}"), milliseconds] };
        let set = doc! { "occurrence": &former_id, "startsAt": moved("startsAt"), "endsAt": moved("endsAt") };
        let registrations = self.collection("registrations");
        registrations.update_many(doc! { "occurrence": &id }, vec![doc! { "$set": set }]).await.unwrap();
        let is_meant = doc! { "$eq": ["$$this.occurrence", &id] };
        let entry = doc! {
            "occurrence": &former_id, "startsAt": moved("$this.startsAt"), "endsAt": moved("$this.endsAt"),
        };
        let merged = doc! { "$mergeObjects": ["$$this", entry] };
        let one = doc! { "$cond": [is_meant, merged, "$$this"] };
        let busy = doc! { "$map": { "input": "$busy", "in": one } };
        let sorted = doc! { "$sortArray": { "input": busy, "sortBy": { "startsAt": 1 } } };
        let agendas = self.collection("agendas");
        let theirs = doc! { "busy.occurrence": &id };
        agendas.update_many(theirs, vec![doc! { "$set": { "busy": sorted } }]).await.unwrap();
        former
    }
}

#[async_trait]
impl FormerClocks for StoredTimes {
    async fn set(&self, _: &TenantScope, occurrence: OccurrenceKey, by: Duration) {
        self.outdate(occurrence, by).await;
    }
}
