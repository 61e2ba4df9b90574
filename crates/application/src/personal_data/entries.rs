use std::collections::HashSet;

use convene_domain::{
    activity::{Activity, Actor, Subject},
    text::UserId,
};

/// Selects the entries about a person from an activity log that is read from its oldest entry on.
///
/// These are the entries of the person's own actions, of changes of a membership or a registration of the person, and
/// the entries that name a membership of the person, as an issue names its assignee. The ids of deleted registrations
/// are learned from the entries of their creation.
#[derive(Debug, Clone)]
pub struct PersonalEntries {
    actor: Actor,
    ids: HashSet<String>,
}

impl PersonalEntries {
    /// Starts with the ids of the stored memberships and registrations of the person.
    #[must_use]
    pub fn new(user: &UserId, ids: impl IntoIterator<Item = String>) -> Self {
        Self { actor: Actor::User(user.clone()), ids: ids.into_iter().collect() }
    }

    /// Returns whether the entry is about the person.
    pub fn select(&mut self, entry: &Activity) -> bool {
        let subject = entry.subject.to_string();
        let values = entry.changes.iter().flat_map(|change| [&change.before, &change.after]).flatten();
        let is_named = values.into_iter().any(|value| self.ids.contains(value));
        if is_named && matches!(entry.subject, Subject::Registration(_)) {
            self.ids.insert(subject.clone());
        }
        is_named || entry.actor == self.actor || self.ids.contains(&subject)
    }
}
