//! The object types of the schema.

mod activity;
mod connection;
mod counted;
mod event;
mod immediate;
mod issue;
mod member;
mod mirror;
mod node;
pub(crate) mod numbers;
mod occurrence;
mod organization;
mod recurrence;
mod registration;
mod viewer;

pub use self::{
    activity::{Activity, FieldChange},
    connection::{
        ActivityConnection, ActivityEdge, EventConnection, EventEdge, IssueConnection, IssueEdge,
        MemberConnection, MemberEdge, OccurrenceConnection, OccurrenceEdge, OrganizationConnection,
        OrganizationEdge, PageInfo, RegistrationConnection, RegistrationEdge,
    },
    event::{Event, EventStatus},
    immediate::Immediate,
    issue::{Issue, IssuePriority, IssueStatus},
    member::{Member, Role},
    node::{Node, NodeValue},
    occurrence::{Occurrence, OccurrenceStatus, RegistrationState},
    organization::{Organization, OrganizationStatus},
    recurrence::{Frequency, PreviewedOccurrence, Recurrence},
    registration::{CancellationReason, Registration, RegistrationStatus},
    viewer::Viewer,
};
pub(in crate::graphql) use self::{connection::Asked, counted::Counted, mirror::mirror_enum, node::Changed};
