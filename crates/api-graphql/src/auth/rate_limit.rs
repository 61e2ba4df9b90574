//! Rate limits of callers and of organizations.

use std::{
    fmt,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    str::FromStr,
    time::Duration,
};

use convene_application::{authentication::Credentials, ports::OrganizationReference};
use convene_domain::text::UserId;
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock, middleware::StateInformationMiddleware,
};

use crate::allowance::Allowance;

/// With more callers than this in memory, idle ones are removed immediately instead of by the next maintenance. An entry
/// takes about 200 bytes.
const MAX_CALLERS: usize = 50_000;

/// The clients with rejected requests in memory.
const MAX_CLIENTS: usize = 20_000;

/// The size of a burst in seconds of the rate: a client sends several requests at once to load a page.
const BURST_SECONDS: u32 = 2;

/// Requests per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(NonZeroU32);

impl Rate {
    #[must_use]
    pub const fn per_second(requests: NonZeroU32) -> Self {
        Self(requests)
    }

    fn quota(self, burst_seconds: u32) -> Quota {
        let burst = self.0.saturating_mul(NonZeroU32::MIN.saturating_add(burst_seconds - 1));
        Quota::per_second(self.0).allow_burst(burst)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/s", self.0)
    }
}

/// Text that is not a rate.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("is not a rate; write it like 100/s, from 1/s to 1000000/s")]
pub struct RateSyntaxError;

impl FromStr for Rate {
    type Err = RateSyntaxError;

    fn from_str(text: &str) -> Result<Self, RateSyntaxError> {
        let number = text.trim().strip_suffix("/s").ok_or(RateSyntaxError)?;
        // Rust's parser also reads a plus.
        let digits = number.bytes().all(|byte| byte.is_ascii_digit()).then_some(number);
        let requests: u32 = digits.and_then(|digits| digits.parse().ok()).ok_or(RateSyntaxError)?;
        NonZeroU32::new(requests).filter(|rate| rate.get() <= 1_000_000).map(Self).ok_or(RateSyntaxError)
    }
}

/// A caller: the organization as the credentials name it, and the user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallerKey {
    pub(super) organization: Option<OrganizationReference>,
    pub(super) user: UserId,
}

impl From<&Credentials> for CallerKey {
    fn from(credentials: &Credentials) -> Self {
        Self { organization: credentials.organization.clone(), user: credentials.user.clone() }
    }
}

impl CallerKey {
    /// The same caller with the id of the organization, if the credentials name it differently. A caller who names it once by
    /// slug and once by id would have two allowances otherwise.
    pub(super) fn with_id(&self, organization: &str) -> Option<Self> {
        let organization = OrganizationReference::parse(organization);
        (organization != self.organization).then(|| Self { organization, user: self.user.clone() })
    }
}

/// A client: an IPv4 address, or the network of an IPv6 address, of which one client usually has all addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey(Option<IpAddr>);

impl ClientKey {
    /// The client at this address, or the one whose address is not known.
    #[must_use]
    pub fn of(address: Option<IpAddr>) -> Self {
        Self(address.map(|address| match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
            address @ IpAddr::V4(_) => address,
        }))
    }
}

/// The allowances of the keys of one kind; without a rate, they are not limited.
struct Allowances<K: Hash + Eq + Clone> {
    limiter: Option<DefaultKeyedRateLimiter<K, StateInformationMiddleware>>,
    /// The allowance of a key without requests.
    whole: Allowance,
}

impl<K: Hash + Eq + Clone> Allowances<K> {
    fn new(limit: &'static str, rate: Option<Rate>, window: u32) -> Self {
        let quota = rate.map(|rate| rate.quota(window));
        let number = quota.map_or(0, |quota| quota.burst_size().get());
        let whole = Allowance { limit, quota: number, window, remaining: number };
        Self { limiter: quota.map(|quota| RateLimiter::keyed(quota).with_middleware()), whole }
    }

    fn len(&self) -> usize {
        self.limiter.as_ref().map_or(0, RateLimiter::len)
    }

