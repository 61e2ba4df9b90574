//! Conversion of the recurrence of a command into a series, and of its problems into refusals with the field names of
//! the API. Create, update and preview use it.

use convene_domain::{
    recurrence::{RulePart, RuleProblem, Series, SeriesPart, SeriesParts, SeriesProblem},
    time::{LocalDateTime, zone::Zone},
};

use crate::{
    failure::{Failure, Field, FieldPath, Refusal, Refusals},
    ports::NewRecurrence,
};

/// The form in which a caller specified a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleForm {
    /// Fields of the input: `frequency`, `interval`, `byWeekday` and so on.
    Fields,
    /// RFC 5545 text in the field `rrule`.
    Text,
}

/// The rule parts that are fields of the input.
const FIELDS: [(RulePart, Field); 8] = [
    (RulePart::Frequency, Field::Frequency),
    (RulePart::Interval, Field::Interval),
    (RulePart::ByWeekday, Field::ByWeekday),
    (RulePart::ByMonthDay, Field::ByMonthDay),
    (RulePart::ByMonth, Field::ByMonth),
    (RulePart::BySetPosition, Field::BySetPosition),
    (RulePart::Count, Field::Count),
    (RulePart::Until, Field::Until),
];

/// The refusal for one problem of a rule, with the field to correct.
fn rule_refusal(part: RulePart, message: &str, form: RuleForm) -> Refusal {
    let field = FIELDS.iter().find(|(of, _)| *of == part).map(|(_, field)| *field);
    match (form, field) {
        (RuleForm::Fields, Some(field)) => Refusal::invalid(Field::Recurrence.child(field), message),
        (RuleForm::Fields, None) if part == RulePart::Rule => Refusal::invalid(Field::Recurrence, message),
        // A part without a field of its own can only come from the text form.
        (RuleForm::Fields, None) | (RuleForm::Text, _) => {
            Refusal::invalid(Field::Recurrence.child(Field::Rrule), format!("{part} {message}"))
        }
    }
}

/// The refusals of an invalid rule.
#[must_use]
pub fn rule_refusals(problems: &[RuleProblem], form: RuleForm) -> Vec<Refusal> {
    problems.iter().map(|problem| rule_refusal(problem.part, &problem.message, form)).collect()
}

impl From<Vec<SeriesProblem>> for Refusals {
    /// The refusals of a series with contradictory parts. Problems of the rule name the fields; [`as_text`] renames them for the
    /// text form.
    fn from(problems: Vec<SeriesProblem>) -> Self {
        let refusal = |SeriesProblem { part, message }: SeriesProblem| match part {
            SeriesPart::Start => Refusal::invalid(Field::StartsAt, message),
            SeriesPart::Rule(part) => rule_refusal(part, &message, RuleForm::Fields),
            SeriesPart::ExceptionDates => Refusal::invalid(Field::Recurrence.child(Field::Exdates), message),
            SeriesPart::AddedDates => Refusal::invalid(Field::Recurrence.child(Field::Rdates), message),
        };
        let refusals = Self::verify_none(problems.into_iter().map(refusal));
        // The list of problems is not empty.
        refusals.err().unwrap_or_else(|| Refusal::invalid(Field::Recurrence, "is invalid").into())
    }
}

/// Renames the fields of a rule to `recurrence.rrule`, for a caller who specified the rule as text.
#[must_use]
pub fn as_text(failure: Failure) -> Failure {
    let in_text = |refusal| match refusal {
        Refusal::InvalidInput { field, message } => match part_of_field(&field) {
            Some(part) => rule_refusal(part, &message, RuleForm::Text),
            None => Refusal::InvalidInput { field, message },
        },
        other => other,
    };
    match failure {
        Failure::Refused(refusals) => Failure::Refused(refusals.map(in_text)),
        fault @ Failure::Fault(_) => fault,
    }
}

fn part_of_field(field: &FieldPath) -> Option<RulePart> {
    if field.is(Field::Recurrence) {
        return Some(RulePart::Rule);
    }
    FIELDS.iter().find(|(_, of_part)| *field == Field::Recurrence.child(*of_part)).map(|(part, _)| *part)
}

