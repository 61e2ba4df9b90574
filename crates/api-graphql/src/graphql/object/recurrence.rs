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
    /// How often a rule repeats, before its other parts widen or narrow it.
    Frequency = recurrence::Frequency {
        /// Every day, or every so many days.
        Daily,
        /// Every week, or every so many weeks.
        Weekly,
        /// Every month, or every so many months.
        Monthly,
        /// Every year, or every so many years.
        Yearly,
    }
}

/// How an event repeats.
#[derive(Clone, Debug)]
pub struct Recurrence {
    event: Arc<event::Event>,
    rule: recurrence::Rule,
}

impl Recurrence {
    /// The recurrence of an event, if it repeats.
    pub(super) fn of(event: &Arc<event::Event>) -> Option<Self> {
        let rule = event.series.rule()?.clone();
        Some(Self { event: Arc::clone(event), rule })
    }
}

/// How an event repeats.
#[graphql_object]
#[graphql(context = Context)]
impl Recurrence {
    /// How often, before the other parts widen or narrow it.
    fn frequency(&self) -> Frequency {
        self.rule.frequency().into()
    }

    /// The rule as a text of RFC 5545, without `RRULE:`.
    fn rrule(&self) -> String {
        self.rule.to_string()
    }

    /// Wall-clock starts that the rule gives but that do not take place.
    fn exdates(&self) -> Vec<LocalDateTime> {
        self.event.series.exdates().iter().copied().map(Into::into).collect()
    }

    /// Wall-clock starts that take place beside the rule.
    fn rdates(&self) -> Vec<LocalDateTime> {
        self.event.series.rdates().iter().copied().map(Into::into).collect()
    }

    /// The recurrence in plain English.
    fn summary(&self) -> String {
        self.event.series.summary()
    }
}

/// An occurrence that a rule would give.
#[derive(Clone, Debug, GraphQLObject)]
#[graphql(context = Context)]
pub struct PreviewedOccurrence {
    /// When it would begin.
    starts_at: DateTime,
    /// When it would end.
    ends_at: DateTime,
    /// What clocks would show when it begins.
    local_start: LocalDateTime,
    /// Whether the wall-clock time asked for does not exist that day, because clocks go forward over it, so that it
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
