use std::process::ExitCode;

use convene_api_graphql::{
    auth::TokenRequest,
    config::{self, Environment},
    system,
};

/// Whom a token is for.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Slug or id of the organization; only the operator's token may have none
    #[arg(long, value_name = "SLUG")]
    org: Option<String>,
    /// The user id of a member of it
    #[arg(long, value_name = "ID")]
    user: String,
    /// Whether it is the platform operator's
    #[arg(long)]
    operator: bool,
    /// For how many hours it is good
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8_760))]
    hours: u32,
}

/// Prints a token.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let issuer = config::token_issuer(&Environment::of_process())?;
    let request = TokenRequest {
        organization: arguments.org.clone(),
        user_id: arguments.user.clone(),
        operator: arguments.operator,
        lifetime_seconds: arguments.hours * 3_600,
    };
    let token = issuer.issue(&request, system::unix_time())?;
    super::say(&format!("{token}\n"))
}
