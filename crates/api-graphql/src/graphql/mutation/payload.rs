use convene_application::failure::{Failure, Outcome};
use juniper::ID;

use crate::graphql::{
    context::Context,
    errors::{FieldProblem, UserErrorValue, user_errors},
};

/// The payload of a mutation.
pub(in crate::graphql) trait Payload {
    /// The payload of a refused mutation.
    fn refused(user_errors: Vec<UserErrorValue>) -> Self;

    /// The id of the object that the mutation has changed.
    fn changed_id(&self) -> Option<ID> {
        None
    }
}

/// The payload for the outcome of a mutation, or of a query that can be refused like one.
///
/// # Errors
/// A fault, which is logged here.
pub(in crate::graphql) fn settle<P: Payload>(
    context: &Context,
    outcome: Outcome<P>,
) -> Result<P, FieldProblem> {
    match outcome {
        Ok(payload) => Ok(payload),
        Err(Failure::Refused(refusals)) => {
            context.note_refused(&refusals);
            Ok(P::refused(user_errors(context.listed(refusals))))
        }
        Err(fault) => Err(context.problem(fault)),
    }
}

/// Runs a mutation and returns its payload. The objects of the payload are read after the mutation.
///
/// # Errors
/// A fault, which is logged here.
pub(super) async fn run<P: Payload>(
    context: &Context,
    mutation: impl Future<Output = Outcome<P>> + Send,
) -> Result<P, FieldProblem> {
    context.begin_mutation();
    let outcome = mutation.await;
    context.forget_loaded();
    let has_succeeded = outcome.is_ok();
    let settled = settle(context, outcome);
    context.begin_payload(has_succeeded);
    if has_succeeded {
        context.note_made(settled.as_ref().ok().and_then(Payload::changed_id));
    }
    settled
}

/// Defines a payload: the changed object or its id, more fields, and `userErrors`.
macro_rules! payload {
    ($(#[$docs:meta])* $name:ident {
        $(#[$object_docs:meta])* $object:ident: $object_type:ty,
        $($(#[$field_docs:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$docs])*
        #[derive(Default, juniper::GraphQLObject)]
        #[graphql(context = crate::graphql::context::Context)]
        pub struct $name {
            $(#[$object_docs])* $object: $object_type,
            $($(#[$field_docs])* $field: $type,)*
            /// The reasons of a refusal; empty if the mutation was executed.
            user_errors: Vec<crate::graphql::errors::UserErrorValue>,
        }

        impl crate::graphql::mutation::Payload for $name {
            fn refused(user_errors: Vec<crate::graphql::errors::UserErrorValue>) -> Self {
                Self { user_errors, ..Self::default() }
            }

            fn changed_id(&self) -> Option<juniper::ID> {
                self.$object.as_ref().map(crate::graphql::object::Changed::changed_id)
            }
        }
    };
}

pub(super) use payload;