    /// Counts a request, and returns what is left, or the time to wait.
    fn charge(&self, key: &K) -> Result<Option<Allowance>, Exceeded> {
        let Some(limiter) = &self.limiter else { return Ok(None) };
        match limiter.check_key(key) {
            Ok(state) => Ok(Some(Allowance { remaining: state.remaining_burst_capacity(), ..self.whole })),
            Err(until) => Err(Exceeded {
                allowance: Allowance { remaining: 0, ..self.whole },
                wait: until.wait_time_from(limiter.clock().now()),
            }),
        }
    }

    /// Removes the keys whose full allowance is available again.
    fn remove_idle(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// A rate limit that a request exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    pub allowance: Allowance,
    /// The time to wait.
    pub wait: Duration,
}

/// The rate limits of this process. Each of several processes behind a load balancer allows the full rate.
pub struct RateLimits {
    callers: Allowances<CallerKey>,
    rejected: Allowances<ClientKey>,
    organizations: Allowances<String>,
}

impl RateLimits {
    /// `caller` is the rate of each caller, in bursts of twice as many requests. `organization` is the rate of all
    /// callers of one organization together. `None` sets no limit.
    #[must_use]
    pub fn new(caller: Option<Rate>, organization: Option<Rate>) -> Self {
        Self {
            callers: Allowances::new("caller", caller, BURST_SECONDS),
            rejected: Allowances::new("rejected", caller, BURST_SECONDS),
            organizations: Allowances::new("organization", organization, 1),
        }
    }

    /// Counts a request of a caller.
    ///
    /// # Errors
    /// The caller has sent too many requests.
    pub fn charge_caller(&self, caller: &CallerKey) -> Result<Option<Allowance>, Exceeded> {
        if self.callers.len() >= MAX_CALLERS {
            self.callers.remove_idle();
        }
        self.callers.charge(caller)
    }

    /// Counts a request whose credentials were rejected. Its client is not known, except by the address, which it may
    /// share with others behind a proxy. Therefore only rejected requests are counted and limited.
    ///
    /// # Errors
    /// The client has sent too many of them.
    pub fn charge_rejected(&self, client: ClientKey) -> Result<Option<Allowance>, Exceeded> {
        // Beyond this number, all clients share an allowance until the next maintenance.
        let client = if self.rejected.len() < MAX_CLIENTS { client } else { ClientKey(None) };
        self.rejected.charge(&client)
    }

    /// Counts a request of an organization.
    ///
    /// # Errors
    /// Its callers have sent too many requests.
    pub fn charge_organization(&self, organization: &String) -> Result<Option<Allowance>, Exceeded> {
        self.organizations.charge(organization)
    }

