use std::{
    path::PathBuf,
    process::{Command, Output},
};

use bson::{Document, doc};
use convene_stress::{Server, new_id};
use mongodb::{Client, Collection};
use serde_json::{Value, json};

/// The program that is tested.
const PROGRAM: &str = env!("CARGO_BIN_EXE_convene");

/// A database that nothing else uses, dropped at the end, and the program on it.
pub(crate) struct Installation {
    pub(crate) uri: String,
    name: String,
    client: Client,
    logs: tempfile::TempDir,
}

impl Installation {
    /// With a database that is not there yet.
    pub(crate) async fn empty() -> Self {
        let uri = std::env::var("CONVENE_TEST_MONGODB_URI").expect(
            "CONVENE_TEST_MONGODB_URI must name a MongoDB replica set to test on; `cargo xtask test` starts one",
        );
        let name = format!("convene_program_{}", new_id().simple());
        let client = Client::with_uri_str(&uri).await.unwrap();
        Self { uri, name, client, logs: tempfile::tempdir().unwrap() }
    }

    /// With the demo data.
    pub(crate) async fn seeded() -> Self {
        let installation = Self::empty().await;
        let loaded = installation.run(&["seed", seeds().to_str().unwrap()]);
        assert!(loaded.status.success(), "{loaded:?}");
        installation
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        program(arguments)
            .env("CONVENE_MONGODB_URI", &self.uri)
            .env("CONVENE_DATABASE", &self.name)
            .output()
            .unwrap()
    }

    /// Runs a command that succeeds, and answers with what it printed.
    pub(crate) fn printed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a server that believes headers.
    pub(crate) async fn serve(&self) -> Served {
        let log = self.logs.path().join(format!("{}.log", new_id().simple()));
        let server = Server::start(PROGRAM.as_ref(), &self.uri, &self.name, log).await.unwrap();
        Served { server, client: reqwest::Client::new() }
    }

    /// A collection, past everything that guards it.
    pub(crate) fn collection(&self, name: &str) -> Collection<Document> {
        #[expect(clippy::disallowed_methods, reason = "tests look behind the door")]
        self.client.database(&self.name).collection(name)
    }

    /// Makes a document break what its validator refuses.
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

impl Drop for Installation {
    fn drop(&mut self) {
        let (client, name) = (self.client.clone(), self.name.clone());
        // A runtime of its own: the test's may be ending.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { client.database(&name).run_command(doc! { "dropDatabase": 1 }).await })
        });
        drop(dropping.join());
    }
}

/// A server, and a client to it.
pub(crate) struct Served {
    pub(crate) server: Server,
    client: reqwest::Client,
}

impl Served {
    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// Asks as a member of an organization; the answer, whatever it says.
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

    /// The same where there must be data.
    pub(crate) async fn ask(&self, organization: &str, user: &str, query: &str) -> Value {
        let mut answer = self.answer(organization, user, query).await;
        assert!(answer["errors"].is_null(), "{query}: {answer}");
        answer["data"].take()
    }
}

/// The program with these arguments and none of the settings around it.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CONVENE_")) {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

/// The folder of the demo data.
fn seeds() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../seeds")
}
