use std::{process::Stdio, time::Duration};

use bson::{Bson, DateTime, doc};
use convene_stress::new_id;
use serde_json::Value;

use crate::support::{Installation, program};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrate_seed_and_check_can_be_repeated() {
    let installation = Installation::empty().await;
    let first = installation.printed(&["migrate"]);
    let unchanged = "the database is prepared: nothing had to be changed\n";
    for change in ["members: created the collection", "members: created the index one_membership_per_user"] {
        assert!(first.lines().any(|line| line == change), "{first}");
    }
    assert!(first.ends_with("\nthe database is prepared\n"), "{first}");
    assert_eq!(installation.printed(&["migrate"]), unchanged);
    installation.run_command(doc! { "collMod": "members", "validator": {} }).await;
    let expiry = doc! { "name": "expires", "expireAfterSeconds": 60 };
    installation.run_command(doc! { "collMod": "jobs", "index": expiry }).await;
    let mut changed: Vec<String> = installation.printed(&["migrate"]).lines().map(str::to_owned).collect();
    changed.sort();
    assert_eq!(changed.len(), 3, "{changed:?}");
    assert!(changed[0].starts_with("jobs: changed the retention of documents to "), "{changed:?}");
    assert_eq!(changed[1..], ["members: changed the validator", "the database is prepared"]);
    assert_eq!(installation.printed(&["migrate"]), unchanged);
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../seeds");
    installation.printed(&["seed", seeds]);
    let events = installation.collection("events").count_documents(doc! {}).await.unwrap();
    assert!(events > 20, "{events}");
    installation.printed(&["seed", seeds]);
    let again = installation.collection("events").count_documents(doc! {}).await.unwrap();
    assert_eq!(again, events, "existing data stays unchanged");
    // No user can have the name of the command's actor.
    let created = doc! { "action": "organization.created" };
    let actors = installation.collection("activity").distinct("actor", created).await.unwrap();
    assert_eq!(actors, [Bson::from("system")]);

    let report: Value = serde_json::from_str(&installation.printed(&["check", "--json"])).unwrap();
    let examined: u64 =
        report["findings"].as_array().unwrap().iter().map(|one| one["examined"].as_u64().unwrap()).sum();
    assert!(examined > 100, "{report}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("convene.prom");
    std::fs::write(&file, "of the day before").unwrap();
    installation.printed(&["check", "--metrics", file.to_str().unwrap()]);
    let metrics = std::fs::read_to_string(&file).unwrap();
    let value = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse::<u64>().ok())
    };
    assert_eq!(value("convene_check_violations"), Some(0), "{metrics}");
    assert!(value("convene_check_finished_timestamp_seconds").is_some_and(|time| time > 1_700_000_000));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no other file is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_fails_and_names_a_violated_invariant() {
    let installation = Installation::seeded().await;
    assert!(installation.run(&["check"]).status.success());
    let taken = doc! { "taken": { "$gt": 0 } };
    installation.break_rule("occurrences", taken, doc! { "$inc": { "taken": 1, "capacity": 1 } }).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("convene.prom");
    let file = file.to_str().unwrap();
    for arguments in [&["check"][..], &["check", "--json"], &["check", "--metrics", file]] {
        let output = installation.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("taken"), "{text}");
    }
    assert!(std::fs::read_to_string(file).unwrap().contains("\nconvene_check_violations 1\n"));
}

