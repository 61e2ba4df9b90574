//! Tests of the GraphQL API as its clients see it: the real schema over the use cases, on in-memory adapters, behind
//! the real server.

#[cfg(test)]
mod bad_inputs;
#[cfg(test)]
mod batches;
#[cfg(test)]
mod bounded_inputs;
#[cfg(test)]
#[path = "../http/support/corpus.rs"]
mod corpus;
#[cfg(test)]
mod costs;
mod defaults;
#[cfg(test)]
mod documented;
#[cfg(test)]
mod dry_runs;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod immediate;
#[cfg(test)]
mod inputs;
#[cfg(test)]
mod introspection;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod limits;
#[cfg(test)]
#[path = "../http/support/log.rs"]
mod log;
#[cfg(test)]
mod malformed_requests;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod payload_arguments;
#[cfg(test)]
mod payload_faults;
#[cfg(test)]
mod payloads;
#[cfg(test)]
mod restoration;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod security_events;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod validation;
#[cfg(test)]
mod variables;
