use convene_application::{
    event::{
        problems_of_days,
        series::{RuleForm, as_text, rule_refusals},
    },
    failure::{Failure, Field, FieldPath},
    occurrence::PreviewRecurrenceCommand,
    page::PageSize,
    ports::NewRecurrence,
};
use convene_domain::recurrence::{Rule, RulePart, RuleParts, Until, WeekdayNumber, limits};
use juniper::{GraphQLEnum, GraphQLInputObject};

use crate::graphql::{
    lists,
    object::Frequency,
    problems::Problems,
    scalars::{DateTime, Duration, LocalDateTime, TimeZone},
};

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, GraphQLEnum)]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl From<Weekday> for time::Weekday {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Monday => Self::Monday,
            Weekday::Tuesday => Self::Tuesday,
            Weekday::Wednesday => Self::Wednesday,
            Weekday::Thursday => Self::Thursday,
            Weekday::Friday => Self::Friday,
            Weekday::Saturday => Self::Saturday,
            Weekday::Sunday => Self::Sunday,
        }
    }
}

/// The maximum number of a weekday: no month has more of it.
const MAX_NTH: u32 = 5;

/// A day of the week: every one, or only the nth of each month or year.
#[derive(Clone, Copy, Debug, GraphQLInputObject)]
pub struct WeekdayInput {
    /// The day of the week.
    pub day: Weekday,
    /// The number of the weekday: 1 to 5 from the first, -1 to -5 from the last. For monthly and yearly rules only.
    pub nth: Option<i32>,
}

/// A recurrence: either `frequency` with its parts, or `rrule`.
#[derive(Clone, Debug, GraphQLInputObject, garde::Validate)]
#[garde(allow_unvalidated)]
pub struct RecurrenceInput {
    /// The frequency, which the other parts widen or narrow.
    pub frequency: Option<Frequency>,
    /// The number of days, weeks, months or years from one repetition to the next: 1 to 1,000; 1 if left out.
    pub interval: Option<i32>,
    /// The days of the week.
    #[garde(adapt(lists), length(max = limits::LIST_VALUES))]
    pub by_weekday: Option<Vec<WeekdayInput>>,
    /// The days of the month: 1 to 31, or -1 to -31 from its end.
    #[garde(adapt(lists), length(max = limits::LIST_VALUES))]
    pub by_month_day: Option<Vec<i32>>,
    /// The months: 1 to 12.
    #[garde(adapt(lists), length(max = limits::LIST_VALUES))]
    pub by_month: Option<Vec<i32>>,
    /// The positions to keep among the dates of each day, week, month or year: 1 to 366, or -1 to -366 from the last.
    #[garde(adapt(lists), length(max = limits::LIST_VALUES))]
    pub by_set_position: Option<Vec<i32>>,
    /// The number of occurrences: 1 to 10,000. Not together with `until`.
    pub count: Option<i32>,
    /// The local time after which there are no occurrences. Not together with `count`.
    pub until: Option<LocalDateTime>,
    /// The rule as a text of RFC 5545, with or without `RRULE:`, instead of all of the above.
    pub rrule: Option<String>,
    /// Local starts that are excluded from the dates of the rule; at most 366.
    #[garde(adapt(lists), length(max = limits::EXTRA_DATES))]
    pub exdates: Option<Vec<LocalDateTime>>,
    /// Local starts that are added to the dates of the rule; at most 366.
    #[garde(adapt(lists), length(max = limits::EXTRA_DATES))]
    pub rdates: Option<Vec<LocalDateTime>>,
}

impl RecurrenceInput {
    fn form(&self) -> RuleForm {
        if self.rrule.is_some() { RuleForm::Text } else { RuleForm::Fields }
    }

    /// The failure of a use case, with the field names that the caller used.
    pub(crate) fn name_as_written(&self, failure: Failure) -> Failure {
        match self.form() {
            RuleForm::Text => as_text(failure),
            RuleForm::Fields => failure,
        }
    }

    /// The checked recurrence, or `None` if a problem was noted. That of an event of whole days has no times of day.
    pub(super) fn check(&self, is_all_day: bool, problems: &mut Problems) -> Option<NewRecurrence> {
        let field = FieldPath::from(Field::Recurrence);
        let shape = problems.check_shape(Some(&field), self);
        let rule = self.check_rule(problems, &field);
        let exdates = lists::items(self.exdates.as_ref(), limits::EXTRA_DATES);
        let exdates = problems.check_all(field.child(Field::Exdates), exdates, LocalDateTime::parse);
        let rdates = lists::items(self.rdates.as_ref(), limits::EXTRA_DATES);
        let rdates = problems.check_all(field.child(Field::Rdates), rdates, LocalDateTime::parse);
        if is_all_day {
            // Where one part is wrong, the others are checked all the same.
            let valid = |dates: Option<&Vec<LocalDateTime>>| -> Vec<_> {
                let dates = lists::items(dates, limits::EXTRA_DATES);
                dates.iter().filter_map(|date| date.parse().ok()).collect()
            };
            let (exdates, rdates) = (valid(self.exdates.as_ref()), valid(self.rdates.as_ref()));
            for (field, problem) in problems_of_days(rule.as_ref(), &exdates, &rdates) {
                problems.note(field, problem);
            }
        }
        shape?;
        Some(NewRecurrence { rule: rule?, exdates: exdates?, rdates: rdates? })
    }

