//! Edits of an occurrence and the following ones.

use convene_domain::time::LocalDateTime;
use time::{Duration, macros::datetime};

use super::{
    Environment, EventBuilder, EventPatch,
    Expected::{Dates, Refused},
    FIRST, PARIS, Row, check, later, march, ruled, starting,
};

pub(in super::super) async fn a_part_of_a_series_is_edited_by_itself(environment: Environment) {
    let hour = Duration::HOUR;
    let all = march(10..18);
    let evening = datetime!(2031-03-12 20:00);
    let month_ends = [
        datetime!(2031-03-31 9:00),
        datetime!(2031-05-31 9:00),
        datetime!(2031-07-31 9:00),
        datetime!(2031-08-31 9:00),
    ];
    let working = [datetime!(2031-03-31 9:00), datetime!(2031-04-30 9:00), datetime!(2031-05-30 9:00)];
    let parts = |first: &[LocalDateTime], second: Vec<LocalDateTime>| [first, &second].concat();
    let split = |name,
                 event: EventBuilder,
                 seats: Vec<LocalDateTime>,
                 from: LocalDateTime,
                 patch,
                 expected| Row { name, event, seats, from: Some(from), patch, expected };
    let rows = vec![
        split(
            "a count",
            EventBuilder::daily(FIRST, 8),
            march([11, 15]),
            all[3],
            starting(all[3] + hour),
            Dates(parts(&all[..3], later(&all[3..], hour)), vec![all[1], all[5] + hour]),
        ),
        split(
            "a count with an exdate before",
            EventBuilder::daily(FIRST, 8).without(all[1]),
            march([15]),
            all[3],
            starting(all[3] + hour),
            Dates([vec![all[0], all[2]], later(&all[3..], hour)].concat(), vec![all[5] + hour]),
        ),
        split(
            "a count with an exdate where it is divided",
            EventBuilder::daily(FIRST, 8).without(all[3]),
            march([15]),
            all[4],
            starting(all[4] + hour),
            Dates(parts(&all[..3], later(&all[4..], hour)), vec![all[5] + hour]),
        ),
        split(
            "among the dates before it",
            EventBuilder::daily(FIRST, 5),
            march([12, 14]),
            all[3],
            starting(all[1] + hour),
            Dates(vec![all[0], all[1], all[1] + hour, all[2], all[2] + hour], vec![all[2], all[2] + hour]),
        ),
        split(
            "an end",
            EventBuilder::repeating(FIRST, "FREQ=DAILY;UNTIL=20310317T090000"),
            march([17]),
            all[3],
            starting(all[3] + hour),
            Dates(parts(&all[..3], later(&all[3..], hour)), vec![all[7] + hour]),
        ),
        split(
            "an end in UTC, to another time before it",
            EventBuilder::repeating(FIRST, "FREQ=DAILY;UNTIL=20310317T090000Z"),
            march([17]),
            all[7],
            starting(all[7] - hour * 3),
            Dates(parts(&all[..7], vec![all[7] - hour * 3]), vec![all[7] - hour * 3]),
        ),
        split(
            "the last occurrence",
            EventBuilder::daily(FIRST, 8),
            march([16, 17]),
            all[7],
            starting(all[7] + hour),
            Dates(parts(&all[..7], vec![all[7] + hour]), vec![all[6], all[7] + hour]),
        ),
        split(
            "the first occurrence",
            EventBuilder::daily(FIRST, 8),
            march([16]),
            all[0],
            starting(all[0] + hour),
            Dates(later(&all, hour), vec![all[6] + hour]),
        ),
        split(
            "the 31st",
            EventBuilder::repeating(month_ends[0], "FREQ=MONTHLY;COUNT=4"),
            month_ends[2..].to_vec(),
            month_ends[1],
            starting(month_ends[1] + hour),
            Dates(parts(&month_ends[..1], later(&month_ends[1..], hour)), later(&month_ends[2..], hour)),
        ),
        split(
            "the last working day",
            EventBuilder::repeating(working[0], "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3"),
            vec![working[2]],
            working[1],
            starting(working[1] + hour),
            Dates(parts(&working[..1], later(&working[1..], hour)), vec![working[2] + hour]),
        ),
        split(
            "another weekday",
            EventBuilder::repeating(FIRST, "FREQ=WEEKLY;COUNT=4"),
            march([17, 31]),
            march([24])[0],
            starting(march([26])[0]),
            Dates(march([10, 17, 26, 33]), march([17, 33])),
        ),
        split(
            "an added date",
            EventBuilder::daily(FIRST, 4).with(evening),
            vec![evening, all[3]],
            evening,
            starting(evening + hour),
            Dates(
                [all[..3].to_vec(), vec![evening + hour, all[3] + hour]].concat(),
                vec![evening + hour, all[3] + hour],
            ),
        ),
        split(
            "no recurrence",
            EventBuilder::daily(FIRST, 8),
            march([13]),
            all[3],
            EventPatch { recurrence: Some(None), ..EventPatch::default() },
            Dates(all[..4].to_vec(), march([13])),
        ),
        split(
            "another rule",
            EventBuilder::daily(FIRST, 8),
            march([13, 15]),
            all[3],
            ruled("FREQ=DAILY;INTERVAL=2;COUNT=3", &[], &[]),
            Dates(march([10, 11, 12, 13, 15, 17]), march([13, 15])),
        ),
        split(
            "an earlier time, past midnight",
            EventBuilder::repeating(datetime!(2031-03-10 0:30), "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4"),
            vec![datetime!(2031-03-19 0:30)],
            datetime!(2031-03-17 0:30),
            starting(datetime!(2031-03-16 23:30)),
            Dates(
                vec![
                    datetime!(2031-03-10 0:30),
                    datetime!(2031-03-12 0:30),
                    datetime!(2031-03-16 23:30),
                    datetime!(2031-03-18 23:30),
                ],
                vec![datetime!(2031-03-18 23:30)],
            ),
        ),
        split(
            "over a change of the clocks",
            EventBuilder::repeating(datetime!(2031-03-29 2:30), "FREQ=DAILY;COUNT=3").zone(PARIS),
            vec![datetime!(2031-03-30 2:30)],
            datetime!(2031-03-30 2:30),
            EventPatch::default(),
            Dates(
                vec![datetime!(2031-03-29 2:30), datetime!(2031-03-30 3:30), datetime!(2031-03-31 2:30)],
                vec![datetime!(2031-03-30 3:30)],
            ),
        ),
        split(
            "at skipped times",
            EventBuilder::repeating(
                datetime!(2031-03-30 2:15),
                "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=15,30;COUNT=4",
            )
            .zone(PARIS)
            .lasting(Duration::minutes(10)),
            vec![datetime!(2031-03-30 3:15), datetime!(2031-03-30 3:30)],
            datetime!(2031-03-30 3:30),
            EventPatch::default(),
            Dates(
                vec![datetime!(2031-03-30 3:15), datetime!(2031-03-30 3:30)],
                vec![datetime!(2031-03-30 3:15), datetime!(2031-03-30 3:30)],
            ),
        ),
        split(
            "a skipped date as the place",
            EventBuilder::daily(FIRST, 8).without(all[3]),
            march([15]),
            all[3],
            starting(all[3] + hour),
            Refused("fromOccurrenceId"),
        ),
    ];
    check(&environment, rows).await;
}
