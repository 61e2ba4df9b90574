//! The stored documents of the organization that is edited.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use anyhow::Context;
use bson::{RawDocumentBuf, doc};
use convene_stress::{Population, Storage};
use futures::TryStreamExt;

/// A hash of each document, by its collection and id.
pub(crate) type Documents = HashMap<(String, String), u64>;

pub(crate) async fn of_population(storage: &Storage) -> anyhow::Result<Documents> {
    let organization =
        storage.collection("organizations").find_one(doc! { "slug": Population::SLUG }).await?;
    let organization = organization.context("there is no organization")?.get_str("_id")?.to_owned();
    let of_organization = doc! { "$or": [{ "organization": &organization }, { "_id": &organization }] };
    let mut documents = Documents::new();
    for name in storage.collection_names().await? {
        let collection = storage.collection(&name).clone_with_type::<RawDocumentBuf>();
        let mut found = collection.find(of_organization.clone()).await?;
        while let Some(document) = found.try_next().await? {
            let mut hasher = DefaultHasher::new();
            document.as_bytes().hash(&mut hasher);
            let id = document.get("_id")?.context("a document has no id")?;
            documents.insert((name.clone(), format!("{id:?}")), hasher.finish());
        }
    }
    Ok(documents)
}

/// The number of documents that are new, different or deleted.
pub(crate) fn changed(before: &Documents, after: &Documents) -> usize {
    let written = after.iter().filter(|(key, hash)| before.get(key) != Some(hash)).count();
    written + before.keys().filter(|key| !after.contains_key(key)).count()
}
