//! The limit of open files, which bounds the connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The files that a server needs besides the connections of its clients: connections to the database, to identity providers and
/// of probes, and the files of its threads.
const OTHER_FILES: u64 = 500;

/// Raises the limit as far as the system allows it, and warns if connections would have to wait nevertheless: a system does not tell
/// the clients that they wait.
pub(super) fn prepare(connections: usize) {
    let limit = raise();
    let needed = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHER_FILES);
    if let Some(limit) = limit.filter(|limit| *limit < needed) {
        tracing::warn!(limit, needed, "the limit of open files is too low for CONVENE_CONNECTION_LIMIT");
    }
}

/// Raises the soft limit to the hard one. Returns the limit; `None` without one.
fn raise() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // Where the system refuses it, the limit stays.
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(_refused) => current,
    }
}
