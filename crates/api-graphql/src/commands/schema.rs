use std::process::ExitCode;

use convene_api_graphql::graphql::schema;

/// Prints the schema as `docs/schema.graphql` has it.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    super::say(&schema::sdl())
}
