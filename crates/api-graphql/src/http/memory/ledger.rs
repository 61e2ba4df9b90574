use std::collections::{BTreeMap, HashMap, HashSet};

use convene_domain::text::UserId;

use super::CALLERS;
use crate::auth::Owner;

/// The holders of a memory with what each holds, and those who wait for it. `W` stands for a waiting request.
///
/// After each taking, an organization holds at most what remains free: the more organizations hold memory, the less each of them
/// may have, and something always remains for the next one. Within it, a caller holds at most what its organization may still take.
/// Both are measured after the taking. The first request of a caller is measured by its organization only.
///
/// Those that wait are served in the order of what they hold: while an organization waits that holds nothing, no other one takes
/// more; the same applies to the callers of an organization. Requests of further callers that hold nothing pass one of its
/// organization that does not fit, until they took as much as it needs.
#[derive(Debug)]
pub(super) struct Ledger<W> {
    total: usize,
    free: usize,
    /// The organizations that hold memory or wait for it.
    organizations: HashMap<Option<String>, Account<W>>,
    waiting: usize,
    last_number: u64,
}

#[derive(Debug)]
struct Account<W> {
    held: usize,
    callers: HashMap<UserId, usize>,
    /// In the order of arrival.
    waiting: BTreeMap<u64, Waiting<W>>,
}

#[derive(Debug)]
struct Waiting<W> {
    user: UserId,
    units: usize,
    /// The units of later requests of callers that held nothing, which passed it.
    passed: usize,
    request: W,
}

impl<W> Default for Account<W> {
    fn default() -> Self {
        Self { held: 0, callers: HashMap::new(), waiting: BTreeMap::new() }
    }
}

impl<W> Account<W> {
    fn of_caller(&self, user: &UserId) -> usize {
        self.callers.get(user).copied().unwrap_or_default()
    }

    /// The waiting requests of callers that hold nothing.
    fn new_ones(&self) -> impl Iterator<Item = (u64, &Waiting<W>)> {
        let new = self.waiting.iter().filter(|(_, it)| self.of_caller(&it.user) == 0);
        new.map(|(number, waiting)| (*number, waiting))
    }

    /// Counts the units of a request that passes those which wait before this number.
    fn pass(&mut self, number: u64, units: usize) {
        let Self { callers, waiting, .. } = self;
        for (_, waiting) in waiting.range_mut(..number) {
            if !callers.contains_key(&waiting.user) {
                waiting.passed += units;
            }
        }
    }
}

impl<W> Ledger<W> {
    pub(super) fn new(total: usize) -> Self {
        Self { total, free: total, organizations: HashMap::new(), waiting: 0, last_number: 0 }
    }

    /// The units that a request takes that needs this number: those of the largest part of a caller if it needs more.
    pub(super) fn units(&self, needed: usize) -> usize {
        needed.min(self.total / CALLERS)
    }

    /// Takes units if they are free and nobody else has precedence.
    pub(super) fn enter(&mut self, owner: &Owner, units: usize) -> bool {
        let none = Account::default();
        let account = self.organizations.get(&owner.organization).unwrap_or(&none);
        let may = self.fits(account, &owner.user, units) && !self.is_preceded(account, &owner.user, units);
        if may {
            if let Some(account) = self.organizations.get_mut(&owner.organization) {
                account.pass(u64::MAX, units);
            }
            self.add(owner, units);
        }
        may
    }

    /// Adds a waiting request, and returns the number under which it can be removed.
    pub(super) fn wait(&mut self, owner: &Owner, units: usize, request: W) -> u64 {
        self.last_number += 1;
        self.waiting += 1;
        let waiting = Waiting { user: owner.user.clone(), units, passed: 0, request };
        let account = self.organizations.entry(owner.organization.clone()).or_default();
        account.waiting.insert(self.last_number, waiting);
        self.last_number
    }

    /// Removes a waiting request, if it still waits.
    pub(super) fn abandon(&mut self, owner: &Owner, number: u64) {
        if let Some(account) = self.organizations.get_mut(&owner.organization)
            && account.waiting.remove(&number).is_some()
        {
            self.waiting -= 1;
        }
        self.forget_idle(&owner.organization);
    }

