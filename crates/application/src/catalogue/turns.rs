use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use convene_domain::id::MemberId;
use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

/// The turns to compute days of a replica, or to update it, in the order of arrival. Each member waits in it with one list at a time,
/// so that many lists of one member delay those of others like a single one.
#[derive(Debug, Default)]
pub(super) struct Turns {
    pub(super) queue: Arc<Queue<()>>,
    /// The members who wait or have a turn.
    members: Mutex<HashMap<MemberId, Arc<Queue<()>>>>,
}

impl Turns {
    /// Waits for a turn of this member, or of the operator or the program.
    pub(super) async fn of(&self, member: Option<MemberId>) -> OwnedMutexGuard<()> {
        let own = member.map(|member| self.own(member));
        let _first = match &own {
            Some(own) => Some(own.lock().await),
            None => None,
        };
        Arc::clone(&self.queue).lock_owned().await
    }

    fn own(&self, member: MemberId) -> Arc<Queue<()>> {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.retain(|_, own| Arc::strong_count(own) > 1);
        Arc::clone(members.entry(member).or_default())
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn many_lists_of_a_member_delay_those_of_another_one_like_a_single_one() {
        let [one, other] = [1, 2].map(|number| MemberId::from_uuid(Uuid::from_u128(number)));
        let turns = Turns::default();
        let served = Mutex::new(Vec::new());
        let busy = turns.of(None).await;
        let list = async |member| {
            let _turn = turns.of(Some(member)).await;
            served.lock().unwrap().push(member);
        };
        let lists = join_all([vec![one; 10], vec![other; 2]].concat().into_iter().map(list));
        let free = async {
            tokio::task::yield_now().await;
            drop(busy);
        };
        tokio::join!(lists, free);
        let served = served.into_inner().unwrap();
        let places: Vec<_> = (0..served.len()).filter(|&place| served[place] == other).collect();
        assert_eq!((served.len(), places), (12, vec![1, 3]));
        turns.own(one);
        assert_eq!(turns.members.lock().unwrap().len(), 1, "nobody else waits");
    }
}
