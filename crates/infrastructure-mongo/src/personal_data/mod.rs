//! The personal data port.

mod collect;
mod erase;

use async_trait::async_trait;
use bson::{Bson, Document};
use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Fault, Outcome},
    ports::{Erased, PersonalData, PersonalRecord},
};
use convene_domain::text::UserId;

use crate::{database::Database, documents::idempotency::keys_between};

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

/// The idempotency keys of the user.
fn keys_of(scope: &TenantScope, user: &UserId) -> Document {
    let organization = scope.organization().to_string();
    let actor = || Bson::from(user.as_str());
    keys_between(&organization, (actor(), Bson::MinKey), (actor(), Bson::MaxKey))
}
