//! The types that the OpenAPI document describes: parameters, bodies and refusals.

mod bodies;
mod parameters;
mod responses;

pub(super) use self::{
    bodies::{IssueChanges, NewIssue, Priority, Status},
    parameters::{
        IdempotencyKeyHeader, IfMatchHeader, IfNoneMatchHeader, IfNoneMatchOfChange, IssueQuery, NumberInPath,
    },
    responses::{BadBody, BadQuery, Changed, Denied, Gone, KeyReused, Missing},
};
