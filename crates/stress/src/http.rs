//! A minimal HTTP/1.1 client, which costs little because it shares the cores with the measured program.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The sender of a request, for servers with `CONVENE_AUTH=headers`.
#[derive(Clone, Debug)]
pub struct Credentials {
    headers: String,
}

impl Credentials {
    pub fn operator() -> Self {
        Self { headers: "x-user-id: operator\r\nx-operator: true\r\n".to_owned() }
    }

    pub fn member(organization: &str, user: &str) -> Self {
        Self { headers: format!("x-organization-id: {organization}\r\nx-user-id: {user}\r\n") }
    }

    /// Builds a request to the GraphQL endpoint.
    pub fn post(&self, body: &str) -> Vec<u8> {
        self.request("POST", "/graphql", "", body)
    }

    /// Builds a request with further headers, each of which ends with a line break.
    pub fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
        let Self { headers: credentials } = self;
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             accept: application/json\r\n{credentials}{headers}content-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub body: Vec<u8>,
}

/// A persistent connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    is_closing: bool,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(4 * 1024), is_closing: false })
    }

    /// Returns true if the last response was announced to be the last one of this connection.
    pub const fn is_closing(&self) -> bool {
        self.is_closing
    }

    /// Sends a request and returns the body of the response. After an error the connection is unusable.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<Vec<u8>> {
        Ok(self.exchange(request).await?.body)
    }

    /// Sends a request and returns the response. After an error the connection is unusable.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Response> {
        self.stream.write_all(request).await?;
        let (status, head, length) = loop {
            if let Some(end) = find(&self.received, b"\r\n\r\n") {
                let head = &self.received[..end];
                self.is_closing = header(head, "connection")?.is_some_and(|value| value == "close");
                break (status(head)?, end + 4, content_length(head)?);
            }
            if self.received.len() > MAX_HEAD_BYTES {
                return Err(ErrorKind::InvalidData.into());
            }
            self.receive().await?;
        };
        while self.received.len() < head + length {
            self.receive().await?;
        }
        let body = self.received[head..head + length].to_vec();
        self.received.drain(..head + length);
        Ok(Response { status, body })
    }

    async fn receive(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

fn status(head: &[u8]) -> io::Result<u16> {
    // `HTTP/1.1 200 OK`
    let status = head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    status.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "an answer without a status"))
}

fn content_length(head: &[u8]) -> io::Result<usize> {
    let length = header(head, "content-length")?.and_then(|value| value.parse().ok());
    length.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "an answer without a length"))
}

fn header<'h>(head: &'h [u8], wanted: &str) -> io::Result<Option<&'h str>> {
    let head = std::str::from_utf8(head).map_err(|_| io::Error::from(ErrorKind::InvalidData))?;
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    Ok(headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim()))
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}
