//! Searches for the requests of a member that cost a server most.
//!
//! `cargo xtask fuzz` starts a database and this program. It fills an organization with the largest objects that its members
//! can write, and varies requests of one member: aliases, page sizes, nested lists, texts, filters, mutations with many
//! root fields, REST calls. The best ones for each goal are kept and varied further. Meanwhile, and while all members send the
//! best ones at once, another organization must be served as usual: none of its calls fails, none takes long, the server stays
//! ready, and its memory hardly grows.

mod generate;
mod measure;
mod mutate;
mod neighbour;
mod report;
mod request;
mod rush;
mod schema;
mod search;
mod settings;
mod shorten;

use std::{
    fs,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context;
use bson::doc;
use convene_stress::{Connection, Credentials, Server, Storage, corpus, new_id, print_line};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::json;

use generate::Generator;
use measure::{Meter, catalogue_bytes, memory};
use neighbour::{Neighbour, Watch};
use schema::Schema;
use settings::Settings;

const SEARCHED: &str = "searched";
const OTHER: &str = "other";
const SIZES: corpus::Sizes =
    corpus::Sizes { issues: 240, hourly_events: 120, other_events: 80, renamed: 1_000 };
/// The growth of the server's memory that is allowed, in KiB.
const MAX_GROWTH: u64 = 100 * 1_024;
/// The longest call of the other organization, on a machine that does nothing else.
const MAX_WAIT: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let settings = Settings::read()?;
    if settings.folder.exists() {
        fs::remove_dir_all(&settings.folder)?;
    }
    fs::create_dir_all(&settings.folder)?;
    let storage = Storage::prepare(&settings.uri, &format!("convene_fuzz_{}", new_id().simple())).await?;
    let log = settings.folder.join("convene.log");
    let options = [("CONVENE_INTROSPECTION", "on")];
    let mut server =
        Server::start_with(&settings.binary, &settings.uri, &storage.name, log.clone(), &options).await?;

    let mut connection = Connection::open(server.address()).await?;
    let ids = corpus::large(&mut connection, SEARCHED, SIZES).await?;
    corpus::organization(&mut connection, OTHER).await?;
    corpus::ordinary(&mut connection, OTHER).await?;
    let introspection =
        Credentials::member(OTHER, "admin").post(&json!({ "query": schema::QUERY }).to_string());
    let schema = Schema::read(&connection.send(&introspection).await?)?;
    let organization = storage.collection("organizations").find_one(doc! { "slug": SEARCHED }).await?;
    let organization = organization.context("there is no organization")?.get_str("_id")?.to_owned();

    let mut meter = Meter {
        server: &server,
        storage: &storage,
        log,
        slug: SEARCHED,
        organization,
        read: 0,
        number: 0,
        connection: None,
    };
    meter.prepare().await?;
    let random = StdRng::seed_from_u64(settings.seed);
    let mut generator = Generator { schema: &schema, ids: &ids, random };
    for slug in [SEARCHED, OTHER] {
        neighbour::warm_up(server.address(), slug).await?;
    }
    let before = memory(server.id())?;
    report::print_memory("before the search", before, catalogue_bytes(&server).await?)?;
    let neighbour = Neighbour::start(server.address(), server.probe_address(), server.id(), OTHER);
    let best = search::run(&mut generator, &mut meter, Instant::now() + settings.time).await?;
    let (requests, watch) = (meter.number, neighbour.stop().await?);
    print_line(&format!("{requests} requests, seed {}\n", settings.seed))?;
    report::print_best(&best, &settings.folder)?;
    report::print_watch("search", &watch, before)?;
    let mut is_fine = is_fine(&watch, before)?;
    for best in &best {
        let Some((_, request)) = best.requests.first() else { continue };
        let neighbour = Neighbour::start(server.address(), server.probe_address(), server.id(), OTHER);
        let outcomes = rush::run(server.address(), SEARCHED, request).await?;
        let watch = neighbour.stop().await?;
        report::print_watch(
            &format!("{:?} from all members at once {outcomes:?}", best.goal),
            &watch,
            before,
        )?;
        is_fine &= self::is_fine(&watch, before)?;
    }
    report::print_memory("at the end", memory(server.id())?, catalogue_bytes(&server).await?)?;
    server.stop().await?;
    storage.drop().await?;
    Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints what is not as it should be.
fn is_fine(watch: &Watch, memory_before: u64) -> anyhow::Result<bool> {
    let mut problems: Vec<String> = watch.failures.iter().take(5).cloned().collect();
    if watch.memory.saturating_sub(memory_before) > MAX_GROWTH {
        problems.push(format!("the memory grew from {memory_before} to {} KiB", watch.memory));
    }
    if watch.percentile(99) > MAX_WAIT {
        problems.push(format!("a call of another organization took {:?}", watch.percentile(99)));
    }
    for problem in &problems {
        print_line(&format!("VIOLATION: {problem}"))?;
    }
    Ok(problems.is_empty())
}