/// Stores an occurrence with a seat as if the clocks of its zone had differed by a minute until now. Returns its id.
async fn outdate_one(installation: &Installation) -> String {
    let occurrences = installation.collection("occurrences");
    let ahead = doc! { "$gt": ["$startsAt", { "$add": ["$$NOW", 86_400_000] }] };
    let held = doc! { "taken": { "$gt": 0 }, "$expr": ahead, "originalStart": { "$type": "date" } };
    let mut stored = occurrences.find_one(held).await.unwrap().unwrap();
    let id = stored.get_str("_id").unwrap().to_owned();
    let original = *stored.get_datetime("originalStart").unwrap();
    let (event, start) = id.rsplit_once('_').unwrap();
    assert!(start.ends_with("00Z"), "{id}");
    for field in ["originalStart", "startsAt", "endsAt", "opensAt", "closesAt", "cancellationClosesAt"] {
        if let Some(Bson::DateTime(time)) = stored.get_mut(field) {
            *time = DateTime::from_millis(time.timestamp_millis() + 60_000);
        }
    }
    let former = DateTime::from_millis(original.timestamp_millis() + 60_000).try_to_rfc3339_string().unwrap();
    let former = format!("{event}_{}", former.replace(['-', ':'], ""));
    stored.insert("_id", &former);
    occurrences.delete_one(doc! { "_id": &id }).await.unwrap();
    occurrences.insert_one(stored).await.unwrap();
    let later = |field: &str| doc! { "$add": [format!("${field}"), 60_000] };
    let set = doc! { "occurrence": &former, "startsAt": later("startsAt"), "endsAt": later("endsAt") };
    let registrations = installation.collection("registrations");
    registrations.update_many(doc! { "occurrence": &id }, vec![doc! { "$set": set }]).await.unwrap();
    let entry = doc! {
        "occurrence": &former, "startsAt": later("$this.startsAt"), "endsAt": later("$this.endsAt"),
    };
    let is_meant = doc! { "$eq": ["$$this.occurrence", &id] };
    let one = doc! { "$cond": [is_meant, { "$mergeObjects": ["$$this", entry] }, "$$this"] };
    let busy = doc! { "$map": { "input": "$busy", "in": one } };
    let agendas = installation.collection("agendas");
    let theirs = doc! { "busy.occurrence": &id };
    agendas.update_many(theirs, vec![doc! { "$set": { "busy": busy } }]).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stored_occurrences_get_the_times_of_a_new_time_zone_database() {
    let installation = Installation::seeded().await;
    let done = "all stored occurrences have the times of the time-zone database ";
    assert!(installation.printed(&["update-occurrences"]).starts_with(done));
    let id = outdate_one(&installation).await;
    let event = id.rsplit_once('_').unwrap().0;
    assert_eq!(installation.run(&["check"]).status.code(), Some(1));
    let preview = installation.printed(&["update-occurrences", "--dry-run"]);
    assert!(preview.starts_with("would move 1 event of org_"), "{preview}");
    assert!(preview.contains(": 1 event would be moved with "), "{preview}");
    assert_eq!(installation.run(&["check"]).status.code(), Some(1), "nothing was moved");
    let moved = installation.printed(&["update-occurrences"]);
    assert!(moved.starts_with("moved 1 event of org_"), "{moved}");
    assert!(moved.ends_with(", 0 events left as they are\n"), "{moved}");
    installation.printed(&["check"]);
    let entry = installation.collection("activity").find_one(doc! { "action": "event.realigned" }).await;
    let entry = entry.unwrap().unwrap();
    assert_eq!((entry.get_str("actor").unwrap(), entry.get_str("subject").unwrap()), ("system", event));
    assert!(installation.printed(&["update-occurrences"]).starts_with(done));

    // The series does not have this date.
    let wrong = doc! { "$set": { "originalLocal": "2099-01-01T00:00:01" } };
    installation.break_rule("occurrences", doc! { "_id": &id }, wrong).await;
    for arguments in [&["update-occurrences"][..], &["update-occurrences", "--dry-run"]] {
        let output = installation.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with(&format!("LEFT {event} of org_")), "{text}");
        assert!(text.contains(": REGISTRATIONS_AFFECTED: ") && text.contains("(reg_"), "{text}");
        assert!(text.ends_with(", 1 event left as they are\n"), "{text}");
    }
}

