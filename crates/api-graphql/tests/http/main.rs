//! The HTTP layer from the view of clients: a toy schema behind the real server, on a real socket.

#[cfg(test)]
mod bad_inputs;
#[cfg(test)]
mod compiling;
#[cfg(test)]
mod cors;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod crowded;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod graphiql;
#[cfg(test)]
mod graphql_over_http;
#[cfg(test)]
mod identity_providers;
#[cfg(test)]
mod in_flight;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod persisted_queries;
#[cfg(test)]
mod provider_shapes;
#[cfg(test)]
mod rate_limit;
#[cfg(test)]
mod readiness;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod slow_clients;
#[cfg(test)]
mod slow_readers;
#[cfg(test)]
mod support;
#[cfg(test)]
mod trusted_documents;
#[cfg(test)]
mod unfinished_bodies;
#[cfg(test)]
mod unread;
