use std::collections::{BTreeMap, HashMap, VecDeque};

use convene_domain::id::{MemberId, OrganizationId};

use super::Owner;

/// The limits of a gate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// The calls in flight.
    pub(super) permits: usize,
    /// No organization may take more than others leave: the gate is for calls of organizations.
    pub(super) is_shared: bool,
    /// The calls end so soon that an organization may take the permits that others would leave, as long as no other one waits.
    pub(super) are_short: bool,
    /// The waiting calls of all organizations.
    pub(super) waiting: usize,
    /// The waiting calls of an organization.
    pub(super) waiting_of_organization: usize,
    /// The waiting calls of a member.
    pub(super) waiting_of_member: usize,
}

impl Rules {
    /// Tests whether an organization leaves permits to others that do not wait yet.
    const fn leaves_some(self) -> bool {
        self.is_shared && !self.are_short
    }
}

/// The calls that an organization has in flight at most, as a multiple of the permits that remain free.
const TIMES_FREE: usize = 3;

/// The limit that a call would exceed if it waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    Process,
    Organization,
    Member,
}

/// The calls in flight and the waiting calls of a gate. `W` stands for a waiting call.
///
/// The organization with the fewest calls in flight is served next, in turn if several have equally few; within it, the
/// members are served in turn, and the calls of a member in the order of their arrival.
///
/// An organization that has calls in flight takes a further permit only if it then has at most three times as many as remain free:
/// alone it has three quarters of them, and the next ones find some free. Otherwise their first calls would wait for its slow
/// ones. A first call takes the last permit, too. In the same way, an organization has at most as many waiting calls as there is room
/// for others, and a member at most as many as there is room for others of its organization.
pub(super) struct Ledger<W> {
    rules: Rules,
    in_flight: usize,
    waiting: usize,
    /// The organizations that have calls in flight or waiting calls.
    accounts: HashMap<Option<OrganizationId>, Account<W>>,
    /// The organizations that have waiting calls. The first one has not been served for the longest time.
    rotation: VecDeque<Option<OrganizationId>>,
    last_number: u64,
}

struct Account<W> {
    in_flight: usize,
    waiting: usize,
    members: HashMap<Option<MemberId>, BTreeMap<u64, W>>,
    /// The members that have waiting calls, as in the ledger.
    rotation: VecDeque<Option<MemberId>>,
}

impl<W> Default for Account<W> {
    fn default() -> Self {
        Self { in_flight: 0, waiting: 0, members: HashMap::new(), rotation: VecDeque::new() }
    }
}

impl<W> Ledger<W> {
    pub(super) fn new(rules: Rules) -> Self {
        let (accounts, rotation) = (HashMap::new(), VecDeque::new());
        Self { rules, in_flight: 0, waiting: 0, accounts, rotation, last_number: 0 }
    }

    pub(super) const fn in_flight(&self) -> usize {
        self.in_flight
    }

    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Counts a call as in flight if it may start now.
    pub(super) fn enter(&mut self, owner: Owner) -> bool {
        self.accounts.entry(owner.organization).or_default();
        let (free, leaves_some) = (self.free(), self.rules.leaves_some());
        let entered = self.accounts.get_mut(&owner.organization).is_some_and(|account| {
            let may = account.waiting == 0 && account.may_start(free, leaves_some);
            account.in_flight += usize::from(may);
            may
        });
        self.in_flight += usize::from(entered);
        self.forget_idle(owner.organization);
        entered
    }

