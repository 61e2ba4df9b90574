use std::process::ExitCode;

use convene_api_graphql::personal_data::to_json;

use super::personal_data::{PersonArguments, explained, with_commands};

/// The arguments of `convene export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    person: PersonArguments,
}

/// Prints the data of the person.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let person = arguments.person.person();
    let export = with_commands(async |commands, operator| {
        commands.export.execute(operator, &person).await.map_err(explained)
    })?;
    let json = serde_json::to_string_pretty(&to_json(arguments.person.user(), &export))?;
    super::print(&format!("{json}\n"))
}
