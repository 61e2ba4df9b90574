//! One insert per call: what no way to register can be cheaper than.

use anyhow::bail;
use bson::Document;
use futures::TryStreamExt;
use mongodb::Collection;

use super::documents::{fresh_id, registration};
use crate::{
    contender::{Contender, Seat, Verdict},
    stage::{Cast, Stage},
};

/// Inserts a registration's document, and nothing else: no rule is kept.
pub(crate) struct InsertCaller(Collection<Document>);

impl InsertCaller {
    /// So many callers, on a collection with no index but the one on `_id`, or with those that registrations have.
    pub(crate) async fn several(stage: &Stage, count: usize, indexed: bool) -> anyhow::Result<Vec<Self>> {
        let collection = stage.bare.collection(if indexed { "inserts_indexed" } else { "inserts" });
        if indexed {
            let indexes: Vec<_> =
                stage.bare.collection("registrations").list_indexes().await?.try_collect().await?;
            let own = indexes.into_iter().filter(|index| !index.keys.contains_key("_id"));
            collection.create_indexes(own).await?;
        }
        Ok(std::iter::repeat_with(|| Self(collection.clone())).take(count).collect())
    }
}

impl Contender for InsertCaller {
    async fn register(&mut self, cast: &Cast, seat: Seat) -> anyhow::Result<Verdict> {
        let id = fresh_id();
        self.0.insert_one(registration(cast, seat, &id)).await?;
        Ok(Verdict::Registered(id))
    }

    async fn cancel(&mut self, _: &Cast, _: Seat, _: &str) -> anyhow::Result<()> {
        bail!("an insert can't be taken back by another one")
    }
}
