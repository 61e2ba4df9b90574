use std::process::ExitCode;

use convene_api_graphql::{auth::TokenRequest, config, system};
use convene_application::ports::OrganizationReference;
use convene_domain::text::UserId;

use super::arguments;

/// The arguments of `convene token`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Slug or id of the organization; only a token of the operator may have none
    #[arg(long, value_name = "SLUG", value_parser = arguments::organization)]
    org: Option<OrganizationReference>,
    /// User id of the member
    #[arg(long, value_name = "ID", value_parser = arguments::user)]
    user: UserId,
    /// Issue a token of the platform's operator
    #[arg(long)]
    operator: bool,
    /// Hours until the token expires
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8_760))]
    hours: u32,
}

/// Prints a token.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let issuer = config::token_issuer(&super::environment())?;
    let request = TokenRequest {
        organization: arguments.org.clone(),
        user: arguments.user.clone(),
        operator: arguments.operator,
        lifetime_seconds: arguments.hours * 3_600,
    };
    let token = issuer.issue(&request, system::unix_time())?;
    super::print(&format!("{token}\n"))
}