    /// Takes units back.
    pub(super) fn leave(&mut self, owner: &Owner, units: usize) {
        let Some(account) = self.organizations.get_mut(&owner.organization) else { return };
        account.held -= units;
        self.free += units;
        match account.callers.get_mut(&owner.user) {
            Some(held) if *held > units => *held -= units,
            _ => drop(account.callers.remove(&owner.user)),
        }
        self.forget_idle(&owner.organization);
    }

    /// Takes the units of the next waiting request that may have them.
    pub(super) fn start_next(&mut self) -> Option<(Owner, usize, W)> {
        let (organization, number) = self.next()?;
        let account = self.organizations.get_mut(&organization)?;
        let Waiting { user, units, request, .. } = account.waiting.remove(&number)?;
        account.pass(number, units);
        self.waiting -= 1;
        let owner = Owner { organization, user };
        self.add(&owner, units);
        Some((owner, units, request))
    }

    fn next(&self) -> Option<(Option<String>, u64)> {
        if self.waiting == 0 {
            return None;
        }
        let waiting = self.organizations.iter().filter_map(|(organization, account)| {
            let (first, _) = account.waiting.first_key_value()?;
            Some((account.held, *first, organization, account))
        });
        let mut waiting: Vec<_> = waiting.collect();
        waiting.sort_unstable_by_key(|(held, first, ..)| (*held, *first));
        let mut new_one_waits = false;
        for (held, _, organization, account) in waiting {
            if new_one_waits && held > 0 {
                return None;
            }
            if let Some(number) = self.next_of(account) {
                return Some((organization.clone(), number));
            }
            new_one_waits |= held == 0;
        }
        None
    }

    fn next_of(&self, account: &Account<W>) -> Option<u64> {
        let fits = |it: &Waiting<W>| self.fits(account, &it.user, it.units);
        let (mut before, mut may_pass) = (HashSet::new(), usize::MAX);
        for (number, new) in account.new_ones() {
            if new.units <= may_pass && !before.contains(&new.user) && fits(new) {
                return Some(number);
            }
            before.insert(&new.user);
            may_pass = may_pass.min(new.units.saturating_sub(new.passed));
        }
        if !before.is_empty() {
            return None;
        }
        account.waiting.iter().find(|(_, waiting)| fits(waiting)).map(|(number, _)| *number)
    }

    fn fits(&self, account: &Account<W>, user: &UserId, units: usize) -> bool {
        let Some(free) = self.free.checked_sub(units) else { return false };
        let of_caller = account.of_caller(user);
        let (of_organization, is_first) = (account.held + units, of_caller == 0);
        of_organization <= free && (is_first || of_organization + 2 * (of_caller + units) <= free)
    }

    /// Tests whether others wait that are served before a new request of this caller.
    fn is_preceded(&self, account: &Account<W>, user: &UserId, units: usize) -> bool {
        if self.waiting == 0 {
            return false;
        }
        let is_new = |account: &Account<W>| account.held == 0;
        let others = || self.organizations.values().any(|it| is_new(it) && !it.waiting.is_empty());
        let may_pass =
            |new: &Waiting<W>| account.of_caller(user) == 0 && new.passed.saturating_add(units) <= new.units;
        account.new_ones().any(|(_, new)| !may_pass(new))
            || account.waiting.values().any(|waiting| waiting.user == *user)
            || !is_new(account) && others()
    }

    fn add(&mut self, owner: &Owner, units: usize) {
        self.free -= units;
        let account = self.organizations.entry(owner.organization.clone()).or_default();
        account.held += units;
        *account.callers.entry(owner.user.clone()).or_default() += units;
    }

    fn forget_idle(&mut self, organization: &Option<String>) {
        if self.organizations.get(organization).is_some_and(|it| it.held == 0 && it.waiting.is_empty()) {
            self.organizations.remove(organization);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.organizations.is_empty() && self.waiting == 0 && self.free == self.total
    }
}
