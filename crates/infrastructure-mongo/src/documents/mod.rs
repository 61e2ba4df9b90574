//! The stored documents, and their conversion from and to domain types.
//!
//! The fields of a document have BSON types. The conversion to a domain type validates everything again, except for the
//! normalization of texts, so that invalid data of another writer are reported with their document and field.

pub(crate) mod activity;
pub(crate) mod agenda;
pub(crate) mod convert;
pub(crate) mod dates;
pub(crate) mod dropped;
pub(crate) mod event;
pub(crate) mod idempotency;
pub(crate) mod ids;
pub(crate) mod issue;
pub(crate) mod job;
pub(crate) mod member;
pub(crate) mod occurrence;
pub(crate) mod organization;
pub(crate) mod realignment;
pub(crate) mod revision;
pub(crate) mod seats;

use convene_application::pace::Pace;

use crate::error::CorruptDocument;

/// The steps of a conversion, in which texts and series are validated again.
pub(crate) const CONVERSION: usize = 50;

/// A document that is converted to a domain type.
pub(crate) trait Converted {
    /// The steps of the conversion.
    fn steps(&self) -> usize {
        CONVERSION
    }
}

/// Converts documents to domain types in parts.
pub(crate) async fn read_in_parts<D, T>(documents: Vec<D>) -> Result<Vec<T>, CorruptDocument>
where
    D: Converted + Send,
    T: TryFrom<D, Error = CorruptDocument> + Send,
{
    let mut pace = Pace::default();
    let mut read = Vec::with_capacity(documents.len());
    for document in documents {
        pace.steps(document.steps()).await;
        read.push(T::try_from(document)?);
    }
    Ok(read)
}

/// Converts documents to domain types.
pub(crate) fn read_all<D, T>(documents: Vec<D>) -> Result<Vec<T>, CorruptDocument>
where
    T: TryFrom<D, Error = CorruptDocument>,
{
    documents.into_iter().map(T::try_from).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Waker},
    };

    use convene_application::testing::{FixedClock, builders::EventBuilder};
    use convene_domain::event::{EarlierSchedule, Event};
    use time::{Duration, macros::datetime};

    use super::{event::EventDocument, *};

    /// An event with a hundred earlier schedules, each with hundreds of dates.
    fn with_earlier_schedules() -> Event {
        let start = datetime!(2030-01-01 09:00);
        let dates = (1..=366).map(|day| start + Duration::days(day) + Duration::HOUR);
        let builder = dates.fold(EventBuilder::repeating(start, "FREQ=DAILY"), EventBuilder::with);
        let mut event = builder.build();
        let earlier = (0..100).map(|day| EarlierSchedule {
            series: event.series.clone(),
            ..EarlierSchedule::of(&event, FixedClock::START + Duration::days(day))
        });
        event.earlier = earlier.collect();
        event
    }

    #[test]
    fn events_with_many_earlier_schedules_are_converted_in_parts() {
        let document = EventDocument::new(&with_earlier_schedules(), 1);
        let mut reading = pin!(read_in_parts::<_, Event>(vec![document; 3]));
        let mut context = Context::from_waker(Waker::noop());
        let mut parts = 1;
        while reading.as_mut().poll(&mut context).is_pending() {
            parts += 1;
        }
        assert_eq!(parts, 4, "a pause before each of them");
    }
}
