use std::sync::Arc;

use convene_application::occurrence;
use convene_domain::{event, recurrence};
use juniper::{GraphQLObject, graphql_object};

use super::mirror::mirror_enum;
use crate::graphql::{
    context::Context,
    scalars::{DateTime, LocalDateTime},
};

mirror_enum! {
    /// The frequency of a rule, which its other parts widen or narrow.
    Frequency = recurrence::Frequency {
        /// Every day, or every n days.
        Daily,
        /// Every week, or every n weeks.
        Weekly,
        /// Every month, or every n months.
        Monthly,
        /// Every year, or every n years.
        Yearly,
    }
}

/// The recurrence of an event.
#[derive(Clone, Debug)]
pub struct Recurrence {
    event: Arc<event::Event>,
    rrule: String,
}

impl Recurrence {
    /// The recurrence of an event; `None` for a one-off event.
    pub(super) fn of(event: &Arc<event::Event>) -> Option<Self> {
        Some(Self { event: Arc::clone(event), rrule: event.series.rrule()? })
    }
}

/// The recurrence of an event.
#[graphql_object]
#[graphql(context = Context)]
impl Recurrence {
    /// The frequency, which the other parts widen or narrow.
    fn frequency(&self) -> Frequency {
        self.event.series.rule().map_or(Frequency::Daily, |rule| rule.frequency().into())
    }

    /// The rule as a text of RFC 5545, without `RRULE:`. Its UNTIL is in UTC. Added dates alone have a rule that gives the
    /// start only.
    fn rrule(&self) -> &str {
        &self.rrule
    }

    /// The start of the rule, which its dates count from. It is later than `Event.startsAt` if an added date is the first one. As
    /// `startsAt` of a preview or of another event, with the same rule, exdates and rdates, it gives the dates of the series, and
    /// those that correspond to occurrences which have begun.
    fn rule_starts_at(&self) -> LocalDateTime {
        self.event.series.start().into()
    }

    /// Local starts that are excluded from the dates of the rule.
    fn exdates(&self) -> Vec<LocalDateTime> {
        self.event.series.exdates().iter().copied().map(Into::into).collect()
    }

    /// Local starts that are added to the dates of the rule.
    fn rdates(&self) -> Vec<LocalDateTime> {
        self.event.series.rdates().iter().copied().map(Into::into).collect()
    }

    /// The recurrence in plain English.
    fn summary(&self) -> String {
        self.event.series.summary()
    }
}

/// An occurrence of a previewed series.
#[derive(Clone, Debug, GraphQLObject)]
#[graphql(context = Context)]
pub struct PreviewedOccurrence {
    /// The start.
    starts_at: DateTime,
    /// The end.
    ends_at: DateTime,
    /// The start in local time.
    local_start: LocalDateTime,
    /// True if the requested local time does not exist on that day, because clocks skip it, so that the occurrence
    /// begins later.
    shifted: bool,
}

impl From<occurrence::PreviewedOccurrence> for PreviewedOccurrence {
    fn from(previewed: occurrence::PreviewedOccurrence) -> Self {
        Self {
            starts_at: previewed.interval.start().into(),
            ends_at: previewed.interval.end().into(),
            local_start: previewed.local_start.into(),
            shifted: previewed.shifted,
        }
    }
}
