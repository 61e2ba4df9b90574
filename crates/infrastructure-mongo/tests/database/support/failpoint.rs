use std::{
    fs::File,
    sync::atomic::{AtomicI64, Ordering},
};

use bson::{Document, doc};

use super::TestDatabase;

/// A failure of commands of one test's client, simulated by the server.
pub(crate) struct FailPoint {
    mode: Document,
    data: Document,
}

/// An active fail point. A server has only one, so tests that use it wait for each other, also across processes.
pub(crate) struct SetFailPoint {
    client: mongodb::Client,
    before: AtomicI64,
    _turn: File,
}

impl FailPoint {
    /// Affects the next `times` commands of this name.
    pub(crate) fn on(command: &str, times: i32) -> Self {
        Self { mode: doc! { "times": times }, data: doc! { "failCommands": [command] } }
    }

    /// Affects only commands on this collection, and skips the first ones.
    pub(crate) fn in_collection(mut self, database: &TestDatabase, collection: &str, after: i32) -> Self {
        self.data.insert("namespace", format!("{}.{collection}", database.name()));
        self.mode = doc! { "skip": after };
        self
    }

    /// Makes the commands fail with this code and these labels, without an effect.
    pub(crate) fn code(mut self, code: i32, labels: &[&str]) -> Self {
        self.data.insert("errorCode", code);
        self.data.insert("errorLabels", labels.to_vec());
        self
    }

    /// Executes the commands, but reports that the write concern failed with this code.
    pub(crate) fn done_but_unsure(mut self, code: i32, labels: &[&str]) -> Self {
        self.data.insert("writeConcernError", doc! { "code": code, "errmsg": "in a test" });
        self.data.insert("errorLabels", labels.to_vec());
        self
    }

    /// Closes the connection instead of executing the commands.
    pub(crate) fn hang_up(mut self) -> Self {
        self.data.insert("closeConnection", true);
        self
    }

    /// Delays the commands.
    pub(crate) fn slow(mut self, milliseconds: i32) -> Self {
        self.data.insert("blockConnection", true);
        self.data.insert("blockTimeMS", milliseconds);
        self
    }

    /// Activates the fail point, until the result is dropped or `times` commands were affected.
    pub(crate) async fn set(mut self, database: &TestDatabase) -> SetFailPoint {
        self.data.insert("appName", database.name());
        let turn = tokio::task::spawn_blocking(|| {
            let file = File::create(std::env::temp_dir().join("convene-test-failpoint.lock"))?;
            file.lock()?;
            Ok::<_, std::io::Error>(file)
        });
        let turn = turn.await.unwrap().unwrap();
        let point = SetFailPoint { client: database.client.clone(), before: AtomicI64::new(0), _turn: turn };
        let command = doc! {
            "configureFailPoint": "failCommand",
            "mode": self.mode,
            "data": self.data,
        };
        let set = point.client.database("admin").run_command(command).await.unwrap();
        point.before.store(count(&set), Ordering::Relaxed);
        point
    }
}

impl SetFailPoint {
    /// Waits until a command is affected.
    pub(crate) async fn entered(&self) {
        let wait = doc! {
            "waitForFailPoint": "failCommand",
            "timesEntered": self.before.load(Ordering::Relaxed) + 1,
            "maxTimeMS": 10_000,
        };
        self.client.database("admin").run_command(wait).await.unwrap();
    }

    /// Ends the fail point and returns the number of affected commands.
    pub(crate) async fn times_entered(&self) -> i64 {
        let off = doc! { "configureFailPoint": "failCommand", "mode": "off" };
        let state = self.client.database("admin").run_command(off).await.unwrap();
        count(&state) - self.before.load(Ordering::Relaxed)
    }
}

/// The number of affected commands since the server started.
fn count(state: &Document) -> i64 {
    state.get_i64("count").or_else(|_| state.get_i32("count").map(i64::from)).unwrap()
}