/// The series of a command; without a recurrence it has a single occurrence.
///
/// # Errors
/// All contradictions, each with its field.
pub fn series_of(
    start: LocalDateTime,
    zone: Zone,
    recurrence: Option<NewRecurrence>,
) -> Result<Series, Refusals> {
    let parts = match recurrence {
        None => SeriesParts::once(start, zone),
        Some(NewRecurrence { rule, exdates, rdates }) => {
            SeriesParts { rule: Some(rule), exdates, rdates, ..SeriesParts::once(start, zone) }
        }
    };
    Ok(Series::new(parts)?)
}

#[cfg(test)]
mod tests {
    use convene_domain::recurrence::{Frequency, Rule, RuleParts};
    use time::macros::datetime;

    use super::*;
    use crate::fixtures::fields;

    #[test]
    fn names_the_fields_of_a_rule_as_they_were_written() {
        let parts = RuleParts { interval: 0, by_month: vec![13], ..RuleParts::every(Frequency::Daily) };
        let problems = Rule::from_parts(parts).unwrap_err();
        let refusals = rule_refusals(&problems, RuleForm::Fields);
        assert_eq!(fields(&refusals), ["recurrence.byMonth", "recurrence.interval"]);
        let refusals = rule_refusals(&problems, RuleForm::Text);
        assert_eq!(fields(&refusals), ["recurrence.rrule", "recurrence.rrule"]);
        assert!(refusals.iter().any(|refusal| refusal.to_string().contains("BYMONTH ")), "{refusals:?}");
    }

    #[test]
    fn a_part_without_a_field_of_its_own_was_written_as_text() {
        let problem = RuleProblem { part: RulePart::ByHour, message: String::from("must be from 0 to 23") };
        let refusals = rule_refusals(&[problem], RuleForm::Fields);
        assert_eq!(
            refusals,
            [Refusal::invalid(Field::Recurrence.child(Field::Rrule), "BYHOUR must be from 0 to 23")]
        );
    }

    fn weekly(text: &str) -> Option<NewRecurrence> {
        Some(NewRecurrence { rule: Rule::parse(text).unwrap(), exdates: vec![], rdates: vec![] })
    }

    #[test]
    fn names_the_start_that_is_no_date_of_the_rule() {
        let monday = datetime!(2026-11-02 10:00);
        let refusals = series_of(monday, Zone::UTC, weekly("FREQ=WEEKLY;BYDAY=TU")).unwrap_err();
        assert_eq!(fields(&refusals), ["startsAt"]);
    }

    #[test]
    fn names_the_end_that_lies_before_the_start() {
        let recurrence = weekly("FREQ=WEEKLY;UNTIL=20261001");
        let refusals = series_of(datetime!(2026-11-02 10:00), Zone::UTC, recurrence).unwrap_err();
        assert_eq!(fields(&refusals), ["recurrence.until"]);
        let Failure::Refused(refusals) = as_text(Failure::Refused(refusals)) else { panic!("no refusal") };
        assert_eq!(fields(&refusals), ["recurrence.rrule"]);
        assert!(refusals[0].to_string().starts_with("recurrence.rrule UNTIL "), "{}", refusals[0]);
    }

    #[test]
    fn names_every_list_of_dates_that_is_wrong() {
        let rule = Rule::parse("FREQ=DAILY").unwrap();
        let far = datetime!(2150-01-01 10:00);
        let recurrence = NewRecurrence { rule, exdates: vec![far], rdates: vec![far] };
        let refusals = series_of(datetime!(1969-11-02 10:00), Zone::UTC, Some(recurrence)).unwrap_err();
        assert_eq!(fields(&refusals), ["recurrence.exdates", "recurrence.rdates", "startsAt"]);
    }

    #[test]
    fn keeps_dates_at_other_times() {
        let empty = Refusal::invalid(Field::Title, "must not be empty");
        let before = Refusals::from(Refusal::LastAdmin).after([empty]);
        let Failure::Refused(after) = as_text(Failure::Refused(before.clone())) else { panic!("no refusal") };
        assert_eq!(after, before);
    }
}
