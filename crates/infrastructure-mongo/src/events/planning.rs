//! Computations over all stored occurrences of an event.

use convene_application::failure::Fault;
use tokio::task::spawn_blocking;

use crate::error::Attempt;

/// The number of occurrences up to which a computation takes about a millisecond at most.
const FEW: usize = 50;

/// Computes something over this number of occurrences. A computation over many of them runs on a thread for such work, because it
/// takes some ten milliseconds, in which other requests would wait.
pub(super) async fn compute<T: Send + 'static>(
    occurrences: usize,
    computation: impl FnOnce() -> T + Send + 'static,
) -> Attempt<T> {
    if occurrences <= FEW {
        return Ok(computation());
    }
    Ok(spawn_blocking(computation).await.map_err(Fault::internal)?)
}
