use convene_domain::time::zone::Zone;
use juniper::GraphQLScalar;

use super::ScalarProblem;

/// The exact name of a time zone in the IANA database, such as `Europe/Paris`.
#[derive(Clone, Debug, PartialEq, Eq, GraphQLScalar)]
#[graphql(transparent, specified_by_url = "https://www.iana.org/time-zones")]
pub struct TimeZone(String);

const UNKNOWN: ScalarProblem =
    ScalarProblem("must be the exact name of an IANA time zone, such as Europe/Paris");

impl TimeZone {
    /// The time zone.
    ///
    /// # Errors
    /// A text that is not exactly the name of a time zone.
    pub fn parse(&self) -> Result<Zone, ScalarProblem> {
        Zone::parse(&self.0).map_err(|_| UNKNOWN)
    }
}

impl From<Zone> for TimeZone {
    fn from(zone: Zone) -> Self {
        Self(zone.name().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_exact_names_only() {
        assert!(TimeZone("Europe/Paris".to_owned()).parse().is_ok());
        for text in
            ["", "Europe/Paris ", "europe/paris", "../etc/passwd", "EST5EDT4,M3.2.0,M11.1.0", "+01:00"]
        {
            assert_eq!(TimeZone(text.to_owned()).parse(), Err(UNKNOWN), "{text}");
        }
    }
}
