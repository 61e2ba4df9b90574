use std::{borrow::Borrow, collections::HashMap, sync::Arc};

use convene_application::page::BoundedPage;
use convene_domain::registration;
use juniper::{ExecutionResult, Executor, ID, IntoFieldError, ScalarValue, graphql_object};

use super::{
    Immediate, Member, NodeValue, Occurrence, immediate::Prefetched, mirror::mirror_enum, numbers::int,
};
use crate::graphql::{
    context::Context, errors::FieldProblem, look_ahead::OCCURRENCE_FIELD, scalars::DateTime,
};

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

/// The participation of a member in one occurrence: confirmed, waitlisted or cancelled.
#[derive(Clone, Debug)]
pub struct Registration {
    of: Arc<registration::Registration>,
    /// The occurrence, if it has been read together with the registration.
    occurrence: Option<Result<Immediate<Occurrence>, FieldProblem>>,
}

impl From<registration::Registration> for Registration {
    fn from(registration: registration::Registration) -> Self {
        Arc::new(registration).into()
    }
}

impl From<Arc<registration::Registration>> for Registration {
    fn from(of: Arc<registration::Registration>) -> Self {
        Self { of, occurrence: None }
    }
}

impl Borrow<registration::Registration> for Registration {
    fn borrow(&self) -> &registration::Registration {
        &self.of
    }
}

impl Registration {
    /// The registrations of a page. If the operation shows their occurrences, these are read together.
    pub(in crate::graphql) async fn listed<K>(
        context: &Context,
        page: BoundedPage<registration::Registration, K>,
    ) -> Result<BoundedPage<Self, K>, FieldProblem> {
        if !context.look_ahead().occurrence || page.items.is_empty() {
            return Ok(page.map(Self::from));
        }
        let keys: Vec<_> = page.items.iter().map(|registration| registration.occurrence).collect();
        let read = &context.use_cases().get_occurrences;
        let found = context.found(read.execute(context.caller()?, &keys, context.look_ahead().seats).await);
        let occurrences = found.map(|found| {
            let occurrences = found.into_iter().map(|(key, it)| (key, Immediate::from(Occurrence::from(it))));
            occurrences.collect::<HashMap<_, _>>()
        });
        let with_occurrence = |registration: registration::Registration| {
            let occurrence = match &occurrences {
                Ok(occurrences) => occurrences.get(&registration.occurrence).cloned().map(Ok),
                Err(problem) => Some(Err(problem.clone())),
            };
            Self { of: Arc::new(registration), occurrence }
        };
        Ok(page.map(with_occurrence))
    }
}

impl<S: ScalarValue> Prefetched<S> for Registration {
    fn resolve_prefetched(
        &self,
        field: &str,
        executor: &Executor<'_, '_, Context, S>,
    ) -> Option<ExecutionResult<S>> {
        let occurrence = self.occurrence.as_ref().filter(|_| field == OCCURRENCE_FIELD)?;
        Some(match occurrence {
            Ok(occurrence) => executor.resolve_with_ctx(&(), occurrence),
            Err(problem) => Err(problem.clone().into_field_error()),
        })
    }

    fn has(&self, field: &str) -> bool {
        field == OCCURRENCE_FIELD && self.occurrence.is_some()
    }
}

/// The participation of a member in one occurrence: confirmed, waitlisted or cancelled.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Registration {
    /// The id, which never changes.
    pub(super) fn id(&self) -> ID {
        ID::from(self.of.id.to_string())
    }

    /// The occurrence. A cancelled registration may show it as it was recorded.
    async fn occurrence(&self, context: &Context) -> Result<Immediate<Occurrence>, FieldProblem> {
        match &self.occurrence {
            Some(occurrence) => occurrence.clone(),
            None => Occurrence::of(context, &self.of).await.map(Into::into),
        }
    }

    /// The member who is registered.
    async fn member(&self, context: &Context) -> Result<Member, FieldProblem> {
        Member::named(context, self.of.member).await
    }

    /// The status: confirmed, waitlisted or cancelled.
    fn status(&self) -> RegistrationStatus {
        self.of.status.kind().into()
    }

    /// The start of the occurrence; for a cancelled registration, as it was recorded.
    fn starts_at(&self) -> DateTime {
        self.of.interval.start().into()
    }

    /// The end of the occurrence; for a cancelled registration, as it was recorded.
    fn ends_at(&self) -> DateTime {
        self.of.interval.end().into()
    }

    /// The position on the waitlist: 1 is next. Null unless WAITLISTED.
    async fn waitlist_position(&self, context: &Context) -> Result<Option<i32>, FieldProblem> {
        if self.of.status.waitlist_sequence().is_none() {
            return Ok(None);
        }
        Ok(context.loaders()?.waitlist_position(self.of.id).await?.map(int))
    }

    /// The time at which the registration was made.
    fn created_at(&self) -> DateTime {
        self.of.created_at.into()
    }

    /// The time of the last change: when the registration was made, promoted, cancelled, or followed its occurrence to
    /// another time.
    fn updated_at(&self) -> DateTime {
        self.of.updated_at.into()
    }

    /// The time of the cancellation. Null unless CANCELLED.
    fn cancelled_at(&self) -> Option<DateTime> {
        self.of.status.cancelled_at().map(Into::into)
    }

    /// The reason of the cancellation. Null unless CANCELLED.
    fn cancellation_reason(&self) -> Option<CancellationReason> {
        self.of.status.cancellation_reason().map(Into::into)
    }

    /// True if the registration was cancelled while the member waited for a seat.
    fn was_waitlisted(&self) -> bool {
        self.of.status.was_waitlisted()
    }
}
