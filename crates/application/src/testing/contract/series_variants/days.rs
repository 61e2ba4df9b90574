//! Rules that name days of the week, month or year.

use convene_domain::time::LocalDateTime;
use time::{Duration, macros::datetime};

use super::{
    Environment, EventBuilder,
    Expected::{Dates, Refused},
    FIRST, check, later, march, starting, whole,
};

pub(in super::super) async fn rules_that_name_days_move_exactly_or_are_asked_for(environment: Environment) {
    let last_of_months = [datetime!(2031-03-31 9:00), datetime!(2031-05-31 9:00), datetime!(2031-07-31 9:00)];
    let month_ends = [datetime!(2031-03-31 9:00), datetime!(2031-04-30 9:00), datetime!(2031-05-31 9:00)];
    let hours = Duration::hours;
    let row = |name, start, rule, seats: &[LocalDateTime], by, expected| {
        whole(name, EventBuilder::repeating(start, rule), seats.to_vec(), starting(start + by), expected)
    };
    let moved =
        |dates: &[LocalDateTime], seats: &[LocalDateTime], by| Dates(later(dates, by), later(seats, by));
    let weekdays = march([10, 11, 12, 13, 14, 17, 18]);
    let fortnight = march([11, 16, 25, 30]);
    let twice_a_day = [0, 11, 24, 35].map(|number| FIRST + hours(number));
    let rows = vec![
        row(
            "the 31st, on the day",
            last_of_months[0],
            "FREQ=MONTHLY;COUNT=3",
            &last_of_months[1..],
            hours(2),
            moved(&last_of_months, &last_of_months[1..], hours(2)),
        ),
        row(
            "the 31st, past midnight",
            last_of_months[0],
            "FREQ=MONTHLY;COUNT=3",
            &last_of_months[1..],
            hours(15),
            Refused("recurrence"),
        ),
        row(
            "the 31st, a day earlier",
            last_of_months[0],
            "FREQ=MONTHLY;COUNT=3",
            &[],
            -hours(24),
            Refused("recurrence"),
        ),
        row(
            "the last day, to the first",
            month_ends[0],
            "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3",
            &month_ends[1..],
            hours(24),
            moved(&month_ends, &month_ends[1..], hours(24)),
        ),
        row(
            "the last day but one",
            month_ends[0],
            "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3",
            &month_ends[2..],
            -hours(24),
            moved(&month_ends, &month_ends[2..], -hours(24)),
        ),
        row(
            "the second Monday, by a week",
            FIRST,
            "FREQ=MONTHLY;BYDAY=2MO;COUNT=3",
            &[datetime!(2031-05-12 9:00)],
            hours(168),
            moved(
                &[FIRST, datetime!(2031-04-14 9:00), datetime!(2031-05-12 9:00)],
                &[datetime!(2031-05-12 9:00)],
                hours(168),
            ),
        ),
        row(
            "the second Monday, by a day",
            FIRST,
            "FREQ=MONTHLY;BYDAY=2MO;COUNT=9",
            &[],
            hours(24),
            Refused("recurrence"),
        ),
        row(
            "the last working day, later",
            month_ends[0],
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3",
            &[],
            hours(3),
            moved(&[month_ends[0], month_ends[1], datetime!(2031-05-30 9:00)], &[], hours(3)),
        ),
        row(
            "the last working day, by a day",
            month_ends[0],
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=9",
            &[],
            hours(24),
            Refused("recurrence"),
        ),
        row(
            "working days, past midnight",
            FIRST,
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=7",
            &weekdays[4..6],
            hours(15),
            moved(&weekdays, &weekdays[4..6], hours(15)),
        ),
        row(
            "working days, three days later",
            FIRST,
            "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=7",
            &weekdays[4..6],
            hours(72),
            moved(&weekdays, &weekdays[4..6], hours(72)),
        ),
        row(
            "every other week from Sunday on",
            fortnight[0],
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;COUNT=4",
            &fortnight[2..],
            hours(24),
            moved(&fortnight, &fortnight[2..], hours(24)),
        ),
        row(
            "every other week, earlier",
            fortnight[0],
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;COUNT=4",
            &fortnight[1..],
            -hours(48),
            moved(&fortnight, &fortnight[1..], -hours(48)),
        ),
        row(
            "a leap day, on the day",
            datetime!(2032-02-29 9:00),
            "FREQ=YEARLY;COUNT=2",
            &[datetime!(2036-02-29 9:00)],
            hours(2),
            Dates(vec![], vec![datetime!(2036-02-29 11:00)]),
        ),
        row(
            "a leap day, a day later",
            datetime!(2032-02-29 9:00),
            "FREQ=YEARLY;COUNT=2",
            &[],
            hours(24),
            Refused("recurrence"),
        ),
        row(
            "twice a month, near its end",
            datetime!(2031-03-15 9:00),
            "FREQ=MONTHLY;BYMONTHDAY=15,28;COUNT=60",
            &[],
            hours(24),
            Refused("recurrence"),
        ),
        row(
            "the 30th, two days earlier over a February",
            datetime!(2031-03-30 9:00),
            "FREQ=MONTHLY;COUNT=12",
            &[],
            -hours(48),
            Refused("recurrence"),
        ),
        row(
            "twice a year, by a month",
            FIRST,
            "FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=10;COUNT=4",
            &[],
            hours(31 * 24),
            Refused("recurrence"),
        ),
        row(
            "twice a day, once past midnight",
            FIRST,
            "FREQ=DAILY;BYHOUR=9,20;COUNT=4",
            &twice_a_day[1..3],
            hours(5),
            moved(&twice_a_day, &twice_a_day[1..3], hours(5)),
        ),
        row(
            "twice on two days, once past midnight",
            FIRST,
            "FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=9,20;COUNT=8",
            &[],
            hours(5),
            Refused("recurrence"),
        ),
        row(
            "an end, backwards past midnight",
            FIRST,
            "FREQ=WEEKLY;BYDAY=MO;UNTIL=20310324T090000",
            &march([24]),
            -hours(34),
            moved(&march([10, 17, 24]), &march([24]), -hours(34)),
        ),
    ];
    check(&environment, rows).await;
}
