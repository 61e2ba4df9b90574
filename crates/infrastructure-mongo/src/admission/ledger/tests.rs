use uuid::Uuid;

use super::*;

const RULES: Rules = Rules {
    permits: 8,
    is_shared: true,
    are_short: false,
    waiting: 100,
    waiting_of_organization: 50,
    waiting_of_member: 20,
};

fn owner(organization: u128, member: u128) -> Owner {
    Owner {
        organization: Some(OrganizationId::from_uuid(Uuid::from_u128(organization))),
        member: Some(MemberId::from_uuid(Uuid::from_u128(member))),
    }
}

/// The calls of a test: names of waiting calls, and the owners of the calls in flight.
struct Calls {
    ledger: Ledger<&'static str>,
    numbers: HashMap<&'static str, (Owner, u64)>,
    in_flight: Vec<Owner>,
}

impl Calls {
    fn new(rules: Rules) -> Self {
        Self { ledger: Ledger::new(rules), numbers: HashMap::new(), in_flight: Vec::new() }
    }

    /// Makes a call, which starts or waits.
    fn call(&mut self, owner: Owner, name: &'static str) -> Result<(), Full> {
        if self.ledger.enter(owner) {
            self.in_flight.push(owner);
            return Ok(());
        }
        let number = self.ledger.wait(owner, name)?;
        self.numbers.insert(name, (owner, number));
        Ok(())
    }

    fn calls(&mut self, owner: Owner, name: &'static str, times: usize) {
        for _ in 0..times {
            self.call(owner, name).unwrap();
        }
    }

    /// Ends a call in flight of this organization, and returns the names of the calls that start because of it.
    fn end(&mut self, organization: u128) -> Vec<&'static str> {
        let organization = owner(organization, 0).organization;
        let position = self.in_flight.iter().position(|owner| owner.organization == organization).unwrap();
        self.ledger.leave(self.in_flight.remove(position));
        self.start()
    }

    fn start(&mut self) -> Vec<&'static str> {
        let started: Vec<_> = std::iter::from_fn(|| self.ledger.start_next()).collect();
        self.in_flight.extend(started.iter().map(|(owner, _)| *owner));
        assert!(self.ledger.in_flight() <= self.ledger.rules.permits);
        started.into_iter().map(|(_, name)| name).collect()
    }

    fn in_flight_of(&self, organization: u128) -> usize {
        let organization = owner(organization, 0).organization;
        self.in_flight.iter().filter(|owner| owner.organization == organization).count()
    }
}

#[test]
fn an_organization_alone_leaves_permits_to_others() {
    let mut calls = Calls::new(RULES);
    calls.calls(owner(1, 1), "large", 20);
    assert_eq!(calls.in_flight_of(1), 6);
    calls.calls(owner(2, 1), "small", 1);
    calls.calls(owner(3, 1), "small", 1);
    assert_eq!((calls.in_flight_of(2), calls.in_flight_of(3)), (1, 1), "others start at once");
}

#[test]
fn an_organization_alone_has_all_permits_for_short_calls_until_another_one_waits() {
    let mut calls = Calls::new(Rules::for_parts());
    calls.calls(owner(1, 1), "many", 20);
    assert_eq!(calls.in_flight_of(1), 2);
    calls.calls(owner(2, 1), "first", 1);
    calls.calls(owner(3, 1), "second", 1);
    assert_eq!(calls.end(1), ["first"]);
    assert_eq!(calls.end(2), ["second"]);
    assert_eq!(calls.end(3), ["many"]);
    assert_eq!(calls.in_flight_of(1), 2);
}

#[test]
fn an_organization_with_fewer_calls_is_served_first() {
    let mut calls = Calls::new(RULES);
    calls.calls(owner(1, 1), "large", 20);
    calls.calls(owner(2, 1), "small", 4);
    assert_eq!(calls.end(1), ["small"]);
    assert_eq!(calls.end(1), ["small"]);
    assert_eq!(calls.end(1), Vec::<&str>::new(), "two permits remain for others");
    assert_eq!((calls.in_flight_of(1), calls.in_flight_of(2)), (3, 3), "each has its part");
    assert_eq!(calls.end(1), ["large"]);
}

#[test]
fn three_organizations_leave_permits_to_the_next_one_once_slow_calls_end() {
    let waiting =
        Rules { waiting: 10_000, waiting_of_organization: 5_000, waiting_of_member: 5_000, ..RULES };
    for permits in [4, 8, 17, 64] {
        let mut calls = Calls::new(Rules { permits, ..waiting });
        for organization in 1..=3 {
            calls.calls(owner(organization, 1), "greedy", permits);
            // Slow calls end, and their organizations make further ones.
            for _ in 0..4 * permits {
                let most = (1..=organization).max_by_key(|number| calls.in_flight_of(*number)).unwrap();
                calls.end(most);
                calls.calls(owner(most, 1), "greedy", 1);
            }
            let in_flight = calls.ledger.in_flight();
            assert!(in_flight < permits, "{organization} organizations have {in_flight} of {permits}");
        }
        calls.calls(owner(4, 1), "next", 1);
        assert_eq!(calls.in_flight_of(4), 1);
    }
}

