//! A minimal client of the MongoDB wire protocol.
//!
//! The setup of a replica set takes three commands. The driver would add two hundred crates for them, and `cargo
//! xtask` is compiled before anything else on a new machine. This module therefore sends `OP_MSG` itself. It needs
//! no authentication or TLS, because it connects only to the mongods that it has started.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use bson::{Document, doc};

/// The timeout of each socket operation.
const TIMEOUT: Duration = Duration::from_secs(5);
const OP_MSG: i32 = 2013;
/// Length, request id, response-to id and operation code, four bytes each.
const HEADER_BYTES: usize = 16;
/// Flag bits (four bytes) and the kind of the first section (one byte).
const PREAMBLE_BYTES: usize = 5;
/// The largest message of a server.
const MAX_MESSAGE_BYTES: usize = 48_000_000;

/// The error of a command.
#[derive(Debug)]
pub(super) struct CommandFailed {
    /// The error code of MongoDB.
    pub(super) code: i32,
    message: String,
}

impl std::fmt::Display for CommandFailed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} (code {})", self.message, self.code)
    }
}

impl std::error::Error for CommandFailed {}

/// The result of `hello`.
#[derive(Debug)]
pub(super) struct Hello {
    /// The name of the member's replica set, if it has one.
    pub(super) set_name: Option<String>,
    /// The member is a writable primary.
    pub(super) writable_primary: bool,
}

/// Runs `hello` on the server at `address` (`host:port`).
pub(super) fn hello(address: &str) -> anyhow::Result<Hello> {
    let answer = admin_command(address, &doc! { "hello": 1 })?;
    Ok(Hello {
        set_name: answer.get_str("setName").ok().map(str::to_owned),
        writable_primary: answer.get_bool("isWritablePrimary").unwrap_or(false),
    })
}

/// Runs a command on the `admin` database of the server at `address` and returns its answer.
///
/// # Errors
/// [`CommandFailed`] if the server returns an error; other errors if it cannot be reached.
pub(super) fn admin_command(address: &str, command: &Document) -> anyhow::Result<Document> {
    let mut command = command.clone();
    command.insert("$db", "admin");
    let target =
        address.to_socket_addrs()?.next().with_context(|| format!("{address} cannot be resolved"))?;
    let mut stream = TcpStream::connect_timeout(&target, TIMEOUT)
        .with_context(|| format!("cannot connect to {address}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(&encode(&command)?)?;
    let answer = decode(&mut stream).with_context(|| format!("no answer from {address}"))?;
    if number(&answer, "ok") == 1 {
        return Ok(answer);
    }
    let message = answer.get_str("errmsg").unwrap_or("refused without a reason").to_owned();
    bail!(CommandFailed { code: number(&answer, "code"), message })
}

fn encode(command: &Document) -> anyhow::Result<Vec<u8>> {
    let document = command.to_vec()?;
    let length = i32::try_from(HEADER_BYTES + PREAMBLE_BYTES + document.len())?;
    let mut message = Vec::new();
    for field in [length, 1, 0, OP_MSG, 0] {
        message.extend(field.to_le_bytes());
    }
    message.push(0);
    message.extend(document);
    Ok(message)
}

fn decode(stream: &mut impl Read) -> anyhow::Result<Document> {
    let mut header = [0; HEADER_BYTES];
    stream.read_exact(&mut header)?;
    let field = |at: usize| {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&header[at..at + 4]);
        i32::from_le_bytes(bytes)
    };
    ensure!(field(12) == OP_MSG, "the answer is not OP_MSG");
    let length = usize::try_from(field(0))?;
    ensure!(
        (HEADER_BYTES + PREAMBLE_BYTES..=MAX_MESSAGE_BYTES).contains(&length),
        "an answer of {length} bytes"
    );
    let mut body = vec![0; length - HEADER_BYTES];
    stream.read_exact(&mut body)?;
    ensure!(body[PREAMBLE_BYTES - 1] == 0, "the answer does not begin with a document");
    Ok(Document::from_reader(&body[PREAMBLE_BYTES..])?)
}

/// Reads a number, which servers send as a double, an int or a long.
fn number(document: &Document, key: &str) -> i32 {
    use bson::Bson::{Double, Int32, Int64};
    match document.get(key) {
        Some(Int32(value)) => *value,
        Some(Int64(value)) => i32::try_from(*value).unwrap_or(0),
        Some(Double(value)) if (*value - 1.0).abs() < f64::EPSILON => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_reverses_encode() {
        let command = doc! { "hello": 1, "$db": "admin" };
        let bytes = encode(&command).unwrap();
        let length = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        assert_eq!(u32::try_from(bytes.len()).unwrap(), length);
        assert_eq!(decode(&mut bytes.as_slice()).unwrap(), command);
    }

    #[test]
    fn an_invalid_header_is_refused_without_reading_the_body() {
        let http = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
        assert!(decode(&mut http.as_slice()).is_err());
        let mut huge = encode(&doc! {}).unwrap();
        huge[..4].copy_from_slice(&i32::MAX.to_le_bytes());
        assert!(decode(&mut huge.as_slice()).unwrap_err().to_string().contains("bytes"));
    }

    #[test]
    fn number_reads_every_number_type() {
        for ok in [doc! { "ok": 1.0 }, doc! { "ok": 1 }, doc! { "ok": 1_i64 }] {
            assert_eq!(number(&ok, "ok"), 1, "{ok}");
        }
        assert_eq!(number(&doc! { "ok": 0.0 }, "ok"), 0);
    }
}
