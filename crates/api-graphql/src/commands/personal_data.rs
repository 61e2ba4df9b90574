//! Common parts of the commands for personal data.

use convene_api_graphql::{config::DatabaseConfig, wiring::PersonalDataCommands};
use convene_application::{
    caller::Operator,
    failure::{Failure, Field, Refusal},
    personal_data::Person,
    ports::OrganizationReference,
};
use convene_domain::text::UserId;

use super::arguments;

/// The person whose data a command processes.
#[derive(Debug, clap::Args)]
pub(super) struct PersonArguments {
    /// Slug or id of the organization
    #[arg(long, value_name = "SLUG", value_parser = arguments::organization)]
    org: OrganizationReference,
    /// The person's user id: the subject of their credentials
    #[arg(long, value_name = "ID", value_parser = arguments::user)]
    user: UserId,
}

impl PersonArguments {
    pub(super) fn person(&self) -> Person {
        Person { organization: self.org.clone(), user: self.user.clone() }
    }

    pub(super) fn user(&self) -> &UserId {
        &self.user
    }
}

/// Connects to the database and runs the work as the local operator.
pub(super) fn with_commands<T>(
    work: impl AsyncFnOnce(&PersonalDataCommands, &Operator) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let config = DatabaseConfig::read(&super::environment())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let commands = PersonalDataCommands::open(&config).await?;
        let done = work(&commands, &commands.operator.operator()).await;
        commands.close().await;
        done
    })
}

/// The error for a failure. The id of an erased person is stored nowhere, so it cannot be told from a wrong one.
pub(super) fn explained(failure: Failure) -> anyhow::Error {
    let is_unknown =
        |refusal: &Refusal| matches!(refusal, Refusal::NotFound { field } if field.is(Field::User));
    let is_unknown_organization =
        |refusal: &Refusal| matches!(refusal, Refusal::NotFound { field } if field.is(Field::Org));
    match &failure {
        Failure::Refused(refusals) if refusals.iter().any(is_unknown_organization) => {
            anyhow::anyhow!("no organization has this id or slug")
        }
        Failure::Refused(refusals) if refusals.iter().any(is_unknown) => anyhow::anyhow!(
            "nothing is stored about this user in the organization: the id is wrong, or the person was erased"
        ),
        Failure::Refused(_) | Failure::Fault(_) => failure.into(),
    }
}
