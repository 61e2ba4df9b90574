use std::{
    path::PathBuf,
    process::{Command, Output},
};

use bson::{Document, doc};
use convene_api_graphql::strict_json;
use convene_stress::{Server, new_id};
use futures::TryStreamExt;
use mongodb::{Client, Collection};
use serde_json::{Value, json};

/// The path of the program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_convene");

/// The program with a database of its own, which is dropped at the end.
pub(crate) struct Installation {
    pub(crate) uri: String,
    name: String,
    client: Client,
    logs: tempfile::TempDir,
}

impl Installation {
    /// The database does not exist yet.
    pub(crate) async fn empty() -> Self {
        let uri = std::env::var("CONVENE_TEST_MONGODB_URI").expect(
            "CONVENE_TEST_MONGODB_URI must name a MongoDB replica set to test on; `cargo xtask test` starts one",
        );
        let name = format!("convene_program_{}", new_id().simple());
        let client = Client::with_uri_str(&uri).await.unwrap();
        Self { uri, name, client, logs: tempfile::tempdir().unwrap() }
    }

    /// The database has the demo data.
    pub(crate) async fn seeded() -> Self {
        let installation = Self::empty().await;
        let loaded = installation.run(&["seed", seeds().to_str().unwrap()]);
        assert!(loaded.status.success(), "{loaded:?}");
        installation
    }

    /// Runs a command until it exits.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.set(&mut program(arguments)).output().unwrap()
    }

    /// Lets a command use this database.
    pub(crate) fn set<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("CONVENE_MONGODB_URI", &self.uri).env("CONVENE_DATABASE", &self.name)
    }

    /// The output of a command that must succeed.
    pub(crate) fn printed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Lets the server refuse a command to the clients of this name, until the result is dropped. A server has only one such fail
    /// point: tests wait for each other.
    pub(crate) async fn refuse(&self, command: &str, client: &str) -> Refusing {
        let turn = tokio::task::spawn_blocking(|| {
            let file =
                std::fs::File::create(std::env::temp_dir().join("convene-test-failpoint.lock")).unwrap();
            file.lock().unwrap();
            file
        });
        let turn = turn.await.unwrap();
        let data = doc! { "failCommands": [command], "appName": client, "errorCode": 13 };
        let point = doc! { "configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data };
        self.client.database("admin").run_command(point).await.unwrap();
        Refusing { client: self.client.clone(), _turn: turn }
    }

    /// Starts a server in the `headers` mode.
    pub(crate) async fn serve(&self) -> Served {
        self.serve_with(&[]).await
    }

    /// Starts a server in the `headers` mode with further settings.
    pub(crate) async fn serve_with(&self, settings: &[(&str, &str)]) -> Served {
        let log = self.logs.path().join(format!("{}.log", new_id().simple()));
        let server = Server::start_with(PROGRAM.as_ref(), &self.uri, &self.name, log, settings);
        let server = server.await.unwrap();
        Served { server, client: reqwest::Client::new() }
    }

    /// A collection, without tenant isolation.
    pub(crate) fn collection(&self, name: &str) -> Collection<Document> {
        #[expect(clippy::disallowed_methods, reason = "tests look behind the door")]
        self.client.database(&self.name).collection(name)
    }

    /// Runs a command of the database.
    pub(crate) async fn run_command(&self, command: Document) {
        self.client.database(&self.name).run_command(command).await.unwrap();
    }

    /// Records all further commands of servers, and forgets those before.
    pub(crate) async fn record_commands(&self) {
        let database = self.client.database(&self.name);
        database.run_command(doc! { "profile": 0 }).await.unwrap();
        self.collection("system.profile").drop().await.unwrap();
        database.run_command(doc! { "profile": 2 }).await.unwrap();
    }

    /// The records of the commands of servers, the oldest first.
    pub(crate) async fn recorded(&self) -> Vec<Document> {
        // Servers look for abandoned jobs at any time, and test whether they may read.
        let of_servers = doc! { "appName": "convene", "op": { "$ne": "getmore" }, "command.find": { "$ne": "jobs" },
        "command.comment": { "$ne": "readiness probe" } };
        let recorded = self.collection("system.profile").find(of_servers).await.unwrap();
        let recorded: Vec<Document> = recorded.try_collect().await.unwrap();
        // Or for deleted organizations.
        let is_search = |entry: &Document| {
            let filter = entry.get_document("command").and_then(|command| command.get_document("filter"));
            filter.is_ok_and(|filter| filter.get_document("deletedAt").is_ok())
        };
        recorded.into_iter().filter(|entry| !is_search(entry)).collect()
    }

    /// The recorded commands of servers, the oldest first.
    pub(crate) async fn recorded_commands(&self) -> Vec<Document> {
        let recorded = self.recorded().await;
        recorded.into_iter().filter_map(|mut entry| entry.remove("command")?.as_document().cloned()).collect()
    }

    /// Updates a document without validation.
    pub(crate) async fn break_rule(&self, collection: &str, filter: Document, update: Document) {
        let updated = self
            .collection(collection)
            .update_one(filter, update)
            .bypass_document_validation(true)
            .await
            .unwrap();
        assert_eq!(updated.modified_count, 1);
    }
}

