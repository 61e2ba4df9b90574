//! GraphQL mutations and their results.

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use crate::{Connection, Credentials};

pub const CREATE_ORGANIZATION: &str = "mutation F($input: CreateOrganizationInput!) { \
    createOrganization(input: $input) { organization { id } userErrors { code } } }";
pub const ADD_MEMBER: &str =
    "mutation A($input: AddMemberInput!) { addMember(input: $input) { member { id } userErrors { code } } }";
pub const CREATE_EVENT: &str = "mutation C($input: CreateEventInput!) { createEvent(input: $input) { event { id } userErrors { code } } }";
pub const REGISTER: &str = "mutation R($input: RegisterForOccurrenceInput!) { \
    registerForOccurrence(input: $input) { registration { id status } userErrors { code } } }";
pub const CANCEL: &str = "mutation X($input: CancelRegistrationInput!) { \
    cancelRegistration(input: $input) { registration { id } userErrors { code } } }";

/// The result of a mutation.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The payload.
    Done(Value),
    /// The code of the first user error.
    Refused(String),
    /// The code of a top-level error, or of a request that is refused as a whole.
    Failed(String),
}

impl Outcome {
    /// Parses the body of a response.
    pub fn read(body: &[u8]) -> anyhow::Result<Self> {
        let mut answer: Value = serde_json::from_slice(body).context("the answer is not JSON")?;
        if let Some(error) = answer["errors"].get(0) {
            let code = error["extensions"]["code"].as_str();
            return Ok(Self::Failed(
                code.with_context(|| format!("the error has no code: {error}"))?.to_owned(),
            ));
        }
        // Refused before the document was read.
        if let Some(code) = answer["error"]["code"].as_str() {
            return Ok(Self::Failed(code.to_owned()));
        }
        let data = answer["data"].as_object_mut().and_then(|data| data.values_mut().next());
        let payload = data.map(Value::take).with_context(|| format!("the answer has no data: {answer}"))?;
        match payload["userErrors"].get(0) {
            None => Ok(Self::Done(payload)),
            Some(error) => Ok(Self::Refused(text(error, "/code")?.to_owned())),
        }
    }
}

pub fn call(document: &str, input: &Value) -> String {
    json!({ "query": document, "variables": { "input": input } }).to_string()
}

/// Executes a mutation that must succeed, and returns its payload.
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

/// The non-empty string at this JSON pointer.
pub fn text<'a>(value: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    let found =
        value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {value}"))?;
    ensure!(!found.is_empty(), "{pointer} is empty");
    Ok(found)
}
