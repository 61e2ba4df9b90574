use uuid::Uuid;

use super::*;

const RULES: Rules =
    Rules { permits: 8, headroom: 2, waiting: 100, waiting_of_organization: 50, waiting_of_member: 20 };

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
fn an_organization_alone_leaves_the_headroom_free() {
    let mut calls = Calls::new(RULES);
    calls.calls(owner(1, 1), "large", 20);
    assert_eq!(calls.in_flight_of(1), 6);
    calls.calls(owner(2, 1), "small", 2);
    assert_eq!(calls.in_flight_of(2), 2, "another organization starts at once");
}

#[test]
fn an_organization_below_its_share_is_served_first() {
    let mut calls = Calls::new(RULES);
    calls.calls(owner(1, 1), "large", 20);
    calls.calls(owner(2, 1), "small", 4);
    assert_eq!(calls.end(1), ["small"]);
    assert_eq!(calls.end(1), ["small"]);
    assert_eq!((calls.in_flight_of(1), calls.in_flight_of(2)), (4, 4), "each has its share");
    assert_eq!(calls.end(1), ["large"]);
    assert_eq!(calls.end(2), Vec::<&str>::new(), "the large one leaves the headroom free again");
}

#[test]
fn organizations_with_equally_few_calls_take_turns() {
    let mut calls = Calls::new(Rules { permits: 1, headroom: 0, ..RULES });
    calls.calls(owner(1, 1), "first", 4);
    calls.calls(owner(2, 1), "second", 2);
    calls.calls(owner(3, 1), "third", 1);
    let order: Vec<_> = [1, 1, 2, 3, 1, 2].into_iter().flat_map(|running| calls.end(running)).collect();
    assert_eq!(order, ["first", "second", "third", "first", "second", "first"]);
}

#[test]
fn members_of_an_organization_take_turns() {
    let mut calls = Calls::new(Rules { permits: 1, headroom: 0, ..RULES });
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
    calls.calls(owner(1, 2), "two", 20);
    calls.calls(owner(1, 3), "three", 10);
    assert_eq!(calls.call(owner(1, 3), "three"), Err(Full::Organization));
    calls.calls(owner(2, 1), "other", 2 + 20);
    calls.calls(owner(2, 2), "other", 20);
    calls.calls(owner(3, 1), "third", 10);
    assert_eq!(calls.call(owner(3, 2), "fourth"), Err(Full::Process));
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
