use convene_application::{
    failure::Field,
    limits, period, ports,
    registration::{RegisterCommand, RegistrationTarget},
};
use convene_domain::{
    id::{EventId, MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    time::Instant,
};
use juniper::{GraphQLInputObject, ID};

use super::{MutationInput, idempotency_key};
use crate::graphql::{lists, object::RegistrationStatus, problems::Problems, scalars::DateTime};

/// A filter of registrations. A field that is left out does not restrict.
#[derive(Clone, Debug, Default, GraphQLInputObject, garde::Validate)]
#[garde(allow_unvalidated)]
pub struct RegistrationFilter {
    /// Registrations with one of these statuses; at most 100.
    #[garde(adapt(lists), length(max = limits::FILTER_VALUES))]
    pub status: Option<Vec<RegistrationStatus>>,
    /// Registrations for occurrences that end after this time.
    pub from: Option<DateTime>,
    /// Registrations for occurrences that begin before this time.
    pub to: Option<DateTime>,
    /// Registrations for this occurrence.
    pub occurrence_id: Option<ID>,
    /// Registrations for occurrences of this event.
    pub event_id: Option<ID>,
    /// Registrations of this member.
    pub member_id: Option<ID>,
}

impl RegistrationFilter {
    /// Returns the filter, or notes every problem.
    pub(crate) fn check(&self, problems: &mut Problems) -> Option<ports::RegistrationFilter> {
        let shape = problems.check_shape(None, self);
        let window = check_window(problems, self.from.as_ref(), self.to.as_ref());
        let occurrence = problems
            .check_optional(Field::OccurrenceId, self.occurrence_id.as_ref(), |id| OccurrenceKey::parse(id));
        let event = problems.check_optional(Field::EventId, self.event_id.as_ref(), |id| EventId::parse(id));
        let member =
            problems.check_optional(Field::MemberId, self.member_id.as_ref(), |id| MemberId::parse(id));
        shape?;
        let (from, to) = window?;
        Some(ports::RegistrationFilter {
            statuses: self.status.as_ref().map(|list| list.iter().copied().map(Into::into).collect()),
            from,
            to,
            occurrence: occurrence?,
            event: event?,
            member: member?,
        })
    }
}

/// Reads the bounds of a window, each of which may be left out.
pub(super) fn check_window(
    problems: &mut Problems,
    from: Option<&DateTime>,
    to: Option<&DateTime>,
) -> Option<(Option<Instant>, Option<Instant>)> {
    let from = problems.check_optional(Field::From, from, DateTime::parse);
    let to = problems.check_optional(Field::To, to, DateTime::parse);
    let (from, to) = (from?, to?);
    problems.check(Field::To, period::check(from, to))?;
    Some((from, to))
}

macro_rules! register_input {
    ($(#[$docs:meta])* $name:ident { $(#[$id_docs:meta])* $id:ident: $id_field:expr, $target:expr }) => {
        $(#[$docs])*
        #[derive(Clone, Debug, GraphQLInputObject)]
        pub struct $name {
            $(#[$id_docs])*
            pub $id: ID,
            /// The member to register: the caller, unless an ADMIN acts for another member.
            pub member_id: Option<ID>,
            /// True to join the waitlist of a full occurrence, instead of being refused; false if left out.
            #[graphql(default = Some(false))]
            pub join_waitlist: Option<bool>,
            /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
            pub idempotency_key: Option<String>,
        }

        impl MutationInput for $name {
            type Command = RegisterCommand;

            idempotency_key!();

            fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
                let target = problems.check($id_field, $target(&self.$id));
                let member = problems.check_optional(Field::MemberId, self.member_id.as_ref(), |id| MemberId::parse(id));
                let join_waitlist = problems.with_default(Field::JoinWaitlist, self.join_waitlist);
                Some(RegisterCommand { target: target?, member: member?, join_waitlist: join_waitlist? })
            }
        }
    };
}

register_input!(
    /// A registration for an occurrence.
    RegisterForOccurrenceInput {
        /// The occurrence.
        occurrence_id: Field::OccurrenceId,
        |id: &str| OccurrenceKey::parse(id).map(RegistrationTarget::Occurrence)
    }
);
register_input!(
    /// A registration for a one-off event.
    RegisterForEventInput {
        /// The event. A recurring event is refused: the input must name one of its occurrences.
        event_id: Field::EventId,
        |id: &str| EventId::parse(id).map(RegistrationTarget::Event)
    }
);

/// A cancellation of a registration.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct CancelRegistrationInput {
    /// The registration.
    pub registration_id: ID,
    /// The caller's key for this mutation, at most 255 characters. A repeat within 24 hours has the same result.
    pub idempotency_key: Option<String>,
}

impl MutationInput for CancelRegistrationInput {
    type Command = RegistrationId;

    idempotency_key!();

    fn check(&self, problems: &mut Problems) -> Option<Self::Command> {
        problems.check(Field::RegistrationId, RegistrationId::parse(&self.registration_id))
    }
}
