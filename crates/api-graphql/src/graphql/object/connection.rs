//! Pages of lists according to the Relay specification of cursor connections.

use std::borrow::Borrow;

use convene_application::{
    member::VisibleMember,
    occurrence::OccurrenceOfEvent,
    page::{BoundedPage, Direction, PageRequest, SortKey},
    ports::{EventPosition, IssuePosition, RegistrationPosition},
};
use convene_domain::{activity, event, id::OrganizationId, issue, occurrence, organization, registration};
use juniper::{GraphQLObject, graphql_object};

use super::{Activity, Counted, Event, Immediate, Issue, Member, Occurrence, Organization, Registration};
use crate::{
    cursor,
    graphql::{context::Context, errors::FieldProblem},
};

/// The position of a page in its list.
#[derive(Clone, Debug, GraphQLObject)]
#[graphql(context = Context)]
pub struct PageInfo {
    /// True if more items may follow. A list with a filter examines a bounded number of items for each page: the page may
    /// then have fewer items than requested, or none, although more follow. On a page that was requested with `last` or
    /// `before`: true if it was requested with a cursor.
    has_next_page: bool,
    /// True if more items may come before, for a page that was requested with `last` or `before`. On any other page: true if
    /// it was requested with a cursor.
    has_previous_page: bool,
    /// The cursor that requests the previous page, as `before`: that of the first item or, if the list was read backwards, of
    /// the last item that was examined.
    start_cursor: Option<String>,
    /// The cursor that requests the next page, as `after`: that of the last item, or of the last item that was examined.
    end_cursor: Option<String>,
}

/// The properties of a request for a page that its connection depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<O> {
    order: O,
    direction: Direction,
    /// True if the page was requested with a cursor.
    is_resumed: bool,
}

impl<K: SortKey> From<&PageRequest<K>> for Asked<K::Order> {
    fn from(page: &PageRequest<K>) -> Self {
        Self { order: page.order, direction: page.direction, is_resumed: page.from.is_some() }
    }
}

impl PageInfo {
    /// The cursors are those of the first and the last item, and of the position at which the request stopped.
    fn new<O>(
        asked: &Asked<O>,
        has_more: bool,
        (start, end): (Option<String>, Option<String>),
        examined: Option<String>,
    ) -> Self {
        match asked.direction {
            Direction::Forward => Self {
                has_next_page: has_more,
                has_previous_page: asked.is_resumed,
                start_cursor: start,
                end_cursor: examined.or(end),
            },
            Direction::Backward => Self {
                has_next_page: asked.is_resumed,
                has_previous_page: has_more,
                start_cursor: examined.or(start),
                end_cursor: end,
            },
        }
    }
}

macro_rules! connection {
    ($object:ident of $item:ty, as $node:ty, by $position:ty = $read:expr, $connection:ident, $edge:ident,
     with $($(#[$docs:meta])* $counted:ident)?) => {
        /// One item of a page.
        #[derive(Clone, Debug, GraphQLObject)]
        #[graphql(context = Context)]
        pub struct $edge {
            /// The cursor of the item, which requests the items after it or before it.
            cursor: String,
            /// The item.
            node: $node,
        }

        /// One page of a list.
        #[derive(Clone, Debug)]
        pub struct $connection {
            organization: OrganizationId,
            order: <$position as SortKey>::Order,
            positions: Vec<$position>,
            nodes: Vec<$node>,
            page_info: PageInfo,
            $($counted: Counted,)?
        }

        impl $connection {
            /// A page of this organization's list.
            pub(crate) fn new<I>(
                organization: OrganizationId,
                page: impl Into<BoundedPage<I, $position>>,
                asked: Asked<<$position as SortKey>::Order>,
                $($counted: Counted,)?
            ) -> Self
            where
                I: Borrow<$item> + Into<$object>,
            {
                let read: fn(&$item, <$position as SortKey>::Order) -> $position = $read;
                let page = page.into();
                let positions = page.items.iter().map(|item| read(item.borrow(), asked.order));
                let positions: Vec<$position> = positions.collect();
                let cursor = |position: &$position| cursor::encode(organization, asked.order, position);
                let ends = (positions.first().map(cursor), positions.last().map(cursor));
                let page_info =
                    PageInfo::new(&asked, page.has_more, ends, page.examined.as_ref().map(cursor));
                let nodes = page.items.into_iter().map(|item| <$node>::from(Into::<$object>::into(item)));
                let (order, nodes) = (asked.order, nodes.collect());
                Self { organization, order, positions, nodes, page_info, $($counted,)? }
            }

            fn all_edges(&self) -> Vec<$edge> {
                let encode = |position| cursor::encode(self.organization, self.order, position);
                let cursors = self.positions.iter().map(encode);
                cursors.zip(&self.nodes).map(|(cursor, node)| $edge { cursor, node: node.clone() }).collect()
            }
        }

        /// One page of a list.
        #[graphql_object]
        #[graphql(context = Context)]
        impl $connection {
            /// The items with their cursors.
            fn edges(&self) -> Vec<$edge> {
                self.all_edges()
            }

            /// The items.
            fn nodes(&self) -> &[$node] {
                &self.nodes
            }

            /// The position of the page in the list.
            fn page_info(&self) -> &PageInfo {
                &self.page_info
            }

            $(
                $(#[$docs])*
                async fn total_count(&self, context: &Context) -> Result<Option<i32>, FieldProblem> {
                    self.$counted.count(context).await
                }
            )?
        }
    };
}

connection!(
    Organization of organization::Organization, as Organization,
    by OrganizationId = |organization, ()| organization.id,
    OrganizationConnection, OrganizationEdge, with
);
connection!(
    Member of VisibleMember, as Member, by convene_domain::id::MemberId = |member, ()| member.id,
    MemberConnection, MemberEdge, with
    /// The number of items of the whole list that match the filter, counted now. Null if there are more than 10,000, or
    /// if the filter has more to examine than for one page.
    counted
);
connection!(
    Event of event::Event, as Immediate<Event>,
    by EventPosition = |event, order| EventPosition::of(event, order.field),
    EventConnection, EventEdge, with
    /// The number of items of the whole list that match the filter, counted now. Null if there are more than 10,000, or
    /// if the filter has more to examine than for one page, or if it has both a search and a period.
    counted
);
connection!(
    Occurrence of OccurrenceOfEvent, as Immediate<Occurrence>,
    by (convene_domain::time::Instant, occurrence::OccurrenceKey)
        = |occurrence, ()| (occurrence.interval.start(), occurrence.key),
    OccurrenceConnection, OccurrenceEdge, with
);
connection!(
    Registration of registration::Registration, as Immediate<Registration>,
    by RegistrationPosition = |registration, order| RegistrationPosition::of(registration, order.field),
    RegistrationConnection, RegistrationEdge, with
    /// The number of items of the whole list that match the filter, counted now. Null if there are more than 10,000, or
    /// if the filter has more to examine than for one page.
    counted
);
connection!(
    Issue of issue::Issue, as Issue, by IssuePosition = |issue, order| IssuePosition::of(issue, order.field),
    IssueConnection, IssueEdge, with
    /// The number of items of the whole list that match the filter, counted now. Null if there are more than 10,000, or
    /// if the filter has more to examine than for one page.
    counted
);
connection!(
    Activity of activity::Activity, as Activity,
    by (convene_domain::time::Instant, convene_domain::id::ActivityId) = |activity, ()| (activity.at, activity.id),
    ActivityConnection, ActivityEdge, with
);
