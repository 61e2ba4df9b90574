use std::sync::Arc;

use convene_domain::activity::Actor;
use uuid::Uuid;

use crate::{
    caller::{Caller, Operator},
    change::{Change, RequestMetadata},
    ports::{Clock, Ids},
};

/// Makes the contexts of mutations, and the ids of the objects that they create.
#[derive(Clone)]
pub(crate) struct ContextFactory {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
}

impl ContextFactory {
    /// Makes the context of a member's request.
    pub(crate) fn for_member(&self, caller: &Caller, request: RequestMetadata) -> Change {
        self.by(Actor::User(caller.user().clone()), request)
    }

    /// Makes the context of a request by the operator.
    pub(crate) fn for_operator(&self, operator: &Operator, request: RequestMetadata) -> Change {
        self.by(operator.actor().clone(), request)
    }

    /// Makes an id of any type by its `from_uuid`.
    pub(crate) fn new_id<T>(&self, from_uuid: impl FnOnce(Uuid) -> T) -> T {
        from_uuid(self.ids.next())
    }

    fn by(&self, actor: Actor, request: RequestMetadata) -> Change {
        request.into_change(actor, self.clock.now())
    }
}