/// The warnings of a server that it has to update occurrences.
async fn warnings_at_start(installation: &Installation) -> Vec<String> {
    let mut served = installation.serve().await;
    served.server.stop().await.unwrap();
    let log = served.server.log().unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let warnings = lines.filter(|line| line["level"] == "WARN");
    let warnings = warnings.filter_map(|line| line["message"].as_str().map(str::to_owned));
    warnings.filter(|message| message.contains("update-occurrences")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_and_checks_tell_that_an_update_of_occurrences_is_due() {
    let installation = Installation::seeded().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("convene.prom");
    let metric = || {
        installation.printed(&["check", "--metrics", file.to_str().unwrap()]);
        let metrics = std::fs::read_to_string(&file).unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix("convene_check_update_due "));
        line.unwrap().to_owned()
    };
    // The first process has recorded its version, before anything was stored.
    let realignments = installation.collection("realignments");
    let first = realignments.find_one(doc! {}).await.unwrap().unwrap();
    let program = first.get_str("timeZones").unwrap();
    assert_eq!(warnings_at_start(&installation).await, Vec::<String>::new());
    assert_eq!(metric(), "0");

    let another = doc! { "$set": { "timeZones": "1999z" } };
    for is_recorded in [true, false] {
        if is_recorded {
            realignments.update_one(doc! {}, another.clone()).await.unwrap();
        } else {
            realignments.delete_one(doc! {}).await.unwrap();
        }
        let warnings = warnings_at_start(&installation).await;
        let [warning] = &warnings[..] else { panic!("{warnings:?}") };
        assert!(warning.contains(program) && warning.contains("1999z") == is_recorded, "{warning}");
        assert!(installation.printed(&["check"]).lines().any(|line| line == warning), "{warning}");
        assert!(installation.printed(&["check", "--json"]).contains(warning), "{warning}");
        assert_eq!(metric(), "1");
        installation.printed(&["update-occurrences", "--dry-run"]);
        assert_eq!(metric(), "1", "a dry run records nothing");
        installation.printed(&["update-occurrences"]);
        assert_eq!(metric(), "0");
        assert_eq!(warnings_at_start(&installation).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn personal_data_is_exported_and_erased() {
    let installation = Installation::seeded().await;
    let person = ["--org", "org-123", "--user", "user-789"];
    let command = |name: &'static str| std::iter::once(name).chain(person).collect::<Vec<_>>();
    let export = installation.printed(&command("export"));
    assert!(export.contains("benoit@lumieres.example"), "{export}");
    let preview = installation.printed(&command("erase"));
    assert!(preview.starts_with("stored: 1 memberships, "), "{preview}");
    assert!(
        preview.ends_with("nothing was erased; an erasure cannot be undone; add --yes to erase\n"),
        "{preview}"
    );
    assert_eq!(installation.printed(&command("export")), export, "nothing was erased");

    installation.printed(&[&command("erase")[..], &["--yes"]].concat());
    // Nothing is stored any more about the person. That would look the same for a misspelt id.
    let activity = installation.collection("activity").count_documents(doc! {}).await.unwrap();
    let unknown = [
        ("org-123", "user-789", "nothing is stored about this user"),
        ("org-123", "user-7890", "nothing is stored about this user"),
        ("org-1234", "user-789", "no organization has this id or slug"),
    ];
    for (organization, user, reason) in unknown {
        for command in [&["export"][..], &["erase"], &["erase", "--yes"]] {
            let output = installation.run(&[command, &["--org", organization, "--user", user]].concat());
            assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]), "{output:?}");
            let told = String::from_utf8(output.stderr).unwrap();
            assert!(told.contains(reason), "{told}");
        }
    }
    assert_eq!(installation.collection("activity").count_documents(doc! {}).await.unwrap(), activity);
    assert!(installation.run(&["check"]).status.success());
}

/// Each of them is found before a setting is read or a database opened.
#[test]
fn all_commands_check_their_arguments_alike() {
    let cases = [
        ("--org", "", "is neither a slug nor an id"),
        ("--org", "bad org!", "is neither a slug nor an id"),
        ("--user", "", "must not be empty"),
        ("--user", "a b", "must not contain white space"),
        ("--user", "system", "must not be system"),
    ];
    for command in [&["token"][..], &["token", "--operator"], &["export"], &["erase", "--yes"]] {
        for (name, value, problem) in cases {
            let other = if name == "--org" { ["--user", "ada"] } else { ["--org", "choir"] };
            let output = program(&[command, &other, &[name, value]].concat()).output().unwrap();
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{command:?} {name} {value:?}: {told}");
            assert!(told.contains(problem), "{told}");
        }
    }
}

#[test]
fn all_invalid_settings_are_reported_at_once() {
    let output = program(&["serve"])
        .env("CONVENE_LISTEN", "nowhere")
        .env("CONVENE_BODY_LIMIT", "much")
        .env("CONVENE_JWT_SECRET", "short")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    for setting in ["CONVENE_MONGODB_URI", "CONVENE_LISTEN", "CONVENE_BODY_LIMIT", "CONVENE_JWT_SECRET"] {
        assert!(told.contains(setting), "{setting} is missing: {told}");
    }
    assert!(!told.contains("panicked"), "{told}");
}

#[test]
fn a_misspelt_setting_is_named() {
    let token: &[&str] = &["token", "--org", "choir", "--user", "ada"];
    for command in [&["serve"][..], &["check"], &["migrate"], token] {
        let output = program(command).env("CONVENE_DATABSE", "other").output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("convene: warning: CONVENE_DATABSE is not a setting\n"), "{command:?}: {told}");
    }
}

