use std::collections::HashSet;

use convene_domain::{
    activity::{Activity, Actor, Subject},
    text::UserId,
};

/// Finds the entries that tell of a person in an activity log that is read from its oldest entry on.
///
/// Those are the entries of what the person did, of what became of a membership or a registration of theirs, whoever
/// did it, and of what names a membership of theirs, as an issue does its assignee. Registrations that are gone are
/// known by the entries of when they were made.
#[derive(Debug, Clone)]
pub struct Trail {
    actor: Actor,
    known: HashSet<String>,
}

impl Trail {
    /// The trail of the person with this user id, whose memberships and registrations have these ids.
    #[must_use]
    pub fn new(user: &UserId, ids: impl IntoIterator<Item = String>) -> Self {
        Self { actor: Actor::User(user.clone()), known: ids.into_iter().collect() }
    }

    /// Whether the entry tells of the person.
    pub fn passes(&mut self, entry: &Activity) -> bool {
        let subject = entry.subject.to_string();
        let values = entry.changes.iter().flat_map(|change| [&change.before, &change.after]).flatten();
        let is_named = values.into_iter().any(|value| self.known.contains(value));
        if is_named && matches!(entry.subject, Subject::Registration(_)) {
            self.known.insert(subject.clone());
        }
        is_named || entry.actor == self.actor || self.known.contains(&subject)
    }
}
