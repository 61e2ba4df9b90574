//! The personal data port.

mod collect;
mod erase;

use async_trait::async_trait;
use bson::{Bson, Document, doc};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    ports::{Erased, PersonalData, PersonalRecord},
};
use convene_domain::text::UserId;

use crate::database::Database;

/// The personal data in MongoDB.
#[derive(Clone)]
pub(crate) struct MongoPersonalData(pub(crate) Database);

#[async_trait]
impl PersonalData for MongoPersonalData {
    async fn collect(&self, scope: &TenantScope, user: &UserId) -> Result<PersonalRecord, Fault> {
        collect::collect(&self.0, scope, user).await
    }

    async fn may_erase(&self, scope: &TenantScope) -> Outcome<bool> {
        erase::may_erase(&self.0, scope).await
    }

    async fn erase(&self, scope: &TenantScope, user: &UserId, change: &Change) -> Outcome<Erased> {
        erase::erase(&self.0, scope, user, change).await
    }
}

/// The idempotency keys of the user: a range of whole ids, so that the index on ids can be used.
fn keys_of(scope: &TenantScope, user: &UserId) -> Document {
    let organization = scope.organization().to_string();
    let id = |key: Bson| doc! { "organization": &organization, "actor": user.as_str(), "key": key };
    doc! { "_id": { "$gt": id(Bson::MinKey), "$lt": id(Bson::MaxKey) } }
}
