//! What every mutation needs of the clock and the ids.

use std::sync::Arc;

use convene_domain::{activity::Actor, text::UserId};
use uuid::Uuid;

use crate::{
    caller::{Caller, Operator},
    change::{Change, RequestMetadata},
    ports::{Clock, Ids},
};

/// Makes the changes of mutations and the ids of what they create.
#[derive(Clone)]
pub(crate) struct Stamp {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
}

impl Stamp {
    /// The change that a member's request makes now.
    pub(crate) fn change(&self, caller: &Caller, request: RequestMetadata) -> Change {
        self.change_by(caller.user(), request)
    }

    /// The change that the operator's request makes now.
    pub(crate) fn operator_change(&self, operator: &Operator, request: RequestMetadata) -> Change {
        self.change_by(operator.user(), request)
    }

    /// A new id of any type, made by its `from_uuid`.
    pub(crate) fn fresh<T>(&self, from_uuid: impl FnOnce(Uuid) -> T) -> T {
        from_uuid(self.ids.next())
    }

    fn change_by(&self, user: &UserId, request: RequestMetadata) -> Change {
        request.into_change(Actor::User(user.clone()), self.clock.now())
    }
}