/// Checks that no line of a log has a name twice. The last line may be cut off, because servers are killed.
fn assert_unique_names(log: &str) {
    let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
    for line in whole.lines().filter(|line| line.starts_with('{')) {
        let read = strict_json::from_slice(line.as_bytes());
        assert!(read.is_ok(), "{line}: {read:?}");
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        let (client, name) = (self.client.clone(), self.name.clone());
        // The runtime of the test may be shutting down.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { client.database(&name).run_command(doc! { "dropDatabase": 1 }).await })
        });
        drop(dropping.join());
        if !std::thread::panicking() {
            for log in std::fs::read_dir(self.logs.path()).unwrap() {
                assert_unique_names(&std::fs::read_to_string(log.unwrap().path()).unwrap());
            }
        }
    }
}

/// A fail point that is active.
pub(crate) struct Refusing {
    client: Client,
    _turn: std::fs::File,
}

impl Refusing {
    pub(crate) async fn end(self) {
        let off = doc! { "configureFailPoint": "failCommand", "mode": "off" };
        self.client.database("admin").run_command(off).await.unwrap();
    }
}

/// A server and its client.
pub(crate) struct Served {
    pub(crate) server: Server,
    client: reqwest::Client,
}

impl Served {
    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// The response to a query of a member, with data or errors.
    pub(crate) async fn answer(&self, organization: &str, user: &str, query: &str) -> Value {
        let answer = self
            .client
            .post(self.url("/graphql"))
            .header("x-organization-id", organization)
            .header("x-user-id", user)
            .json(&json!({ "query": query }))
            .send()
            .await
            .unwrap();
        answer.json().await.unwrap()
    }

    /// The data of a document of the operator, which must succeed.
    pub(crate) async fn operate(&self, query: &str) -> Value {
        let request = self.client.post(self.url("/graphql")).header("x-user-id", "root");
        let request = request.header("x-operator", "true").json(&json!({ "query": query }));
        let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer["errors"].is_null(), "{query}: {answer}");
        answer["data"].take()
    }

    /// The status and the code of a member's request to the REST routes.
    pub(crate) async fn list_issues(&self, organization: &str, user: &str) -> (u16, Value) {
        let request = self.client.get(self.url("/api/issues")).header("x-user-id", user);
        let response = request.header("x-organization-id", organization).send().await.unwrap();
        let status = response.status().as_u16();
        let mut body: Value = response.json().await.unwrap();
        (status, body["error"]["code"].take())
    }

    /// The data of a query of a member, which must succeed.
    pub(crate) async fn ask(&self, organization: &str, user: &str, query: &str) -> Value {
        let mut answer = self.answer(organization, user, query).await;
        assert!(answer["errors"].is_null(), "{query}: {answer}");
        answer["data"].take()
    }
}

/// The program with these arguments, without the settings of the environment.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CONVENE_")) {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

fn seeds() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../seeds")
}
