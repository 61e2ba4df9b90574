//! Edits of 10,000 registrations while another organization registers.
//!
//! `cargo xtask bench edits` starts a database and this program. Four callers of an organization register and cancel without
//! pauses, before and during each edit of another organization: events with 10,000 held seats are moved, cancelled and
//! deleted, once with 366 occurrences and once with one, and members with 990 seats and a waitlist behind each of them are
//! removed and erased. Rate limits are off. The program fails if a call of the callers fails or an edit does not complete.
//! `CONVENE_BENCH_SCALE` (a percentage, default 100) reduces the seats. `docs/benchmarks.md` has the results.

mod documents;
mod edit;
mod held;
mod neighbour;
mod row;
mod settings;

use std::time::Duration;

use anyhow::{Context, ensure};
use convene_stress::{Connection, Organization, Population, Server, Storage, new_id, print_line};

use edit::Edit;
use held::{Held, LEAVING, Series};
use neighbour::Neighbour;
use row::Row;
use settings::Settings;

/// The callers of the other organization.
const CALLERS: usize = 4;
/// The time for which they are measured alone before each edit.
const ALONE: Duration = Duration::from_secs(4);
/// The calls of this time before each measurement do not count.
const WARM_UP: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    let storage = Storage::prepare(&settings.uri, &format!("convene_edits_{}", new_id().simple())).await?;
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("convene.log");
    let mut server = Server::start(&settings.binary, &settings.uri, &storage.name, log).await?;
    let mut connection = Connection::open(server.address()).await?;
    let other = Organization::create(&mut connection, "other", CALLERS).await?;
    let seats = settings.scaled(10_000);
    let population = Population::create(&mut connection, &storage, seats.max(LEAVING.len() + 5)).await?;
    let bench = Bench { settings: &settings, storage: &storage, server: &server, other: &other };

    let mut failures = 0;
    row::print_head()?;
    for occurrences in [366, 1] {
        let series = Series { occurrences: seats.min(occurrences), seats };
        let event = Held::fill(server.address(), &population, series).await?.event;
        for edit in [Edit::Move(&event), Edit::Cancel(&event), Edit::Delete(&event)] {
            failures += bench.measure(&edit, series).await?;
        }
    }
    let series = Series { occurrences: settings.scaled(990), seats: settings.scaled(990) };
    for (number, is_erasure) in LEAVING.into_iter().zip([false, true]) {
        let member = &population.members[number];
        Held::fill_with_waitlists(server.address(), &population, series, number).await?;
        let edit = if is_erasure { Edit::Erase(&member.user) } else { Edit::Remove(&member.id) };
        failures += bench.measure(&edit, series).await?;
    }

    let examined = storage.check().await?;
    print_line(&format!("\nChecked: every invariant holds over {examined} documents."))?;
    ensure!(failures == 0, "{failures} calls of the other organization failed");
    let status = server.stop().await?;
    ensure!(status.success(), "convene ended with {status}");
    storage.drop().await
}

/// The parts that each measurement needs.
struct Bench<'a> {
    settings: &'a Settings,
    storage: &'a Storage,
    server: &'a Server,
    other: &'a Organization,
}

impl Bench<'_> {
    /// Carries an edit out beside the other organization, and prints its row. Returns the failed calls of the others.
    async fn measure(&self, edit: &Edit<'_>, series: Series) -> anyhow::Result<usize> {
        let before = documents::of_population(self.storage).await?;
        let neighbour = Neighbour::start(self.server.address(), self.other);
        tokio::time::sleep(WARM_UP).await;
        let (_, alone) = neighbour.during(tokio::time::sleep(ALONE)).await?;

        let neighbour = Neighbour::start(self.server.address(), self.other);
        tokio::time::sleep(WARM_UP).await;
        let edited = edit.carry_out(self.settings, self.server.address(), &self.storage.name);
        let (edited, during) = neighbour.during(edited).await?;
        let edited = edited.with_context(|| format!("{}: not complete", edit.name()))?;

        let changed = documents::changed(&before, &documents::of_population(self.storage).await?);
        let row = Row { name: edit.name(), series, changed, edited, alone, during };
        row.print()?;
        Ok(row.alone.failures.len() + row.during.failures.len())
    }
}
