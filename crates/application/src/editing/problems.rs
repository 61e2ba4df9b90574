//! Names the field of an input that a problem of a rule or a series lies in.

use convene_domain::recurrence::{RulePart, RuleProblem, SeriesPart, SeriesProblem};

use crate::failure::{FieldPath, Refusal};

/// The refusals for the problems of a rule: on the part's own field where the input was structured, on `rrule`
/// where it was RFC 5545 text.
#[must_use]
pub fn rule_problems(problems: Vec<RuleProblem>, structured: bool) -> Vec<Refusal> {
    let recurrence = FieldPath::of("recurrence");
    let refusal = |problem: RuleProblem| {
        let field = match part_field(problem.part) {
            Some(field) if structured => recurrence.child(field),
            _ => recurrence.child("rrule"),
        };
        Refusal::invalid(field, problem.to_string())
    };
    problems.into_iter().map(refusal).collect()
}

/// The refusals for the problems of a series.
#[must_use]
pub fn series_problems(problems: Vec<SeriesProblem>, structured: bool) -> Vec<Refusal> {
    let recurrence = FieldPath::of("recurrence");
    let refusal = |problem: SeriesProblem| match problem.part {
        SeriesPart::Start => vec![Refusal::invalid("startsAt", problem.message)],
        SeriesPart::ExceptionDates => vec![Refusal::invalid(recurrence.child("exdates"), problem.message)],
        SeriesPart::AddedDates => vec![Refusal::invalid(recurrence.child("rdates"), problem.message)],
        SeriesPart::Rule(part) => {
            rule_problems(vec![RuleProblem { part, message: problem.message }], structured)
        }
    };
    problems.into_iter().flat_map(refusal).collect()
}

/// The structured input's field for a part of a rule; `None` for what only RFC 5545 text can say.
fn part_field(part: RulePart) -> Option<&'static str> {
    match part {
        RulePart::Frequency => Some("frequency"),
        RulePart::Interval => Some("interval"),
        RulePart::ByWeekday => Some("byWeekday"),
        RulePart::ByMonthDay => Some("byMonthDay"),
        RulePart::ByMonth => Some("byMonth"),
        RulePart::BySetPosition => Some("bySetPosition"),
        RulePart::Count => Some("count"),
        RulePart::Until => Some("until"),
        _ => None,
    }
}
