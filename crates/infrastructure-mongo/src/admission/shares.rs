/// The connections that the driver opens at most, if the URI does not say otherwise.
pub const DEFAULT_CONNECTIONS: u32 = 32;

/// The smallest number of connections: one for each kind of work.
pub const MIN_CONNECTIONS: u32 = 4;

/// The calls on behalf of requests that are in flight for each processor. More would wait inside the database, where
/// nobody is fair to organizations.
const REQUESTS_PER_PROCESSOR: usize = 4;

/// The smallest useful number of such calls: a transaction mostly waits for the acknowledgement of other members.
const MIN_REQUESTS: usize = 8;

/// The division of the driver's connections between kinds of work. The sum is at most the number of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shares {
    pub(super) requests: usize,
    pub(super) registrations: usize,
    pub(super) lookups: usize,
    pub(super) probe: usize,
}

impl Shares {
    pub(super) fn of(connections: u32, processors: usize) -> Self {
        let connections = usize::try_from(connections.max(MIN_CONNECTIONS)).unwrap_or(usize::MAX);
        // The queue has at most eight batches in flight.
        let registrations = (connections / 4).clamp(1, 8);
        let lookups = (connections / 5).clamp(1, 6);
        let probe = 1;
        let rest = connections - registrations - lookups - probe;
        let requests = rest.min(MIN_REQUESTS.max(processors.saturating_mul(REQUESTS_PER_PROCESSOR)));
        Self { requests, registrations, lookups, probe }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::smallest(4, 2, [1, 1, 1, 1])]
    #[case::less_than_the_smallest(1, 2, [1, 1, 1, 1])]
    #[case::default(32, 2, [8, 8, 6, 1])]
    #[case::default_on_a_large_machine(32, 64, [17, 8, 6, 1])]
    #[case::many(1_000, 16, [64, 8, 6, 1])]
    fn connections_are_divided(
        #[case] connections: u32,
        #[case] processors: usize,
        #[case] expected: [usize; 4],
    ) {
        let Shares { requests, registrations, lookups, probe } = Shares::of(connections, processors);
        assert_eq!([requests, registrations, lookups, probe], expected);
    }

    #[test]
    fn all_shares_together_are_at_most_the_connections_and_none_is_empty() {
        for connections in MIN_CONNECTIONS..200 {
            for processors in [1, 2, 8, 128] {
                let Shares { requests, registrations, lookups, probe } = Shares::of(connections, processors);
                let shares = [requests, registrations, lookups, probe];
                assert!(shares.iter().all(|&share| share > 0), "{connections}: {shares:?}");
                assert!(shares.iter().sum::<usize>() <= connections as usize, "{connections}: {shares:?}");
            }
        }
    }
}