    fn check_rule(&self, problems: &mut Problems, field: &FieldPath) -> Option<Rule> {
        let parsed = match &self.rrule {
            Some(text) => {
                for part in self.given_parts() {
                    problems.note(field.child(part), "must not be given together with rrule");
                }
                Rule::parse(text)
            }
            None => Rule::from_parts(self.parts(problems, field)),
        };
        let parsed = parsed.map_err(|mut found| {
            let count = found.len();
            found.retain(|problem| self.rrule.is_some() || problem.part != RulePart::Frequency);
            if found.len() < count {
                problems.note(field.child(Field::Frequency), "must be given, or rrule instead");
            }
            found
        });
        parsed.map_err(|found| problems.note_all(rule_refusals(&found, self.form()))).ok()
    }

    /// The fields that are parts of a rule and were given.
    fn given_parts(&self) -> impl Iterator<Item = Field> {
        let parts = [
            (Field::Frequency, self.frequency.is_some()),
            (Field::Interval, self.interval.is_some()),
            (Field::ByWeekday, self.by_weekday.is_some()),
            (Field::ByMonthDay, self.by_month_day.is_some()),
            (Field::ByMonth, self.by_month.is_some()),
            (Field::BySetPosition, self.by_set_position.is_some()),
            (Field::Count, self.count.is_some()),
            (Field::Until, self.until.is_some()),
        ];
        parts.into_iter().filter_map(|(name, given)| given.then_some(name))
    }

    fn parts(&self, problems: &mut Problems, field: &FieldPath) -> RuleParts {
        let weekdays = lists::items(self.by_weekday.as_ref(), limits::LIST_VALUES).iter().enumerate().map(
            |(index, given)| {
                if given.nth.is_some_and(|nth| !(1..=MAX_NTH).contains(&nth.unsigned_abs())) {
                    let nth = field.child(Field::ByWeekday).index(index).child(Field::Nth);
                    problems.note(nth, format_args!("must be from 1 to {MAX_NTH} or from -1 to -{MAX_NTH}"));
                }
                WeekdayNumber { day: given.day.into(), nth: given.nth }
            },
        );
        let by_weekday = weekdays.collect();
        let until =
            problems.check_optional(field.child(Field::Until), self.until.as_ref(), LocalDateTime::parse);
        RuleParts {
            frequency: self.frequency.map(Into::into),
            interval: self.interval.unwrap_or(1),
            count: self.count,
            // A wrong part was noted; the other parts are checked all the same.
            until: until.flatten().map(Until::Local),
            by_month: numbers(self.by_month.as_ref()),
            by_month_day: numbers(self.by_month_day.as_ref()),
            by_weekday,
            by_set_position: numbers(self.by_set_position.as_ref()),
            ..RuleParts::default()
        }
    }
}

fn numbers(list: Option<&Vec<i32>>) -> Vec<i32> {
    lists::items(list, limits::LIST_VALUES).to_vec()
}

/// A series to preview.
#[derive(Clone, Debug, GraphQLInputObject)]
pub struct PreviewRecurrenceInput {
    /// The time zone of local times.
    pub time_zone: TimeZone,
    /// The start of the rule; of an event that exists, its `recurrence.ruleStartsAt`.
    pub starts_at: LocalDateTime,
    /// The duration of each occurrence.
    pub duration: Duration,
    /// The recurrence.
    pub recurrence: RecurrenceInput,
    /// The beginning of the window; the first occurrence if left out.
    pub from: Option<DateTime>,
    /// The end of the window; the end of the series if left out.
    pub to: Option<DateTime>,
    /// The maximum number of occurrences, 1 to 100; 50 if left out.
    #[graphql(default = Some(50))]
    pub first: Option<i32>,
}

impl PreviewRecurrenceInput {
    /// The command, or `None` if a problem was noted.
    pub(crate) fn check(&self, problems: &mut Problems) -> Option<PreviewRecurrenceCommand> {
        let time_zone = problems.check(Field::TimeZone, self.time_zone.parse());
        let starts_at = problems.check(Field::StartsAt, self.starts_at.parse());
        let duration = problems.check(Field::Duration, self.duration.parse_event_duration());
        let recurrence = self.recurrence.check(false, problems);
        let from = problems.check_optional(Field::From, self.from.as_ref(), DateTime::parse);
        let to = problems.check_optional(Field::To, self.to.as_ref(), DateTime::parse);
        let first = problems.with_default(Field::First, self.first);
        let first = first.and_then(|first| problems.check(Field::First, PageSize::new(first)));
        Some(PreviewRecurrenceCommand {
            time_zone: time_zone?,
            starts_at: starts_at?,
            duration: duration?,
            recurrence: recurrence?,
            from: from?,
            to: to?,
            first: first?,
        })
    }
}
