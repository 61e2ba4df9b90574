//! The bytes that a connection reads before a service takes them.

use std::{
    cell::RefCell,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use super::eviction::ConnectionHandle;
use crate::http::limits::{DISCARDED_BYTES, HEAD_BYTES, QUEUED_REQUESTS, READ_BYTES};

/// The bound of what one connection reads ahead, which its requests share.
///
/// The HTTP library reads up to 128 KiB while bytes arrive, also if no service takes them, its buffer stays as large as it was
/// once, and it makes requests of all these bytes, which take thirty times as much. A thousand connections with pipelined
/// requests would take 3 GB.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadAhead(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    /// The bytes since the last pause.
    read: usize,
    /// The requests that no service has begun.
    queued: usize,
    /// A service has begun a request and not yet responded.
    is_in_flight: bool,
    /// This service waits for bytes of the body.
    wants_body: bool,
    /// Bytes of the body may still come.
    is_body_incomplete: bool,
    /// The bytes of headers that are not complete.
    head: usize,
    /// The bytes that followed a response which left a part of the body unread.
    discarded: usize,
    waiting: Option<Waker>,
    /// A service has begun a request.
    has_begun: bool,
    /// The handle of the connection.
    connection: Option<ConnectionHandle>,
}

/// A request that a service works on, until it is dropped.
pub(super) struct Begun(ReadAhead);

impl ReadAhead {
    /// The bound of the connection with this handle.
    pub(super) fn of(connection: ConnectionHandle) -> Self {
        Self(Rc::new(RefCell::new(State { connection: Some(connection), ..State::default() })))
    }

    /// Notes that a service begins a request, which may have a body.
    pub(super) fn begin(&self, has_body: bool) -> Begun {
        let mut state = self.0.borrow_mut();
        state.queued = state.queued.saturating_sub(1);
        state.is_in_flight = true;
        state.wants_body = false;
        state.is_body_incomplete = has_body;
        state.head = 0;
        state.discarded = 0;
        let is_first = !std::mem::replace(&mut state.has_begun, true);
        if let Some(connection) = &state.connection {
            connection.begin(is_first);
        }
        drop(state);
        Begun(self.clone())
    }

    /// Notes that the service has the whole body. The connection reads another part, to notice that the client disconnects.
    pub(super) fn end_body(&self) {
        let mut state = self.0.borrow_mut();
        state.is_body_incomplete = false;
        state.read = 0;
    }

    /// Notes that the client reads a response.
    pub(super) fn wrote(&self) {
        self.0.borrow_mut().head = 0;
    }

    /// Returns true if the headers of a request are too large to wait for their end.
    pub(super) fn is_head_too_large(&self) -> bool {
        self.0.borrow().head > HEAD_BYTES
    }

    /// Returns true if what arrives belongs to a body that nobody reads, because its response was sent before its end.
    pub(super) fn is_discarding(&self) -> bool {
        let state = self.0.borrow();
        !state.is_in_flight && state.is_body_incomplete
    }

    /// Counts bytes of such a body. Returns false if there are too many.
    pub(super) fn discard(&self, bytes: usize) -> bool {
        let mut state = self.0.borrow_mut();
        state.discarded += bytes;
        state.discarded <= DISCARDED_BYTES
    }

    /// Notes whether the service waits for bytes of the body. Otherwise the connection reads nothing beyond the current part.
    pub(super) fn want_body(&self, wants_body: bool) {
        let mut state = self.0.borrow_mut();
        state.wants_body = wants_body;
        if wants_body {
            state.wake();
        }
    }

    /// Ready if the connection may read now. Between two parts it pauses once, so that the library processes the first one.
    pub(super) fn poll_ready(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.0.borrow_mut();
        let is_full = state.queued >= QUEUED_REQUESTS;
        if !is_full && state.read < READ_BYTES {
            return Poll::Ready(());
        }
        if state.is_in_flight && !state.wants_body {
            state.waiting = Some(context.waker().clone());
            return Poll::Pending;
        }
        state.read = 0;
        // The library gives the first request to a service now, or the lines that look like requests are of a body.
        state.queued = 0;
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Returns how many of these bytes the library may have now, and counts them.
    pub(super) fn admit(&self, bytes: &[u8]) -> usize {
        let mut state = self.0.borrow_mut();
        let mut admitted = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            admitted += line.len();
            let line = line.trim_ascii_end();
            // A body is rarely counted: no JSON text has such a line, because a string has no line breaks.
            if line.ends_with(b"HTTP/1.1") || line.ends_with(b"HTTP/1.0") {
                state.queued += 1;
                if state.queued == QUEUED_REQUESTS {
                    break;
                }
            }
        }
        state.read += admitted;
        if !state.is_in_flight {
            state.head += admitted;
        }
        admitted
    }
}

