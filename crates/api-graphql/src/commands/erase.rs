use std::process::ExitCode;

use convene_application::{failure::Failure, personal_data::Erasure};

use super::personal_data::{Whose, with_commands};

/// What a reader of `convene erase --help` has to know.
const HELP: &str = "\
The person is removed from the organization, which cancels every registration of theirs that has not ended, and a
pseudonym replaces the user id in members and the activity log. Titles and descriptions that people wrote
stay as they are, and so do backups and logs of processes. The last admin of an organization can't be erased.

The server's database user may not change the activity log. CONVENE_MONGODB_URI must be that of a user with the role
convene-erasure, which docker/mongo/least-role.js creates; docs/operations.md says more.

Run it again if it was interrupted: it finishes what is left, and otherwise changes nothing.";

/// What to do about a fault.
const INCOMPLETE: &str =
    "the erasure is not complete; run it again, as a database user with the role convene-erasure";

/// Whom to erase.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// Do it: without this the command only says what it would erase, and fails
    #[arg(long)]
    yes: bool,
}

/// Erases, or says what would be.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let person = arguments.whose.person();
    if !arguments.yes {
        let export =
            with_commands(async |commands, operator| Ok(commands.export.execute(operator, &person).await?))?;
        let record = export.record;
        super::say(&format!(
            "held: {} memberships, {} registrations, {} entries of the activity log, {} idempotency keys\n",
            record.memberships.len(),
            record.registrations.len(),
            record.activity.len(),
            record.keys.len(),
        ))?;
        anyhow::bail!("nothing was erased, and what is erased can't be brought back; add --yes to go on");
    }
    let Erasure { cancelled_registrations, erased } = with_commands(async |commands, operator| {
        commands.erase.execute(operator, &person).await.map_err(|failure| {
            let is_fault = matches!(failure, Failure::Fault(_));
            let error = anyhow::Error::from(failure);
            if is_fault { error.context(INCOMPLETE) } else { error }
        })
    })?;
    super::say(&format!(
        "erased: {} memberships, {} entries of the activity log, {} idempotency keys; \
         {cancelled_registrations} registrations were cancelled\n",
        erased.memberships, erased.entries, erased.keys,
    ))
}
