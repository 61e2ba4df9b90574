//! The limits of a single HTTP request, each with its reason.

use std::time::Duration;

use convene_application::authentication::Deadline;
use tokio::time::Instant;

/// The part of the time of a request that is left for its response when the work ends. A change that ends in time is answered
/// with its result, and not as one whose outcome is unknown.
const RESPONSE_TIME: Duration = Duration::from_millis(500);

/// The limits of the size and time of a request. [`Default`] has the values and their reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// The maximum size of the body in bytes.
    pub body_bytes: usize,
    /// The maximum size of request line and headers together, in bytes.
    pub header_bytes: usize,
    /// The maximum time until the headers have arrived.
    pub header_time: Duration,
    /// The maximum time until the body has arrived.
    pub body_time: Duration,
    /// The maximum time from the headers of the request to its response.
    pub request_time: Duration,
    /// The maximum time for which a client may leave its response unread. Reading at the minimum rate pays it back.
    pub write_time: Duration,
    /// The minimum rate at which a client has to read, in bytes per second.
    pub write_rate: u32,
    /// The maximum number of connections of the process.
    pub connections: usize,
    /// The maximum number of connections from one address. Behind a proxy, all clients have its address.
    pub connections_per_address: usize,
    /// The maximum memory of all large bodies and the values in them, in bytes. Further ones are refused.
    pub bodies_bytes: usize,
    /// The maximum size of all large responses that clients have not read yet, in bytes. Queries beyond it are refused;
    /// the result of a change is always sent.
    pub unsent_bytes: usize,
    /// The maximum memory of large requests that are executed, in bytes, as far as it is known before. Further ones wait.
    pub execution_bytes: usize,
    /// The maximum time for which a large request waits for this memory. One that waits longer is refused.
    pub execution_wait: Duration,
}

impl HttpLimits {
    /// The maximum number of connections from one address that have not sent the headers of a request yet. Clients and proxies send
    /// them at once.
    #[must_use]
    pub const fn unfinished_per_address(&self) -> usize {
        self.connections_per_address.div_ceil(2)
    }

    /// The deadline of the work for a request that must be answered by this time.
    pub(crate) fn work_deadline(answer_by: Instant) -> Deadline {
        Deadline::at((answer_by - RESPONSE_TIME).into_std()).begun_at(Instant::now().into_std())
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            // A document of the most tokens allowed has about 20 KiB, an event's description at most 40 KiB.
            body_bytes: 256 * 1024,
            // Room for the largest token (8 KiB) and for what browsers and proxies add.
            header_bytes: 16 * 1024,
            // A client on a bad line sends this much in one second; only one that holds connections takes longer.
            header_time: Duration::from_secs(5),
            body_time: Duration::from_secs(5),
            // Twice the limit of a transaction. An edit of an event has 20 s, and continues after its caller was answered. A proxy
            // in front stops waiting after 30 s or more.
            request_time: Duration::from_secs(10),
            // A client on a bad line loses a few seconds; only one that holds memory reads nothing for longer.
            write_time: Duration::from_secs(10),
            // A tenth of a slow mobile connection. The largest response takes ten minutes at this rate.
            write_rate: 16 * 1024,
            // A connection takes up to 64 KiB of buffers.
            connections: 4_000,
            // One address leaves connections to others. If several take all, their idle ones give way.
            connections_per_address: 2_000,
            // Sixty-four of the largest bodies, or hundreds of long descriptions.
            bodies_bytes: 64 * 1024 * 1024,
            // Six of the largest responses, or a thousand responses of an ordinary page with long texts.
            unsent_bytes: 64 * 1024 * 1024,
            // Two of the largest documents, or a hundred pages of ordinary size.
            execution_bytes: 64 * 1024 * 1024,
            // Enough time remains for the work and for the response.
            execution_wait: Duration::from_secs(3),
        }
    }
}

/// The connections to the address of the probes: a few hosts probe and scrape.
pub const PROBE_CONNECTIONS: usize = 200;

/// The connections from one address to the address of the probes. A host that opens many of them keeps no others out.
pub const PROBE_CONNECTIONS_PER_ADDRESS: usize = 50;

/// The bytes after which a connection lets the HTTP library process what it has read. A request in flight that does not wait for
/// its body keeps the connection from reading more.
pub const READ_BYTES: usize = 8 * 1024;

/// The requests of a connection that are read before they are executed. Further ones are read later.
pub const QUEUED_REQUESTS: usize = 4;

/// The time in which a client may complete a body after its response. If the connection were closed at once, a client that reads
/// the response only after it has sent everything would lose it.
pub const LATE_BODY_TIME: Duration = Duration::from_secs(5);

/// The bytes that a client may send of a body after its response: those of the largest body that any setting allows.
pub const DISCARDED_BYTES: usize = 16 * 1024 * 1024;

/// The chunks of a body that may be of any size. Beyond them, chunks must have [`BYTES_OF_PART`] bytes on average.
pub const BODY_PARTS: usize = 1_000;

/// The average bytes of further chunks of a body. Clients that write as they serialize have buffers of some KiB.
pub const BYTES_OF_PART: usize = 64;

/// The headers of a request, as many as the HTTP library reads.
pub const HEADERS: usize = 96;

/// The bytes of headers that have no end yet. Complete headers beyond the limit are refused with the id of their request.
pub const HEAD_BYTES: usize = 24 * 1024;

/// The maximum size of a body that does not count as large, in bytes: an ordinary document with its variables.
pub const SMALL_BODY_BYTES: usize = 8 * 1024;

/// The memory of a body, compared with its size: its bytes, and the values in it.
pub(crate) const MEMORY_OF_BODY: usize = 4;

/// The maximum size of a response that does not count as large, in bytes: about what a connection buffers anyway.
pub const SMALL_RESPONSE_BYTES: usize = 64 * 1024;

/// The memory of documents that are being compiled, in bytes. It limits their number: three, of which one of a caller and two
/// of an organization, so that others have processors left. Further ones wait in turn.
pub const COMPILING_BYTES: usize = 4 * COMPILED_BYTES;

/// The memory of one of the largest documents, in bytes: half a KiB for each token.
pub const COMPILED_BYTES: usize = 1024 * 1024;

/// The maximum length of an operation name in a log line, in characters.
pub const MAX_LOGGED_NAME_LENGTH: usize = 64;