impl State {
    fn wake(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let mut state = self.0.0.borrow_mut();
        state.is_in_flight = false;
        if let Some(connection) = &state.connection {
            connection.end();
        }
        state.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use futures::FutureExt;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        time::timeout,
    };

    use super::*;
    use crate::http::{
        connection::{Connection, Connections, unrouted::UnroutedResponses},
        limits::HttpLimits,
    };

    const SENT: usize = 256 * 1_024;
    const BUFFER: usize = 8 * 1_024;
    const QUIET_TIME: Duration = Duration::from_millis(100);

    /// A connection whose client sends more than one part.
    async fn connection(sent: &[u8]) -> Connection {
        let sent = sent.to_vec();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let responses =
            UnroutedResponses::new(Arc::new(String::new), Duration::from_secs(5), &"*".parse().unwrap());
        let accepted = Connections::new(responses).accept(stream, HttpLimits::default()).await;
        drop(tokio::spawn(async move {
            client.write_all(&sent).await.unwrap();
            // The client stays connected.
            std::future::pending::<()>().await;
        }));
        accepted.unwrap().0
    }

    /// The bytes that the connection reads until none come for a short time.
    async fn read_until_idle(connection: &mut Connection) -> usize {
        let (mut buffer, mut total) = ([0; BUFFER], 0);
        while let Ok(read) = timeout(QUIET_TIME, connection.read(&mut buffer)).await {
            total += read.unwrap();
        }
        total
    }

    #[tokio::test]
    async fn a_connection_reads_one_part_until_its_service_waits_for_more() {
        let mut connection = connection(&[0; SENT]).await;
        let read_ahead = connection.read_ahead().clone();
        let begun = read_ahead.begin(true);
        let first = read_until_idle(&mut connection).await;
        assert!((READ_BYTES..READ_BYTES + BUFFER).contains(&first), "{first} bytes");
        read_ahead.want_body(true);
        let second = connection.read(&mut [0; BUFFER]).await.unwrap();
        read_ahead.want_body(false);
        let rest = read_until_idle(&mut connection).await;
        assert!(second + rest < READ_BYTES + BUFFER, "{second} and {rest} bytes");
        drop(begun);
        assert_eq!(read_until_idle(&mut connection).await, 0, "the rest of the body is discarded");
        assert_eq!(first + second + rest + read_ahead.0.borrow().discarded, SENT);
    }

    #[tokio::test]
    async fn a_connection_pauses_after_each_part() {
        let mut connection = connection(&[0; SENT]).await;
        let read_ahead = connection.read_ahead().clone();
        let _begun = read_ahead.begin(true);
        read_ahead.want_body(true);
        let (mut buffer, mut of_part, mut total) = ([0; BUFFER], 0, 0);
        while total < SENT {
            match connection.read(&mut buffer).now_or_never() {
                Some(read) => {
                    let read = read.unwrap();
                    (of_part, total) = (of_part + read, total + read);
                    assert!(of_part < READ_BYTES + BUFFER, "{of_part} bytes");
                }
                None => {
                    of_part = 0;
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    #[tokio::test]
    async fn a_body_may_have_lines_that_look_like_requests() {
        const LINE: &[u8] = b"POST / HTTP/1.1\n";
        let sent = LINE.repeat(SENT / LINE.len());
        let mut connection = connection(&sent).await;
        let read_ahead = connection.read_ahead().clone();
        let _begun = read_ahead.begin(true);
        read_ahead.want_body(true);
        assert_eq!(read_until_idle(&mut connection).await, sent.len());
    }

    #[tokio::test]
    async fn a_few_requests_wait_for_the_response_to_the_first_one() {
        const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        const SENT_REQUESTS: usize = 20;
        let mut connection = connection(&REQUEST.repeat(SENT_REQUESTS)).await;
        let read_ahead = connection.read_ahead().clone();
        let mut total = 0;
        for _ in 0..SENT_REQUESTS {
            let begun = read_ahead.begin(false);
            let read = read_until_idle(&mut connection).await;
            assert!(read <= QUEUED_REQUESTS * REQUEST.len(), "{read} bytes");
            total += read;
            drop(begun);
        }
        assert_eq!(total, SENT_REQUESTS * REQUEST.len());
    }
}
