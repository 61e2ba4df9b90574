//! One request, sent by all members at the same time.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use convene_stress::{Connection, corpus};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::request::Request;

/// The requests of each member.
const COPIES: usize = 16;
const ANSWER_TIME: Duration = Duration::from_secs(40);

/// Sends the request, and counts the outcomes by their code.
pub(crate) async fn run(
    address: SocketAddr,
    slug: &str,
    request: &Request,
) -> anyhow::Result<BTreeMap<String, usize>> {
    let mut running = JoinSet::new();
    for number in 0..corpus::MEMBERS * COPIES {
        let bytes = request.bytes(&corpus::member(slug, number % corpus::MEMBERS), &format!("rush-{number}"));
        running.spawn(async move {
            let mut connection = Connection::open(address).await?;
            tokio::time::timeout(ANSWER_TIME, connection.exchange(&bytes)).await?
        });
    }
    let mut outcomes = BTreeMap::new();
    while let Some(ended) = running.join_next().await {
        let outcome = match ended? {
            Ok(response) => {
                let code = serde_json::from_slice::<Value>(&response.body).ok();
                let code = code.as_ref().and_then(|body| {
                    let of_graphql = body.pointer("/errors/0/extensions/code");
                    of_graphql.or_else(|| body.pointer("/error/code"))?.as_str().map(str::to_owned)
                });
                code.unwrap_or_else(|| response.status.to_string())
            }
            Err(error) => error.kind().to_string(),
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    Ok(outcomes)
}
