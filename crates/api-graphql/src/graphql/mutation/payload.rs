use convene_application::failure::{Failure, Outcome};

use crate::graphql::{
    context::Context,
    errors::{FieldProblem, UserErrorValue, user_error},
};

/// The answer of a mutation.
pub(in crate::graphql) trait Payload {
    /// The answer of one that the rules refuse.
    fn refused(user_errors: Vec<UserErrorValue>) -> Self;
}

/// What a mutation, or what may be refused like one, answers with.
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
            context.note_denied(&refusals);
            Ok(P::refused(refusals.into_iter().map(user_error).collect()))
        }
        Err(fault) => Err(context.problem(fault)),
    }
}

/// Runs a mutation and makes its answer; what the answer shows is read as the mutation left it.
///
/// # Errors
/// A fault, which is logged here.
pub(super) async fn run<P: Payload>(
    context: &Context,
    mutation: impl Future<Output = Outcome<P>> + Send,
) -> Result<P, FieldProblem> {
    let outcome = mutation.await;
    context.forget_loaded();
    settle(context, outcome)
}

/// A payload: what the mutation is about, and `userErrors`.
macro_rules! payload {
    ($(#[$docs:meta])* $name:ident { $($(#[$field_docs:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$docs])*
        #[derive(Default, juniper::GraphQLObject)]
        #[graphql(context = crate::graphql::context::Context)]
        pub struct $name {
            $($(#[$field_docs])* $field: $type,)*
            /// Why it was refused; empty if it was done.
            user_errors: Vec<crate::graphql::errors::UserErrorValue>,
        }

        impl crate::graphql::mutation::Payload for $name {
            fn refused(user_errors: Vec<crate::graphql::errors::UserErrorValue>) -> Self {
                Self { user_errors, ..Self::default() }
            }
        }
    };
}

pub(super) use payload;
