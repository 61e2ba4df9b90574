//! An adapter of garde's rule of length, with the message of this API, and the items of a list within its length.

/// The items of a list. They are empty if the list is absent or longer than allowed, which the check of the shape reports.
pub(crate) fn items<T>(list: Option<&Vec<T>>, max: usize) -> &[T] {
    list.map(Vec::as_slice).filter(|list| list.len() <= max).unwrap_or_default()
}

/// The items of which `only` returns a part.
pub(crate) fn of_type<I: Copy, T>(items: &[I], only: impl Fn(I) -> Option<T>) -> Vec<T> {
    items.iter().copied().filter_map(only).collect()
}

pub(crate) mod length {
    pub(crate) mod simple {
        use garde::rules::length::simple::Simple;

        pub(crate) fn apply<T: Simple>(list: &T, (min, max): (usize, usize)) -> garde::Result {
            list.validate_length(min, max)
                .map_err(|_| garde::Error::new(format_args!("must have at most {max} items")))
        }
    }
}
