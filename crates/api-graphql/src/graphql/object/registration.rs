use std::sync::Arc;

use convene_domain::registration;
use juniper::{ID, graphql_object};

use super::{Immediate, Member, NodeValue, Occurrence, mirror::mirror_enum, numbers::int};
use crate::graphql::{context::Context, errors::FieldProblem, scalars::DateTime};

mirror_enum! {
    /// The status of a registration.
    RegistrationStatus = registration::RegistrationStatusKind {
        /// The member has a seat.
        Confirmed,
        /// The member waits for a seat.
        Waitlisted,
        /// The registration was cancelled.
        Cancelled,
    }
}

mirror_enum! {
    /// The reason of a cancellation.
    CancellationReason = registration::CancellationReason {
        /// The member cancelled.
        ByMember,
        /// An ADMIN cancelled for the member.
        ByAdmin,
        /// The occurrence, or its event, was cancelled.
        OccurrenceCancelled,
        /// An edit dropped the occurrence, or moved it to a time at which the member holds another seat.
        OccurrenceMoved,
        /// The member was removed from the organization.
        MemberRemoved,
    }
}

/// A member's entry for one occurrence: confirmed, waitlisted or cancelled.
#[derive(Clone, Debug)]
pub struct Registration(Arc<registration::Registration>);

impl From<registration::Registration> for Registration {
    fn from(registration: registration::Registration) -> Self {
        Self(Arc::new(registration))
    }
}

impl From<Arc<registration::Registration>> for Registration {
    fn from(registration: Arc<registration::Registration>) -> Self {
        Self(registration)
    }
}

/// A member's entry for one occurrence: confirmed, waitlisted or cancelled.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Registration {
    /// The id, which never changes.
    fn id(&self) -> ID {
        ID::from(self.0.id.to_string())
    }

    /// The occurrence. A cancelled registration may show it as it was recorded.
    async fn occurrence(&self, context: &Context) -> Result<Immediate<Occurrence>, FieldProblem> {
        Occurrence::of(context, &self.0).await.map(Into::into)
    }

    /// The member who is registered.
    async fn member(&self, context: &Context) -> Result<Member, FieldProblem> {
        Member::named(context, self.0.member).await
    }

    /// The status: confirmed, waitlisted or cancelled.
    fn status(&self) -> RegistrationStatus {
        self.0.status.kind().into()
    }

    /// The start of the occurrence; for a cancelled registration, as it was recorded.
    fn starts_at(&self) -> DateTime {
        self.0.interval.start().into()
    }

    /// The end of the occurrence; for a cancelled registration, as it was recorded.
    fn ends_at(&self) -> DateTime {
        self.0.interval.end().into()
    }

    /// The position on the waitlist: 1 is next. Null unless WAITLISTED.
    async fn waitlist_position(&self, context: &Context) -> Result<Option<i32>, FieldProblem> {
        if self.0.status.waitlist_sequence().is_none() {
            return Ok(None);
        }
        Ok(context.loaders()?.waitlist_position(self.0.id).await?.map(int))
    }

    /// The time at which the registration was made.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// The time of the last change: when the registration was made, promoted, cancelled, or followed its occurrence to
    /// another time.
    fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// The time of the cancellation. Null unless CANCELLED.
    fn cancelled_at(&self) -> Option<DateTime> {
        self.0.status.cancelled_at().map(Into::into)
    }

    /// The reason of the cancellation. Null unless CANCELLED.
    fn cancellation_reason(&self) -> Option<CancellationReason> {
        self.0.status.cancellation_reason().map(Into::into)
    }
}
