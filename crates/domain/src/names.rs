//! Enums whose variants have a name in the API and in the database.

/// Defines an enum, and the names of its variants once: `ALL`, `as_str` and `parse` follow from them, so no variant can be
/// written that cannot be read.
macro_rules! names {
    ($(#[$docs:meta])* $visibility:vis enum $type:ident {
        $($(#[$variant_docs:meta])* $variant:ident => $name:literal,)+
    }) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $visibility enum $type { $($(#[$variant_docs])* $variant,)+ }

        impl $type {
            /// Every value, in the order of the definition.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in the API and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Parses the result of [`as_str`](Self::as_str).
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }
    };
}

pub(crate) use names;
