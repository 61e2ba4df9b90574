//! The log of the whole test process, in memory.

use std::{
    io,
    sync::{Arc, Mutex, OnceLock},
};

use convene_api_graphql::telemetry::{self, LogFormat};
use serde_json::Value;

const FILTER: &str = "info,convene_api_graphql::http::mutations=debug";

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn buffer() -> &'static Buffer {
    static BUFFER: OnceLock<Buffer> = OnceLock::new();
    BUFFER.get_or_init(|| {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        telemetry::start_logging(LogFormat::Json, FILTER, move || writer.clone(), None).unwrap();
        buffer
    })
}

/// Starts to collect the log.
pub(crate) fn capture() {
    let _started = buffer();
}

/// Returns the log so far.
pub(crate) fn text() -> String {
    String::from_utf8(buffer().0.lock().unwrap().clone()).unwrap()
}

/// Returns the lines so far.
pub(crate) fn lines() -> Vec<Value> {
    text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the lines of one request.
pub(crate) fn of_request(id: &str) -> Vec<Value> {
    lines().into_iter().filter(|line| line["request_id"] == id).collect()
}
