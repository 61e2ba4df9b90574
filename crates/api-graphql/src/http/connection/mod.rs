//! The connections of clients, and the time for which a client may leave its response unread.

pub(crate) mod late;
pub(crate) mod unrouted;
mod write_time;

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes, BytesMut};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::timeout,
};

use self::{unrouted::UnroutedResponses, write_time::WriteTime};
use crate::{
    http::{
        eviction::{OpenConnection, OpenConnections},
        limits::HttpLimits,
        read_ahead::ReadAhead,
    },
    telemetry::{SecurityEvent, record_security_event},
};

/// The time for which a refused client may take its response.
const REFUSAL_TIME: Duration = Duration::from_millis(250);

/// The largest request that a refused client has sent already, in bytes.
const REFUSED_BYTES: u64 = 16 * 1_024;

/// The bytes that the system buffers for a connection. It takes more bytes only when a third is free, so that with a
/// larger buffer, a slow client would seem not to read for longer than the write time.
const SEND_BUFFER_BYTES: usize = 64 * 1_024;

/// A byte that no header contains. The HTTP library refuses the headers before it, and reads nothing more from the connection.
const INVALID: &[u8] = b"\0";

/// The open connections of this process.
#[derive(Clone)]
pub(crate) struct Connections {
    open: OpenConnections,
    responses: UnroutedResponses,
}

impl Connections {
    pub(crate) fn new(responses: UnroutedResponses) -> Self {
        Self { open: OpenConnections::default(), responses }
    }

    /// Takes a new connection, or responds with a refusal and closes it.
    ///
    /// # Errors
    /// There are too many connections, in total or from this address, or the client has disconnected.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
        limits: HttpLimits,
    ) -> io::Result<(Connection, Option<SocketAddr>)> {
        let peer = stream.peer_addr()?;
        let Some(open) = self.open.enter(peer.ip().to_canonical(), &limits) else {
            refuse(stream, self.responses.too_many_connections()).await;
            return Err(io::Error::other("too many connections"));
        };
        SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER_BYTES)?;
        let writing = WriteTime::new(limits.write_time, limits.write_rate);
        let responses = self.responses.clone();
        let connection = Connection {
            stream,
            read_ahead: ReadAhead::of(open.handle()),
            read: BytesMut::new(),
            has_invalid_head: false,
            writing,
            responses,
            unanswered: None,
            replacement: None,
            open,
            is_blocked: false,
        };
        Ok((connection, Some(peer)))
    }
}

/// Sends the response and closes the connection.
async fn refuse(stream: TcpStream, response: Bytes) {
    // A client that takes longer loses only the response.
    drop(timeout(REFUSAL_TIME, respond(stream, &response)).await);
}

async fn respond(mut stream: TcpStream, response: &[u8]) -> io::Result<()> {
    stream.write_all(response).await?;
    stream.shutdown().await?;
    // If bytes of the request were left unread, the system would discard the response.
    tokio::io::copy(&mut stream.take(REFUSED_BYTES), &mut tokio::io::sink()).await?;
    Ok(())
}

/// A connection that fails when its client does not read, and that replaces the responses of the HTTP library.
pub(crate) struct Connection {
    stream: TcpStream,
    read_ahead: ReadAhead,
    /// The bytes that the HTTP library does not have yet.
    read: BytesMut,
    /// Headers were too large and were made invalid. Nothing more is read.
    has_invalid_head: bool,
    writing: WriteTime,
    responses: UnroutedResponses,
    /// The time at which bytes arrived after the last response.
    unanswered: Option<Instant>,
    /// The rest of the bytes to write instead of a response, and the length of that response.
    replacement: Option<(Bytes, usize)>,
    open: OpenConnection,
    /// The client keeps the connection from writing.
    is_blocked: bool,
}

impl Connection {
    pub(crate) fn read_ahead(&self) -> &ReadAhead {
        &self.read_ahead
    }

    fn poll_write_some(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if self.is_blocked != written.is_pending() {
            self.is_blocked = written.is_pending();
            self.open.set_writing(self.is_blocked);
        }
        match written {
            Poll::Pending => self.writing.poll_expired(context).map(|()| {
                record_security_event(SecurityEvent::SlowReader);
                Err(io::ErrorKind::TimedOut.into())
            }),
            Poll::Ready(written) => {
                self.writing.progress(*written.as_ref().unwrap_or(&0));
                self.read_ahead.wrote();
                Poll::Ready(written)
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.read_ahead.poll_ready(context));
        if self.has_invalid_head {
            return Poll::Pending;
        }
        if self.open.gives_way(context.waker()) {
            // The library closes the connection.
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        if self.read_ahead.is_discarding() {
            // The library would take the body apart into its chunks. It closes the connection some seconds after the response.
            self.read.clear();
            ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
            let bytes = buffer.filled().len() - before;
            buffer.set_filled(before);
            if bytes == 0 || !self.read_ahead.discard(bytes) {
                return Poll::Ready(Ok(()));
            }
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.read_ahead.is_head_too_large() {
            self.has_invalid_head = true;
            buffer.put_slice(INVALID);
        } else if self.read.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
            let read = &buffer.filled()[before..];
            let admitted = self.read_ahead.admit(read);
            self.read.extend_from_slice(&read[admitted..]);
            buffer.set_filled(before + admitted);
        } else {
            let length = self.read.len().min(buffer.remaining());
            let admitted = self.read_ahead.admit(&self.read[..length]);
            buffer.put_slice(&self.read.split_to(admitted));
        }
        if buffer.filled().len() > before {
            self.unanswered.get_or_insert_with(Instant::now);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(since) = self.unanswered.take()
            && self.replacement.is_none()
        {
            let replacement = self.responses.instead_of(bytes, since, self.has_invalid_head);
            self.replacement = replacement.map(|replacement| (replacement, bytes.len()));
        }
        let Some((mut rest, replaced)) = self.replacement.take() else {
            return self.poll_write_some(context, bytes);
        };
        while rest.has_remaining() {
            match self.poll_write_some(context, &rest) {
                Poll::Ready(Ok(written)) if written > 0 => rest.advance(written),
                Poll::Pending => {
                    self.replacement = Some((rest, replaced));
                    return Poll::Pending;
                }
                ended => return ended,
            }
        }
        Poll::Ready(Ok(replaced))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
