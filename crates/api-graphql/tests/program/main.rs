//! The program: its commands and its servers over HTTP, on a real MongoDB.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod database_commands;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod identity_provider;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod polls;
#[cfg(test)]
mod probes;
#[cfg(test)]
mod process;
#[cfg(test)]
mod query_plans;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod traces;
