//! No command scans a whole collection.

use bson::{Bson, Document, doc};

use crate::{everything::use_everything, support::TestDatabase};

/// The parts of a command that can be explained. The others are about sessions and durability.
const PARTS: [&str; 9] =
    ["filter", "sort", "limit", "projection", "pipeline", "query", "update", "updates", "deletes"];

fn explainable(command: &Document, name: &str) -> Document {
    let mut explainable = doc! { name: command.get_str(name).unwrap() };
    let parts = command.iter().filter(|(part, _)| PARTS.contains(&part.as_str()) && *part != name);
    explainable.extend(parts.map(|(part, value)| (part.clone(), value.clone())));
    if name == "aggregate" {
        explainable.insert("cursor", doc! {});
    }
    explainable
}

/// Collects the stages of a plan, in any depth.
fn stages(plan: &Bson, found: &mut Vec<String>) {
    match plan {
        Bson::Document(document) => {
            found.extend(document.get_str("stage").ok().map(str::to_owned));
            document.values().for_each(|value| stages(value, found));
        }
        Bson::Array(items) => items.iter().for_each(|item| stages(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_command_uses_an_index() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("indexed").await;
    use_everything(&database, &tenant).await;
    let mut explained = 0;
    for event in commands.take() {
        let name = event.command_name.as_str();
        if event.db != database.name()
            || !["find", "aggregate", "findAndModify", "update", "delete"].contains(&name)
        {
            continue;
        }
        let command = explainable(&event.command, name);
        let explain = doc! { "explain": command.clone(), "verbosity": "queryPlanner" };
        let plan = match database.raw().run_command(explain).await {
            Ok(plan) => plan,
            // The server can explain a command with a single statement only.
            Err(_) if ["update", "delete"].contains(&name) => continue,
            Err(error) => panic!("{command}: {error}"),
        };
        let mut used = Vec::new();
        for part in ["queryPlanner", "stages"] {
            stages(plan.get(part).unwrap_or(&Bson::Null), &mut used);
        }
        assert!(!used.is_empty(), "{plan}");
        assert!(!used.iter().any(|stage| stage == "COLLSCAN"), "{command}");
        explained += 1;
    }
    assert!(explained > 40, "only {explained} commands were explained");
}
