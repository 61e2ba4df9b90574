use convene_application::{
    caller::TenantScope,
    change::Change,
    failure::{Outcome, Refusal},
};
use convene_domain::member::{Member, Role};
use futures::FutureExt;

use super::log;
use crate::{
    database::Database,
    documents::{agenda::AgendaDocument, member::MemberDocument},
    error::{Attempt, Interruption},
    schema::{self, UNIQUE_MEMBERSHIP},
    transaction::Transaction,
};

/// Stores a new member.
pub(super) async fn add(
    database: &Database,
    scope: &TenantScope,
    member: &Member,
    change: &Change,
) -> Outcome<Member> {
    database
        .change(scope, change, "addMember", |transaction| {
            async move {
                if member.role == Role::Admin {
                    super::update::count_admins(transaction, 1).await?;
                }
                store(transaction, member, change).await?;
                Ok(member.clone())
            }
            .boxed()
        })
        .await
}

/// Stores a member that is counted already, with an empty agenda.
pub(crate) async fn store(
    transaction: &mut Transaction<'_>,
    member: &Member,
    change: &Change,
) -> Attempt<()> {
    let inserted = transaction.collection(&schema::MEMBERS).insert(&MemberDocument::from(member)).await;
    inserted.map_err(|error| match error {
        error if error.is_duplicate(Some(UNIQUE_MEMBERSHIP)) => {
            Refusal::AlreadyExists { field: "userId".into() }.into()
        }
        error => Interruption::from(error),
    })?;
    // The agenda is born with the member, so that no registration ever has to make one.
    let agenda = AgendaDocument::empty(transaction.scope().organization(), member.id);
    transaction.collection(&schema::AGENDAS).insert(&agenda).await?;
    transaction.log(change, log::added(member));
    Ok(())
}
