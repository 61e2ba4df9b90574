use std::process::ExitCode;

use convene_api_graphql::personal_data::to_json;

use super::personal_data::{Whose, with_commands};

/// Whose data to print.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    whose: Whose,
}

/// Prints what is held about the person.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let person = arguments.whose.person();
    let export =
        with_commands(async |commands, operator| Ok(commands.export.execute(operator, &person).await?))?;
    let json = serde_json::to_string_pretty(&to_json(arguments.whose.user(), &export))?;
    super::say(&format!("{json}\n"))
}