    /// Removes callers and organizations whose full allowance is available again. Called every few seconds, so that
    /// memory use is bounded.
    pub fn remove_idle(&self) {
        self.callers.remove_idle();
        self.rejected.remove_idle();
        self.organizations.remove_idle();
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn rate(requests: u32) -> Rate {
        Rate::per_second(NonZeroU32::new(requests).unwrap())
    }

    fn limits(caller: u32, organization: u32) -> RateLimits {
        RateLimits::new(Some(rate(caller)), Some(rate(organization)))
    }

    fn caller(user: &str) -> CallerKey {
        CallerKey { organization: OrganizationReference::parse("acme"), user: UserId::parse(user).unwrap() }
    }

    #[rstest]
    #[case("100/s", Ok(rate(100)))]
    #[case(" 7/s ", Ok(rate(7)))]
    #[case("1000000/s", Ok(rate(1_000_000)))]
    #[case("1000001/s", Err(RateSyntaxError))]
    #[case("0/s", Err(RateSyntaxError))]
    #[case("100", Err(RateSyntaxError))]
    #[case("100/m", Err(RateSyntaxError))]
    #[case("-1/s", Err(RateSyntaxError))]
    #[case("+7/s", Err(RateSyntaxError))]
    #[case("7 /s", Err(RateSyntaxError))]
    #[case("/s", Err(RateSyntaxError))]
    fn rates_are_read(#[case] text: &str, #[case] expected: Result<Rate, RateSyntaxError>) {
        assert_eq!(text.parse::<Rate>(), expected);
    }

    #[test]
    fn a_caller_has_twice_the_rate_as_a_burst_and_no_more() {
        let limits = limits(1, 1_000);
        let alice = caller("alice");
        assert!(limits.charge_caller(&alice).is_ok());
        assert!(limits.charge_caller(&alice).is_ok());
        let exceeded = limits.charge_caller(&alice).unwrap_err();
        assert!(exceeded.wait > Duration::ZERO && exceeded.wait <= Duration::from_secs(1));
        assert!(limits.charge_caller(&caller("bob")).is_ok(), "another caller has an allowance of its own");
    }

    #[test]
    fn an_allowance_tells_what_is_left_and_when_it_is_whole_again() {
        let limits = limits(10, 1_000);
        let left = |_| limits.charge_caller(&caller("alice")).unwrap().unwrap();
        let first = left(0);
        assert_eq!((first.quota, first.window, first.remaining, first.reset()), (20, 2, 19, 1));
        let last = (1..20).fold(first, |_, number| left(number));
        assert!(last.remaining <= 1 && last.reset() == 2, "{last:?}");
        let exceeded = (0..5).find_map(|_| limits.charge_caller(&caller("alice")).err()).unwrap();
        assert_eq!((exceeded.allowance.remaining, exceeded.allowance.limit), (0, "caller"));
        let unlimited = RateLimits::new(None, None);
        assert_eq!(unlimited.charge_caller(&caller("alice")), Ok(None));
    }

    #[test]
    fn rejected_requests_are_limited_by_address_or_network() {
        let limits = limits(1, 1_000);
        let client = |address: &str| ClientKey::of(Some(address.parse().unwrap()));
        for address in ["192.0.2.1", "192.0.2.1"] {
            assert!(limits.charge_rejected(client(address)).is_ok());
        }
        assert!(limits.charge_rejected(client("192.0.2.1")).is_err());
        assert!(limits.charge_rejected(client("::ffff:192.0.2.1")).is_err(), "the same address, mapped");
        assert!(limits.charge_rejected(client("192.0.2.2")).is_ok());
        for address in ["2001:db8::1", "2001:db8::2"] {
            assert!(limits.charge_rejected(client(address)).is_ok());
        }
        assert!(limits.charge_rejected(client("2001:db8::3")).is_err(), "the same network");
        assert!(limits.charge_rejected(client("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn the_number_of_stored_clients_is_bounded() {
        let limits = limits(1, 1_000);
        for address in 0..2 * u32::try_from(MAX_CLIENTS).unwrap() {
            let address = IpAddr::from(std::net::Ipv4Addr::from(address));
            assert!(
                limits.charge_rejected(ClientKey::of(Some(address))).is_ok()
                    || limits.rejected.len() >= MAX_CLIENTS
            );
        }
        assert!(limits.rejected.len() <= MAX_CLIENTS + 1);
    }

    #[test]
    fn an_organization_has_one_allowance_for_all_of_its_callers() {
        let limits = limits(1_000, 2);
        let acme = "acme".to_owned();
        assert!(limits.charge_organization(&acme).is_ok());
        assert!(limits.charge_organization(&acme).is_ok());
        assert!(limits.charge_organization(&acme).is_err());
        assert!(limits.charge_organization(&"other".to_owned()).is_ok());
    }

    #[test]
    fn each_of_the_two_limits_can_be_absent() {
        let (alice, acme) = (caller("alice"), "acme".to_owned());
        let only_organizations = RateLimits::new(None, Some(rate(1)));
        assert!((0..10).all(|_| only_organizations.charge_caller(&alice).is_ok()));
        assert!(!(0..10).all(|_| only_organizations.charge_organization(&acme).is_ok()));
        let only_callers = RateLimits::new(Some(rate(1)), None);
        assert!(!(0..10).all(|_| only_callers.charge_caller(&alice).is_ok()));
        assert!((0..10).all(|_| only_callers.charge_organization(&acme).is_ok()));
    }
}
