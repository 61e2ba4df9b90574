//! Mutations, and what they answer.

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use crate::{Connection, Credentials};

/// Takes a seat.
pub const REGISTER: &str = "mutation R($input: RegisterForOccurrenceInput!) { \
    registerForOccurrence(input: $input) { registration { id status } userErrors { code } } }";

/// How a mutation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was done; the payload.
    Done(Value),
    /// The rules say no; the code of the first reason.
    Refused(String),
    /// The machinery failed; the code.
    Failed(String),
}

impl Outcome {
    /// Reads an answer's body.
    pub fn read(body: &[u8]) -> anyhow::Result<Self> {
        let mut answer: Value = serde_json::from_slice(body).context("an answer that is no JSON")?;
        if let Some(error) = answer["errors"].get(0) {
            let code = error["extensions"]["code"].as_str();
            return Ok(Self::Failed(
                code.with_context(|| format!("an error without a code: {error}"))?.to_owned(),
            ));
        }
        let data = answer["data"].as_object_mut().and_then(|data| data.values_mut().next());
        let payload = data.map(Value::take).with_context(|| format!("an answer without data: {answer}"))?;
        match payload["userErrors"].get(0) {
            None => Ok(Self::Done(payload)),
            Some(error) => Ok(Self::Refused(text(error, "/code")?.to_owned())),
        }
    }
}

/// The body of a request.
pub fn call(document: &str, input: &Value) -> String {
    json!({ "query": document, "variables": { "input": input } }).to_string()
}

/// Runs a mutation that has to succeed.
pub async fn created(
    connection: &mut Connection,
    credentials: &Credentials,
    document: &str,
    input: &Value,
) -> anyhow::Result<Value> {
    let body = connection.send(&credentials.post(&call(document, input))).await?;
    match Outcome::read(&body)? {
        Outcome::Done(payload) => Ok(payload),
        other => bail!("{document} with {input}: {other:?}"),
    }
}

/// The text at this place of an answer.
pub fn text<'a>(value: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    let found =
        value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {value}"))?;
    ensure!(!found.is_empty(), "{pointer} is empty");
    Ok(found)
}