    /// Adds a waiting call, and returns the number under which it can be removed.
    pub(super) fn wait(&mut self, owner: Owner, call: W) -> Result<u64, Full> {
        let Owner { organization, member } = owner;
        let Some(room) = self.rules.waiting.checked_sub(self.waiting + 1) else { return Err(Full::Process) };
        let room = if self.rules.is_shared { room } else { usize::MAX };
        let account = self.accounts.entry(organization).or_default();
        let of_organization = account.waiting + 1;
        let full = if of_organization > self.rules.waiting_of_organization.min(room.max(1)) {
            Some(Full::Organization)
        } else {
            let of_member = account.members.get(&member).map_or(0, BTreeMap::len) + 1;
            // What the organization may add until it has as many as there is room for.
            let room = (room.saturating_sub(of_organization) / 2).max(1);
            // The operator's calls count as those of the organization only.
            (member.is_some() && of_member > self.rules.waiting_of_member.min(room)).then_some(Full::Member)
        };
        if let Some(full) = full {
            self.forget_idle(organization);
            return Err(full);
        }
        self.last_number += 1;
        self.waiting += 1;
        account.waiting += 1;
        if account.waiting == 1 {
            self.rotation.push_back(organization);
        }
        let calls = account.members.entry(member).or_default();
        if calls.is_empty() {
            account.rotation.push_back(member);
        }
        calls.insert(self.last_number, call);
        Ok(self.last_number)
    }

    /// Removes a waiting call that was abandoned. Returns `false` if it is not waiting any more.
    pub(super) fn abandon(&mut self, owner: Owner, number: u64) -> bool {
        let Owner { organization, member } = owner;
        let Some(account) = self.accounts.get_mut(&organization) else { return false };
        let Some(calls) = account.members.get_mut(&member) else { return false };
        if calls.remove(&number).is_none() {
            return false;
        }
        if calls.is_empty() {
            account.members.remove(&member);
            account.rotation.retain(|other| *other != member);
        }
        account.waiting -= 1;
        self.waiting -= 1;
        if account.waiting == 0 {
            self.rotation.retain(|other| *other != organization);
        }
        self.forget_idle(organization);
        true
    }

    /// Ends a call in flight.
    pub(super) fn leave(&mut self, owner: Owner) {
        if let Some(account) = self.accounts.get_mut(&owner.organization) {
            account.in_flight = account.in_flight.saturating_sub(1);
            self.in_flight = self.in_flight.saturating_sub(1);
        }
        self.forget_idle(owner.organization);
    }

    /// Takes the next waiting call that may start, and counts it as in flight.
    pub(super) fn start_next(&mut self) -> Option<(Owner, W)> {
        let (free, leaves_some) = (self.free(), self.rules.leaves_some());
        let mut fewest: Option<(usize, usize)> = None;
        for (position, organization) in self.rotation.iter().enumerate() {
            let in_flight = self.accounts.get(organization).map_or(0, |account| account.in_flight);
            if fewest.is_none_or(|(_, least)| in_flight < least) {
                fewest = Some((position, in_flight));
            }
            if in_flight == 0 {
                break;
            }
        }
        let (position, _) = fewest?;
        let organization = *self.rotation.get(position)?;
        let account = self.accounts.get_mut(&organization)?;
        if !account.may_start(free, leaves_some) {
            return None;
        }
        let (member, call) = account.take_next()?;
        self.in_flight += 1;
        self.waiting -= 1;
        self.rotation.remove(position);
        if account.waiting > 0 {
            self.rotation.push_back(organization);
        }
        Some((Owner { organization, member }, call))
    }

    const fn free(&self) -> usize {
        self.rules.permits.saturating_sub(self.in_flight)
    }

    fn forget_idle(&mut self, organization: Option<OrganizationId>) {
        if self.accounts.get(&organization).is_some_and(|it| it.in_flight == 0 && it.waiting == 0) {
            self.accounts.remove(&organization);
        }
    }
}

impl<W> Account<W> {
    /// Tests whether one more call may start, given the free permits.
    const fn may_start(&self, free: usize, leaves_some: bool) -> bool {
        free > 0 && (!leaves_some || self.in_flight == 0 || self.in_flight < TIMES_FREE * (free - 1))
    }

    fn take_next(&mut self) -> Option<(Option<MemberId>, W)> {
        let member = self.rotation.pop_front()?;
        let calls = self.members.get_mut(&member)?;
        let (_, call) = calls.pop_first()?;
        if calls.is_empty() {
            self.members.remove(&member);
        } else {
            self.rotation.push_back(member);
        }
        self.waiting -= 1;
        self.in_flight += 1;
        Some((member, call))
    }
}

#[cfg(test)]
mod tests;
