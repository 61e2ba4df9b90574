//! Common parts of the commands for personal data.

use convene_api_graphql::{
    config::{DatabaseConfig, Environment},
    wiring::PersonalDataCommands,
};
use convene_application::{caller::Operator, personal_data::Person, ports::OrganizationReference};
use convene_domain::text::UserId;

/// The person whose data a command processes.
#[derive(Debug, clap::Args)]
pub(super) struct PersonArguments {
    /// Slug or id of the organization
    #[arg(long, value_name = "SLUG", value_parser = organization)]
    org: OrganizationReference,
    /// The person's user id: the subject of their credentials
    #[arg(long, value_name = "ID", value_parser = user)]
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

fn organization(text: &str) -> Result<OrganizationReference, String> {
    OrganizationReference::parse(text).ok_or_else(|| String::from("is neither a slug nor an id"))
}

fn user(text: &str) -> Result<UserId, String> {
    UserId::parse(text).map_err(|problem| problem.to_string())
}

/// Connects to the database and runs the work as the local operator.
pub(super) fn with_commands<T>(
    work: impl AsyncFnOnce(&PersonalDataCommands, &Operator) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let config = DatabaseConfig::read(&Environment::of_process())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let commands = PersonalDataCommands::open(&config).await?;
        work(&commands, &commands.operator.operator()).await
    })
}
