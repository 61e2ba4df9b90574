use std::process::ExitCode;

use convene_api_graphql::graphql::schema;

/// Prints the schema in the format of `docs/schema.graphql`.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    super::print(&schema::sdl())
}
