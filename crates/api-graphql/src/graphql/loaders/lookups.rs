//! Lookups of objects.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use convene_application::{
    failure::Outcome,
    member::{IncludeRemoved, VisibleMember},
    occurrence::OccurrenceOfEvent,
};
use convene_domain::{
    event::Event,
    id::{EventId, MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    registration::Registration,
};

use super::{Lookup, Source};

pub(super) struct MembersWithRemoved;

#[async_trait]
impl Lookup for MembersWithRemoved {
    type Key = MemberId;
    type Value = Arc<VisibleMember>;

    async fn find(
        Source { use_cases, caller, .. }: &Source,
        keys: &[MemberId],
    ) -> Outcome<HashMap<MemberId, Arc<VisibleMember>>> {
        let found = use_cases.get_members.execute(caller, keys, IncludeRemoved::Yes).await?;
        Ok(found.into_iter().map(|member| (member.id, Arc::new(member))).collect())
    }
}

pub(super) struct Events;

#[async_trait]
impl Lookup for Events {
    type Key = EventId;
    type Value = Arc<Event>;

    async fn find(
        Source { use_cases, caller, .. }: &Source,
        keys: &[EventId],
    ) -> Outcome<HashMap<EventId, Arc<Event>>> {
        let found = use_cases.get_events.execute(caller, keys).await?;
        Ok(found.into_iter().map(|event| (event.id, event)).collect())
    }
}

pub(super) struct Occurrences;

#[async_trait]
impl Lookup for Occurrences {
    type Key = OccurrenceKey;
    type Value = Arc<OccurrenceOfEvent>;

    async fn find(
        Source { use_cases, caller, look_ahead, .. }: &Source,
        keys: &[OccurrenceKey],
    ) -> Outcome<HashMap<OccurrenceKey, Arc<OccurrenceOfEvent>>> {
        let found = use_cases.get_occurrences.execute(caller, keys, look_ahead.seats).await?;
        Ok(found.into_iter().map(|(asked, occurrence)| (asked, Arc::new(occurrence))).collect())
    }
}

pub(super) struct ViewerRegistrations;

#[async_trait]
impl Lookup for ViewerRegistrations {
    type Key = OccurrenceKey;
    type Value = Arc<Registration>;

    async fn find(
        Source { use_cases, caller, .. }: &Source,
        keys: &[OccurrenceKey],
    ) -> Outcome<HashMap<OccurrenceKey, Arc<Registration>>> {
        let found = use_cases.viewer_registrations.execute(caller, keys).await?;
        Ok(found.into_iter().map(|(key, registration)| (key, Arc::new(registration))).collect())
    }
}

pub(super) struct WaitlistPositions;

#[async_trait]
impl Lookup for WaitlistPositions {
    type Key = RegistrationId;
    type Value = u32;

    async fn find(
        Source { use_cases, caller, .. }: &Source,
        keys: &[RegistrationId],
    ) -> Outcome<HashMap<RegistrationId, u32>> {
        use_cases.waitlist_positions.execute(caller, keys).await
    }
}
