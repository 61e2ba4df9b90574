//! The connections that arrive while the server stops listening.

use std::{io, time::Duration};

use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{refuse, unrouted::UnroutedResponses};

/// The time for which connections are still accepted, and refused, after the server has stopped to serve them.
const REFUSING_TIME: Duration = Duration::from_millis(300);

/// The part of this time after which the server may close its connections.
pub(crate) const TAKING_TIME: Duration = Duration::from_millis(200);

/// The number of connections that are refused at the same time.
const MAX_REFUSALS: usize = 256;

/// Refuses connections for a short time, and closes the listener when no connection waits.
///
/// The system resets the connections that wait when a listener is closed, and the server drops those that its threads have
/// not yet taken, although their clients may have sent a request.
///
/// # Errors
/// The listener cannot be used.
pub(crate) async fn refuse_late(
    listener: std::net::TcpListener,
    responses: UnroutedResponses,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let end = Instant::now() + REFUSING_TIME;
    let mut refusals = JoinSet::new();
    // An accept that is ready is completed even after the end.
    while let Ok(accepted) = timeout_at(end, listener.accept()).await {
        if refusals.len() == MAX_REFUSALS {
            let _refused = refusals.join_next().await;
        }
        // The client may have left.
        if let Ok((stream, _)) = accepted {
            refusals.spawn(refuse(stream, responses.shutting_down()));
        }
    }
    drop(listener);
    refusals.join_all().await;
    Ok(())
}