#[test]
fn several_organizations_leave_room_to_wait_to_the_next_ones() {
    let rules = Rules { waiting: 1_000, waiting_of_organization: 500, waiting_of_member: 100, ..RULES };
    let mut calls = Calls::new(rules);
    for organization in 1..=6 {
        for member in 0..20 {
            while calls.call(owner(organization, member), "greedy").is_ok() {}
        }
    }
    assert!(calls.ledger.waiting() > 900, "{}", calls.ledger.waiting());
    for organization in 7..=8 {
        calls.call(owner(organization, 1), "next").unwrap();
    }
}

#[test]
fn several_members_leave_room_to_wait_to_the_next_one() {
    let mut calls = Calls::new(Rules { waiting: 1_000, waiting_of_organization: 500, ..RULES });
    for member in 0..27 {
        assert!(calls.call(owner(1, member), "first").is_ok(), "member {member}");
        while calls.call(owner(1, member), "greedy").is_ok() {}
    }
}

#[test]
fn organizations_with_equally_few_calls_take_turns() {
    let mut calls = Calls::new(Rules { permits: 1, ..RULES });
    calls.calls(owner(1, 1), "first", 4);
    calls.calls(owner(2, 1), "second", 2);
    calls.calls(owner(3, 1), "third", 1);
    let order: Vec<_> = [1, 1, 2, 3, 1, 2].into_iter().flat_map(|running| calls.end(running)).collect();
    assert_eq!(order, ["first", "second", "third", "first", "second", "first"]);
}

#[test]
fn members_of_an_organization_take_turns() {
    let mut calls = Calls::new(Rules { permits: 1, ..RULES });
    calls.calls(owner(1, 1), "busy", 5);
    calls.calls(owner(1, 2), "calm", 2);
    let order: Vec<_> = (0..6).flat_map(|_| calls.end(1)).collect();
    assert_eq!(order, ["busy", "calm", "busy", "calm", "busy", "busy"]);
}

#[test]
fn a_new_call_does_not_overtake_a_waiting_one_of_its_organization() {
    let mut calls = Calls::new(RULES);
    calls.calls(owner(1, 1), "first", 7);
    calls.end(1);
    assert_eq!(calls.in_flight_of(1), 6);
    calls.call(owner(1, 2), "second").unwrap();
    assert_eq!(calls.end(1), ["second"]);
}

#[test]
fn a_call_that_was_abandoned_leaves_nothing_behind() {
    let mut calls = Calls::new(RULES);
    calls.calls(owner(1, 1), "kept", 6);
    calls.call(owner(1, 2), "abandoned").unwrap();
    let (abandoned, number) = calls.numbers["abandoned"];
    assert!(calls.ledger.abandon(abandoned, number));
    assert!(!calls.ledger.abandon(abandoned, number), "once only");
    assert_eq!(calls.ledger.waiting(), 0);
    for _ in 0..6 {
        assert_eq!(calls.end(1), Vec::<&str>::new());
    }
    assert!(calls.ledger.accounts.is_empty() && calls.ledger.rotation.is_empty());
}

#[test]
fn the_queue_is_bounded_for_the_process_the_organization_and_the_member() {
    let mut calls = Calls::new(RULES);
    calls.calls(owner(1, 1), "one", 6 + 20);
    assert_eq!(calls.call(owner(1, 1), "one"), Err(Full::Member));
    calls.calls(owner(1, 2), "two", 15);
    assert_eq!(calls.call(owner(1, 2), "two"), Err(Full::Member), "as many as remain for others");
    for member in 3..18 {
        calls.calls(owner(1, member), "few", 1);
    }
    assert_eq!(calls.call(owner(1, 18), "few"), Err(Full::Organization));
    for organization in 2..52 {
        calls.calls(owner(organization, 1), "other", if organization <= 3 { 2 } else { 1 });
    }
    assert_eq!(calls.call(owner(52, 1), "last"), Err(Full::Process));
    assert_eq!(calls.ledger.waiting(), 100);
}

#[test]
fn work_of_the_program_is_bounded_as_a_whole_only() {
    let mut calls = Calls::new(RULES);
    calls.calls(Owner::PROGRAM, "lookup", 6 + 50);
    assert_eq!(calls.call(Owner::PROGRAM, "lookup"), Err(Full::Organization));
}

#[test]
fn every_organization_is_served_if_there_are_more_than_permits() {
    let mut calls = Calls::new(RULES);
    for organization in 1..=20 {
        calls.calls(owner(organization, 1), "call", 3);
    }
    let mut served = [0; 21];
    for _ in 0..60 {
        let running = calls.in_flight[0];
        let organization = (1..=20).find(|number| owner(*number, 0).organization == running.organization);
        served[usize::try_from(organization.unwrap()).unwrap()] += 1;
        calls.end(organization.unwrap());
    }
    assert_eq!(served[1..], [3; 20]);
}
