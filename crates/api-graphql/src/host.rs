//! Hosts in URLs of settings.

/// Tests for a name or an address. Mostly, a URL has no host, or an empty part of one, because a variable in it is not defined.
pub(crate) fn is_complete(host: &str) -> bool {
    // A name of the DNS may end with a dot.
    host.strip_suffix('.').unwrap_or(host).split('.').all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("localhost", true)]
    #[case("id.example.org.", true)]
    #[case("[::ffff:127.0.0.1]", true)]
    #[case("", false)]
    #[case(".", false)]
    #[case(".example.org", false)]
    #[case("id..org", false)]
    fn a_part_that_is_missing_is_found(#[case] host: &str, #[case] expected: bool) {
        assert_eq!(is_complete(host), expected);
    }
}
