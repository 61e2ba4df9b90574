//! One insert per call: the lower bound for the cost of a registration.

use anyhow::bail;
use bson::Document;
use futures::TryStreamExt;
use mongodb::Collection;

use super::documents::{new_registration_id, registration};
use crate::{
    caller::{Caller, Decision, Seat},
    fixture::{Fixture, TestData},
};

/// Inserts the document of a registration and enforces no rule.
pub(crate) struct InsertCaller(Collection<Document>);

impl InsertCaller {
    /// Creates callers on a collection that is indexed by `_id` only, or like `registrations`.
    pub(crate) async fn several(fixture: &Fixture, count: usize, indexed: bool) -> anyhow::Result<Vec<Self>> {
        let collection = fixture.bare.collection(if indexed { "inserts_indexed" } else { "inserts" });
        if indexed {
            let indexes: Vec<_> =
                fixture.bare.collection("registrations").list_indexes().await?.try_collect().await?;
            let own = indexes.into_iter().filter(|index| !index.keys.contains_key("_id"));
            collection.create_indexes(own).await?;
        }
        Ok(std::iter::repeat_with(|| Self(collection.clone())).take(count).collect())
    }
}

impl Caller for InsertCaller {
    async fn register(&mut self, data: &TestData, seat: Seat) -> anyhow::Result<Decision> {
        let id = new_registration_id();
        self.0.insert_one(registration(data, seat, &id)).await?;
        Ok(Decision::Registered(id))
    }

    async fn cancel(&mut self, _: &TestData, _: Seat, _: &str) -> anyhow::Result<()> {
        bail!("an insert cannot be cancelled")
    }
}
