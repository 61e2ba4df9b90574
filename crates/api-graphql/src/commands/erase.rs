use std::process::ExitCode;

use convene_application::{
    failure::Failure,
    personal_data::{Erasure, ErasureError},
};

use super::personal_data::{PersonArguments, explained, with_commands};

/// The long help of `convene erase`.
const HELP: &str = "\
The person is removed from the organization, which cancels every registration of theirs that has not ended, and a
pseudonym replaces the user id in members and the activity log. Titles and descriptions that people wrote
stay as they are, and so do backups and logs of processes. The last admin of an organization cannot be erased.

The server's database user may not change the activity log. CONVENE_MONGODB_URI must be that of a user with the role
convene-erasure, which docker/mongo/least-role.js creates; docs/operations/data-protection.md says more.

Run the command again if it was interrupted: it completes the erasure. Once nothing is stored about the person any more,
it says so and fails, as for a wrong id: the id of an erased person is kept nowhere.";

/// The advice after a fault.
const INCOMPLETE: &str = "the erasure is not complete; run it again";

/// The advice if the database user may not change the activity log.
const NOT_PERMITTED: &str = "\
nothing was erased, because this database user may not change the activity log: \
CONVENE_MONGODB_URI must be that of the user convene-erasure, as docs/operations/database-users.md says";

/// The arguments of `convene erase`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    person: PersonArguments,
    /// Erase: without this flag the command prints what is stored about the person, and changes nothing
    #[arg(long)]
    yes: bool,
}

/// Erases the data, or prints what would be erased.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let person = arguments.person.person();
    if !arguments.yes {
        let export = with_commands(async |commands, operator| {
            commands.export.execute(operator, &person).await.map_err(explained)
        })?;
        let record = export.record;
        return super::print(&format!(
            "stored: {} memberships, {} registrations, {} entries of the activity log, {} idempotency keys\n\
             nothing was erased; an erasure cannot be undone; add --yes to erase\n",
            record.memberships.len(),
            record.registrations.len(),
            record.activity.len(),
            record.keys.len(),
        ));
    }
    let Erasure { cancelled_registrations, erased } = with_commands(async |commands, operator| {
        commands.erase.execute(operator, &person).await.map_err(|error| match error {
            ErasureError::NotPermitted => anyhow::anyhow!(NOT_PERMITTED),
            ErasureError::Failed(failure @ Failure::Fault(_)) => explained(failure).context(INCOMPLETE),
            ErasureError::Failed(refused) => explained(refused),
        })
    })?;
    super::print(&format!(
        "erased: {} memberships, {} entries of the activity log, {} idempotency keys; \
         {cancelled_registrations} registrations were cancelled\n",
        erased.memberships, erased.entries, erased.keys,
    ))
}
