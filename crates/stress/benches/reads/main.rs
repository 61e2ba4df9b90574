//! Reads over HTTP, compared with the same work on the bare MongoDB driver.
//!
//! `cargo xtask bench reads` starts a database and measures organizations of 100, 1,000, 10,000 and 100,000 series, half of them
//! ten years old. Arguments after `--` shorten it: `sizes=100,1000`, `callers=1,16`, `seconds=1`, `parts=page,titles`.
//! All variants of a row group run one after the other in one process, so that their ratios are comparable.
//! `docs/benchmarks.md` describes the method.

mod bare;
mod data;
mod drive;
mod request;
mod settings;
mod table;

use data::Fixture;
use settings::Settings;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    for &size in &settings.sizes {
        let fixture = Fixture::set(&settings, size).await?;
        for &part in &settings.parts {
            let mut rows = Vec::new();
            for &callers in &settings.callers {
                for variant in part.variants() {
                    rows.push(drive::run(&fixture, &settings, part, variant, callers).await?);
                }
            }
            table::print(&format!("{} series, {}", size, part.name()), &rows)?;
        }
        fixture.clear().await?;
    }
    Ok(())
}
