//! An adapter of garde's rule of length, with the message of this API.

pub(crate) mod length {
    pub(crate) mod simple {
        use garde::rules::length::simple::Simple;

        pub(crate) fn apply<T: Simple>(list: &T, (min, max): (usize, usize)) -> garde::Result {
            list.validate_length(min, max)
                .map_err(|_| garde::Error::new(format_args!("must have at most {max} items")))
        }
    }
}
