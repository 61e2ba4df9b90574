//! The queries of the schema.

pub(super) mod activity;
pub(super) mod event;
pub(super) mod issue;
pub(super) mod member;
pub(super) mod node;
pub(super) mod occurrence;
pub(super) mod organization;
pub(super) mod paging;
pub(super) mod recurrence;
pub(super) mod registration;

use juniper::{ID, graphql_object};

use self::paging::Paging;
pub use self::recurrence::PreviewRecurrencePayload;
use super::{
    context::Context,
    errors::FieldProblem,
    input::{
        ActivityFilter, EventFilter, EventOrder, IssueFilter, IssueOrder, OccurrenceFilter,
        PreviewRecurrenceInput, RegistrationFilter, RegistrationOrder,
    },
    object::{
        ActivityConnection, Event, EventConnection, Issue, IssueConnection, Member, MemberConnection,
        NodeValue, Occurrence, OccurrenceConnection, Organization, OrganizationConnection, Registration,
        RegistrationConnection, Role, Viewer,
    },
    scalars::DateTime,
};

/// The queries. All data belongs to the organization that the caller's credentials name.
#[derive(Clone, Copy, Debug)]
pub struct Query;

/// The queries. All data belongs to the organization that the caller's credentials name.
#[graphql_object]
#[graphql(context = Context)]
impl Query {
    /// An object by its id.
    async fn node(
        context: &Context,
        #[graphql(description = "The id.")] id: ID,
    ) -> Result<Option<NodeValue>, FieldProblem> {
        node::one(context, &id).await
    }

    /// At most 100 objects by their ids, in the same order; null for an object that does not exist.
    async fn nodes(
        context: &Context,
        #[graphql(description = "The ids, of any types; at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<NodeValue>>, FieldProblem> {
        node::many(context, &ids).await
    }

    /// The caller.
    fn viewer(context: &Context) -> Result<Viewer, FieldProblem> {
        context.caller().map(|_| Viewer)
    }

    /// The caller's organization.
    async fn organization(context: &Context) -> Result<Organization, FieldProblem> {
        organization::own(context).await
    }

    /// A member by id.
    async fn member(
        context: &Context,
        #[graphql(description = "The id.")] id: ID,
    ) -> Result<Option<Member>, FieldProblem> {
        member::one(context, &id).await
    }

