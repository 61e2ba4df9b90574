use convene_application::{page::Order, ports};
use juniper::{GraphQLEnum, GraphQLInputObject};

use crate::graphql::object::mirror_enum;

mirror_enum! {
    /// The field by which events are sorted. Events with equal values are sorted by creation.
    EventOrderField = ports::EventOrderField {
        /// The time of creation.
        CreatedAt,
        /// The start of the first occurrence, as an instant. Occurrences that began before a change of the series count, too.
        StartsAt,
        /// The title, regardless of case and accents.
        Title,
    }
}

mirror_enum! {
    /// The field by which registrations are sorted. Registrations with equal values are sorted by id.
    RegistrationOrderField = ports::RegistrationOrderField {
        /// The start of the occurrence.
        StartsAt,
        /// The time at which the registration was made.
        CreatedAt,
    }
}

mirror_enum! {
    /// The field by which issues are sorted. Issues with equal values are sorted by number.
    IssueOrderField = ports::IssueOrderField {
        /// The number.
        Number,
        /// The time of the last change.
        UpdatedAt,
        /// The priority; `ASC` is from low to high.
        Priority,
    }
}

/// The direction of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, GraphQLEnum)]
pub enum OrderDirection {
    /// From the least value to the greatest.
    Asc,
    /// From the greatest value to the least.
    Desc,
}

macro_rules! order {
    ($(#[$docs:meta])* $name:ident by $field:ident) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, GraphQLInputObject)]
        pub struct $name {
            /// The field.
            pub field: $field,
            /// The direction, also of items with equal values.
            pub direction: OrderDirection,
        }

        impl From<$name> for Order<ports::$field> {
            fn from($name { field, direction }: $name) -> Self {
                Self { field: field.into(), is_descending: direction == OrderDirection::Desc }
            }
        }
    };
}

order! {
    /// An order of events.
    EventOrder by EventOrderField
}

order! {
    /// An order of registrations.
    RegistrationOrder by RegistrationOrderField
}

order! {
    /// An order of issues.
    IssueOrder by IssueOrderField
}