#[test]
fn an_unreachable_database_is_reported_with_the_reason() {
    let output = program(&["check"])
        .env("CONVENE_MONGODB_URI", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("MongoDB did not answer"), "{told}");
    assert!(told.contains("Connection refused") && !told.contains('{'), "{told}");
}

/// Runs a command on a database that it cannot use, and returns what it says.
fn failed(command: &str, uri: &str) -> String {
    let output = program(&[command])
        .env("CONVENE_MONGODB_URI", uri)
        .env("CONVENE_LISTEN", "127.0.0.1:0")
        .env("CONVENE_PROBE_LISTEN", "127.0.0.1:0")
        .env("CONVENE_AUTH", "headers")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_ends_the_server_with_one_sentence() {
    let installation = Installation::empty().await;
    let uri = installation.uri.replacen("mongodb://", "mongodb://nobody:canary-password@", 1);
    let told = failed("serve", &uri);
    let sentences: Vec<&str> = told.lines().filter(|line| !line.starts_with('{')).collect();
    let expected = "convene: the database is not available: MongoDB does not accept the user name and the password of \
                    the MongoDB URI";
    assert_eq!(sentences, [expected], "{told}");
    assert!(told.ends_with(&format!("{expected}\n")), "{told}");
    assert!(!told.contains("canary"), "{told}");
    assert!(!told.contains("waiting for the database"), "{told}");
}

/// As with the URI of the user that prepares the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_may_not_read_ends_the_server_with_one_sentence() {
    let installation = Installation::empty().await;
    installation.printed(&["migrate"]);
    let name = new_id().simple().to_string();
    let refusing = installation.refuse("find", &name).await;
    let mut serve = program(&["serve"]);
    let served = installation
        .set(&mut serve)
        .env("CONVENE_MONGODB_URI", format!("{}&appName={name}", installation.uri))
        .env("CONVENE_LISTEN", "127.0.0.1:0")
        .env("CONVENE_PROBE_LISTEN", "127.0.0.1:0")
        .env("CONVENE_AUTH", "headers")
        .output()
        .unwrap();
    refusing.end().await;
    assert_eq!(served.status.code(), Some(1));
    let told = String::from_utf8(served.stderr).unwrap();
    let sentences: Vec<&str> = told.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!(sentences.len(), 1, "{told}");
    let expected = "convene: the database cannot be read: ";
    assert!(sentences[0].starts_with(expected) && sentences[0].contains("code 13"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shorter_retention_of_the_log_must_be_confirmed() {
    let installation = Installation::empty().await;
    let migrate = |days: &str, arguments: &[&str]| {
        let mut migrate = program(&[&["migrate"], arguments].concat());
        installation.set(&mut migrate).env("CONVENE_ACTIVITY_RETENTION_DAYS", days).output().unwrap()
    };
    assert!(migrate("3650", &[]).status.success());
    // The setting is forgotten.
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../seeds");
    for command in [&["migrate"][..], &["seed", seeds]] {
        let refused = installation.run(command);
        let told = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{told}");
        let expected = "the activity log is kept for 400 days by CONVENE_ACTIVITY_RETENTION_DAYS, and for 3650 days by the \
                        database; ";
        assert!(told.contains(expected) && told.contains("--shorten-retention"), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    assert!(migrate("3650", &[]).status.success());
    let shortened = migrate("30", &["--shorten-retention"]);
    assert!(shortened.status.success(), "{shortened:?}");
    assert!(migrate("400", &[]).status.success(), "a longer one deletes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_name_of_the_replica_set_ends_every_command_with_one_sentence() {
    let installation = Installation::empty().await;
    let servers = installation.uri.split('?').next().unwrap();
    for (command, uri) in [
        ("serve", format!("{servers}?replicaSet=another")),
        ("check", format!("{servers}?replicaSet=another&directConnection=true")),
        // Nobody checks the password.
        ("migrate", format!("{servers}?replicaSet=another").replacen("//", "//ada:canary-password@", 1)),
    ] {
        let told = failed(command, &uri);
        assert!(told.contains("the MongoDB URI names another one (replicaSet)"), "{command}: {told}");
        assert!(!told.contains("canary") && !told.contains("waiting for the database"), "{told}");
    }
}

/// The server is started before its database, which never comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_answer_while_the_database_is_away() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut server = program(&["serve"])
        .env("CONVENE_MONGODB_URI", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100")
        .env("CONVENE_LISTEN", listen.to_string())
        .env("CONVENE_PROBE_LISTEN", "127.0.0.1:0")
        .env("CONVENE_AUTH", "headers")
        .stderr(log.reopen().unwrap())
        .spawn()
        .unwrap();
    let lines = || -> Vec<Value> {
        let text = std::fs::read_to_string(log.path()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let with_message =
        |message: &str| lines().into_iter().filter(|line| line["message"] == message).collect::<Vec<_>>();
    let first = async |message: &str| loop {
        if let Some(line) = with_message(message).pop() {
            break line;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let probes = first("answering probes").await["address"].as_str().unwrap().to_owned();
    let waiting = first("waiting for the database").await;
    // A request would wait in the backlog, and be executed after its client has left.
    let refused = std::net::TcpStream::connect(listen).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    let taken = std::net::TcpListener::bind(listen).unwrap_err();
    assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse, "no other process can take the address");
    // Two attempts later, the log has not grown.
    tokio::time::sleep(Duration::from_secs(2)).await;
    for (path, status) in [("livez", 200), ("metrics", 200), ("readyz", 503)] {
        let response = reqwest::get(format!("http://{probes}/{path}")).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let body = response.text().await.unwrap();
        assert!(path != "readyz" || body.contains("waits for the database"), "{body}");
    }
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(with_message("waiting for the database").len(), 1, "{:?}", lines());
    assert_eq!(with_message("request"), Vec::<Value>::new());
    let reason = waiting["reason"].as_str().unwrap();
    assert!(reason.contains("Connection refused") && !reason.contains(['{', '}']), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_fails_on_a_database_that_was_never_prepared() {
    let installation = Installation::empty().await;
    let person = ["--org", "org-123", "--user", "user-456"];
    for command in [&["update-occurrences"][..], &["export"], &["erase"], &["erase", "--yes"]] {
        let is_of_person = command[0] != "update-occurrences";
        let arguments = [command, if is_of_person { &person } else { &[] }].concat();
        let output = installation.run(&arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
        assert!(text.starts_with("convene: the database ") && text.lines().count() == 1, "{text}");
        assert!(text.contains("is not prepared") && output.stdout.is_empty(), "{text}");
    }
    assert_eq!(installation.run(&["check"]).status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_loads_at_once_say_nothing_false() {
    let installation = Installation::empty().await;
    installation.printed(&["migrate"]);
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../seeds");
    let loads = [(); 2].map(|()| {
        let mut command = program(&["seed", seeds]);
        installation.set(&mut command).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
    });
    for load in loads {
        let output = load.wait_with_output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        // Members of two events at the same time can be refused.
        let is_false = |text: &str| text.contains("no ADMIN of the file") || text.contains("members[");
        assert!(!is_false(&text), "{text}");
    }
}

#[test]
fn a_connection_string_is_reported_with_the_other_settings() {
    let mut command = program(&["serve"]);
    command
        .env("CONVENE_MONGODB_URI", "mongodb://db.example.org/?maxPoolSize=many")
        .env("CONVENE_LISTEN", "here");
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    for problem in ["CONVENE_MONGODB_URI is not usable: ", "CONVENE_LISTEN must be "] {
        assert!(text.contains(problem), "{text}");
    }
    assert!(!text.contains("many"), "{text}");
}