    /// The organization's members, in the order in which they were added.
    async fn members(
        context: &Context,
        #[graphql(
            description = "The number of items from the beginning of the list, or after `after`: 1 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page begins behind its item. Not together with `last` or `before`."
        )]
        after: Option<String>,
        #[graphql(
            description = "The number of items up to the end of the list, or before `before`: 1 to 100; 20 if only `before` is given. Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page ends in front of its item. Not together with `first` or `after`."
        )]
        before: Option<String>,
        #[graphql(description = "Members of this role; all if left out.")] role: Option<Role>,
        #[graphql(
            description = "Members with this text in their display name, regardless of case and accents."
        )]
        search: Option<String>,
    ) -> Result<MemberConnection, FieldProblem> {
        member::list(context, Paging { first, after, last, before }, role, search.as_deref()).await
    }

    /// An event by id.
    async fn event(
        context: &Context,
        #[graphql(description = "The id.")] id: ID,
    ) -> Result<Option<Event>, FieldProblem> {
        event::one(context, &id).await
    }

    /// The organization's events, in the order in which they were created unless `orderBy` says otherwise.
    async fn events(
        context: &Context,
        #[graphql(
            description = "The number of items from the beginning of the list, or after `after`: 1 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page begins behind its item. Not together with `last` or `before`."
        )]
        after: Option<String>,
        #[graphql(
            description = "The number of items up to the end of the list, or before `before`: 1 to 100; 20 if only `before` is given. Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page ends in front of its item. Not together with `first` or `after`."
        )]
        before: Option<String>,
        #[graphql(description = "The conditions; everything if left out.")] filter: Option<EventFilter>,
        #[graphql(description = "The order; by creation, ascending, if left out.")] order_by: Option<
            EventOrder,
        >,
    ) -> Result<EventConnection, FieldProblem> {
        event::list(context, Paging { first, after, last, before }, filter, order_by).await
    }

    /// An occurrence by id. A former id, which an edit of its series has replaced, finds one with registrations, a waitlist
    /// or values of its own, unless another date has this id now.
    async fn occurrence(
        context: &Context,
        #[graphql(description = "The id.")] id: ID,
    ) -> Result<Option<Occurrence>, FieldProblem> {
        occurrence::one(context, &id).await
    }

    /// All occurrences of all events that overlap [from, to), by start, then id. At most 366 days.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn occurrences(
        context: &Context,
        #[graphql(description = "The beginning of the window.")] from: DateTime,
        #[graphql(description = "The end of the window, exclusive; at most 366 days after its beginning.")]
        to: DateTime,
        #[graphql(
            description = "The number of items from the beginning of the list, or after `after`: 1 to 100; 50 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page begins behind its item. Not together with `last` or `before`."
        )]
        after: Option<String>,
        #[graphql(
            description = "The number of items up to the end of the list, or before `before`: 1 to 100; 50 if only `before` is given. Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page ends in front of its item. Not together with `first` or `after`."
        )]
        before: Option<String>,
        #[graphql(description = "The conditions; everything if left out.")] filter: Option<OccurrenceFilter>,
    ) -> Result<OccurrenceConnection, FieldProblem> {
        occurrence::list(context, &from, &to, Paging { first, after, last, before }, filter).await
    }

    /// The registrations of all members, by start, then id, unless `orderBy` says otherwise. Only ADMINs can use it; `viewer` has the caller's own registrations.
    async fn registrations(
        context: &Context,
        #[graphql(
            description = "The number of items from the beginning of the list, or after `after`: 1 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page begins behind its item. Not together with `last` or `before`."
        )]
        after: Option<String>,
        #[graphql(
            description = "The number of items up to the end of the list, or before `before`: 1 to 100; 20 if only `before` is given. Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page ends in front of its item. Not together with `first` or `after`."
        )]
        before: Option<String>,
        #[graphql(description = "The conditions; everything if left out.")] filter: Option<
            RegistrationFilter,
        >,
        #[graphql(description = "The order; by start, ascending, if left out.")] order_by: Option<
            RegistrationOrder,
        >,
    ) -> Result<Option<RegistrationConnection>, FieldProblem> {
        registration::all(context, Paging { first, after, last, before }, filter, order_by).await.map(Some)
    }

    /// A registration by id: the caller's own or, for an ADMIN, any member's.
    async fn registration(
        context: &Context,
        #[graphql(description = "The id.")] id: ID,
    ) -> Result<Option<Registration>, FieldProblem> {
        registration::one(context, &id).await
    }

    /// The occurrences of a recurrence, without storing anything.
    #[expect(clippy::needless_pass_by_value, reason = "arguments are passed by value")]
    fn preview_recurrence(
        context: &Context,
        #[graphql(description = "The series.")] input: PreviewRecurrenceInput,
    ) -> Result<PreviewRecurrencePayload, FieldProblem> {
        recurrence::preview(context, &input)
    }

    /// An issue by id.
    async fn issue(
        context: &Context,
        #[graphql(description = "The id.")] id: ID,
    ) -> Result<Option<Issue>, FieldProblem> {
        issue::one(context, &id).await
    }

    /// The organization's issues, by number unless `orderBy` says otherwise.
    async fn issues(
        context: &Context,
        #[graphql(
            description = "The number of items from the beginning of the list, or after `after`: 1 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page begins behind its item. Not together with `last` or `before`."
        )]
        after: Option<String>,
        #[graphql(
            description = "The number of items up to the end of the list, or before `before`: 1 to 100; 20 if only `before` is given. Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page ends in front of its item. Not together with `first` or `after`."
        )]
        before: Option<String>,
        #[graphql(description = "The conditions; everything if left out.")] filter: Option<IssueFilter>,
        #[graphql(description = "The order; by number, ascending, if left out.")] order_by: Option<
            IssueOrder,
        >,
    ) -> Result<IssueConnection, FieldProblem> {
        issue::list(context, Paging { first, after, last, before }, filter, order_by).await
    }

    /// The activity log, newest first. Only ADMINs can use it.
    async fn activity(
        context: &Context,
        #[graphql(
            description = "The number of items from the beginning of the list, or after `after`: 1 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page begins behind its item. Not together with `last` or `before`."
        )]
        after: Option<String>,
        #[graphql(
            description = "The number of items up to the end of the list, or before `before`: 1 to 100; 20 if only `before` is given. Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page ends in front of its item. Not together with `first` or `after`."
        )]
        before: Option<String>,
        #[graphql(description = "The conditions; everything if left out.")] filter: Option<ActivityFilter>,
    ) -> Result<Option<ActivityConnection>, FieldProblem> {
        activity::list(context, Paging { first, after, last, before }, filter).await.map(Some)
    }

    /// All organizations, in the order in which they were created. Only the platform's operator can use it.
    async fn organizations(
        context: &Context,
        #[graphql(
            description = "The number of items from the beginning of the list, or after `after`: 1 to 100; 20 if it is left out."
        )]
        first: Option<i32>,
        #[graphql(description = "A cursor of this list: the page begins behind its item.")] after: Option<
            String,
        >,
        #[graphql(
            description = "A text in the name or the slug, regardless of case and accents; at most 200 characters."
        )]
        search: Option<String>,
    ) -> Result<Option<OrganizationConnection>, FieldProblem> {
        organization::all(context, first, after, search.as_deref()).await.map(Some)
    }
}
