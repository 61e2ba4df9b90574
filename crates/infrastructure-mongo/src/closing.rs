use std::time::Duration;

use mongodb::Client;
use tokio::time::timeout;

/// The longest time in which a client is closed.
const CLOSE_TIME: Duration = Duration::from_secs(1);

/// Ends the tasks of a client and closes its connections.
pub(crate) async fn close(client: Client) {
    // A server that does not answer must not hold up the end of the program.
    timeout(CLOSE_TIME, client.shutdown().immediate(true)).await.ok();
}
