/// Defines an enum of the schema that mirrors an enum of the domain, with conversions in both directions.
macro_rules! mirror_enum {
    ($(#[$docs:meta])* $name:ident = $domain:ty { $($(#[$value_docs:meta])* $value:ident,)* }) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, juniper::GraphQLEnum)]
        pub enum $name { $($(#[$value_docs])* $value,)* }

        impl From<$domain> for $name {
            fn from(value: $domain) -> Self {
                match value { $(<$domain>::$value => Self::$value,)* }
            }
        }

        impl From<$name> for $domain {
            fn from(value: $name) -> Self {
                match value { $($name::$value => Self::$value,)* }
            }
        }
    };
}

pub(in crate::graphql) use mirror_enum;
