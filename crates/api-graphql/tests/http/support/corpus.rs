//! The requests of `tests/data/bad_inputs.jsonl`.

use std::{net::SocketAddr, time::Duration};

use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A case, with exactly one of `body`, `text` and `raw`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) expect: Expectation,
    /// A GraphQL request.
    body: Option<Map<String, Value>>,
    /// An unchanged body, sent as `content_type` with `headers`.
    text: Option<String>,
    content_type: Option<String>,
    #[serde(default)]
    headers: Map<String, Value>,
    /// Bytes for the socket; `\xNN` stands for a byte, and `{{credentials}}` for the lines of the caller's headers.
    raw: Option<String>,
    /// The replacement of `{{gen}}`.
    #[serde(rename = "gen")]
    generate: Option<Generate>,
    /// The credentials instead of a caller's; `{{jwt:...}}` stands for a forged token.
    pub(crate) authorization: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Expectation {
    /// The request succeeds for members.
    Ok,
    ClientError,
    AuthError,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Generate {
    Repeat(String, usize),
    Nest(String, String, String, usize),
    /// The text a number of times, with `{i}` and `{i+1}` replaced by the index.
    Alias(String, usize),
}

impl Generate {
    fn text(&self) -> String {
        match self {
            Self::Repeat(text, times) => text.repeat(*times),
            Self::Nest(open, middle, close, levels) => {
                format!("{}{middle}{}", open.repeat(*levels), close.repeat(*levels))
            }
            Self::Alias(text, times) => (0..*times)
                .map(|number| {
                    text.replace("{i+1}", &(number + 1).to_string()).replace("{i}", &number.to_string())
                })
                .collect(),
        }
    }
}

impl Case {
    /// All cases.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        include_str!("../../data/bad_inputs.jsonl").lines().map(|line| serde_json::from_str(line).unwrap())
    }

    /// Sends the case to `/graphql` with the headers of a caller. Returns the status and the body of the response; for a raw
    /// case the whole response, and 0 as the status if there is none.
    pub(crate) async fn send(&self, server: SocketAddr, caller: &[(&str, String)]) -> (u16, String) {
        let fill = |text: &str| self.fill(text, server, caller);
        if let Some(raw) = &self.raw {
            let mut stream = TcpStream::connect(server).await.unwrap();
            stream.write_all(&bytes(&fill(raw))).await.unwrap();
            let answer = read_answer(&mut stream).await;
            let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
            return (status, answer);
        }
        let mut request = reqwest::Client::new().post(format!("http://{server}/graphql"));
        for (name, value) in caller {
            request = request.header(*name, value);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value.as_str().unwrap());
        }
        request = match (&self.body, &self.text) {
            (Some(body), None) => {
                let mut body = body.clone();
                let document = fill(body["query"].as_str().unwrap());
                body.insert("query".to_owned(), document.into());
                request.header("accept", "application/graphql-response+json").json(&body)
            }
            (None, Some(text)) => {
                let content_type = self.content_type.as_deref().filter(|kind| !kind.is_empty());
                if let Some(content_type) = content_type {
                    request = request.header("content-type", content_type);
                }
                request.body(fill(text))
            }
            _ => panic!("{}: neither body, text nor raw", self.name),
        };
        match request.send().await {
            Ok(response) => (response.status().as_u16(), response.text().await.unwrap_or_default()),
            // The server may close the connection while a huge body is still being sent.
            Err(error) => panic!("{}: {error:?}", self.name),
        }
    }

    fn fill(&self, text: &str, server: SocketAddr, caller: &[(&str, String)]) -> String {
        let credentials: String = caller.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let text = match &self.generate {
            Some(generate) => text.replace("{{gen}}", &generate.text()),
            None => text.to_owned(),
        };
        text.replace("{{costLimit}}", "events(first: 99){nodes{id title a:id b:id c:id d:id e:id f:id g:id h:id i:id \
                                       j:id k:id l:id m:id n:id o:id id id id id id id id id id id id id id id id id \
                                       id id id id id id id id id id id id id id}}")
            .replace("{{listEvents}}", "query($first: Int){events(first: $first){nodes{id}}}")
            .replace("{{host}}", &server.to_string())
            .replace("{{credentials}}", &credentials)
    }

    /// Tests whether a status is that of a refusal.
    pub(crate) fn is_refusal(&self, status: u16) -> bool {
        // For bytes that are no request, a closed connection is as valid as a 400.
        (400..500).contains(&status) || (status == 0 && self.raw.is_some())
    }
}

/// The words of internals, which no response has.
pub(crate) fn leaks(body: &str) -> bool {
    ["Did you mean", "panicked", ".rs:", "juniper", "serde"].iter().any(|word| body.contains(word))
}

/// Returns the bytes of a text in which `\xNN` stands for a byte.
fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (byte, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(byte, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

/// Reads until the response is complete, the server closes the connection, or a timeout elapses.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(Ok(count)) = tokio::time::timeout(Duration::from_secs(8), stream.read(&mut chunk)).await {
        answer.extend_from_slice(&chunk[..count]);
        if count == 0 || is_complete(&answer) {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Returns true if the text has a head and a body of the content length.
fn is_complete(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    length.is_some_and(|length| body.len() >= length)
}
