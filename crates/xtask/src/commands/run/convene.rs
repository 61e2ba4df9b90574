//! The binary `convene` with the settings of a development server.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use clap::ValueEnum;

use super::PROFILE;
use super::database::Database;
use crate::child;
use crate::interrupt::Interrupt;
use crate::output::print_error;
use crate::workspace::Workspace;

/// The authentication of callers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Authentication {
    /// A signed token in the `Authorization` header.
    #[default]
    Jwt,
    /// Headers without proof, for experiments.
    Headers,
}

impl Authentication {
    /// The value of `CONVENE_AUTH`.
    fn setting(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Headers => "headers",
        }
    }
}

/// The program and its settings.
pub(super) struct Convene {
    binary: PathBuf,
    root: PathBuf,
    mongodb_uri: String,
    port: u16,
    authentication: Authentication,
    secret_file: PathBuf,
}

impl Convene {
    /// The build of this workspace on the database and the port.
    pub(super) fn new(
        workspace: &Workspace,
        database: &Database,
        port: u16,
        authentication: Authentication,
        secret_file: PathBuf,
    ) -> Self {
        Self {
            binary: workspace.convene(PROFILE),
            root: workspace.root().to_owned(),
            mongodb_uri: database.uri(),
            port,
            authentication,
            secret_file,
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn authentication(&self) -> Authentication {
        self.authentication
    }

    /// A command with the settings in its environment.
    pub(super) fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .arg(subcommand)
            .current_dir(&self.root)
            .env("CONVENE_MONGODB_URI", &self.mongodb_uri)
            .env("CONVENE_LISTEN", format!("127.0.0.1:{}", self.port))
            // The server of a developer needs no other port for its probes.
            .env_remove("CONVENE_PROBE_LISTEN")
            .env("CONVENE_AUTH", self.authentication.setting())
            .env("CONVENE_JWT_SECRET_FILE", &self.secret_file)
            // A secret in the environment would override the file.
            .env_remove("CONVENE_JWT_SECRET")
            .env("CONVENE_PROFILE", "development");
        command
    }

    /// Loads the demo data.
    pub(super) fn seed(&self, interrupt: &Interrupt) -> anyhow::Result<()> {
        let status = child::run(self.command("seed").arg(Path::new("seeds")), interrupt)?;
        ensure!(status.success(), "the demo data could not be loaded ({status})");
        Ok(())
    }

    /// A token for a member of the organization, or for the operator of the platform.
    pub(super) fn token(&self, organization: &str, user: &str, operator: bool) -> anyhow::Result<String> {
        let mut command = self.command("token");
        command.args(["--org", organization, "--user", user]).args(operator.then_some("--operator"));
        let output = command.output().context("cannot start convene")?;
        if !output.status.success() {
            print_error(String::from_utf8_lossy(&output.stderr).trim());
        }
        ensure!(output.status.success(), "convene created no token for {user} ({})", output.status);
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}
