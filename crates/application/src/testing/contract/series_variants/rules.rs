//! Edits that give a rule, or other values of the whole series.

use convene_domain::{capacity::Capacity, duration::EventDuration};
use time::Duration;

use super::{
    Environment, EventBuilder, EventPatch,
    Expected::{Affected, Dates, Refused},
    FIRST, check, later, march, ruled, whole,
};

pub(in super::super) async fn a_given_rule_keeps_the_dates_that_it_has(environment: Environment) {
    let daily = || EventBuilder::daily(FIRST, 8);
    let hour = Duration::HOUR;
    let all = march(10..18);
    let null = || EventPatch { recurrence: Some(None), ..EventPatch::default() };
    let rows = vec![
        whole(
            "the same rule",
            daily(),
            march([12]),
            ruled("FREQ=DAILY;COUNT=8", &[], &[]),
            Dates(all.clone(), march([12])),
        ),
        whole(
            "an end in place of a count",
            daily(),
            march([17]),
            ruled("FREQ=DAILY;UNTIL=20310317", &[], &[]),
            Dates(all.clone(), march([17])),
        ),
        whole(
            "some weekdays",
            daily(),
            march([12, 17]),
            ruled("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3", &[], &[]),
            Dates(march([10, 12, 17]), march([12, 17])),
        ),
        whole(
            "a weekday that is dropped",
            daily(),
            march([12, 13]),
            ruled("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3", &[], &[]),
            Affected(1),
        ),
        whole(
            "an exdate on a seat",
            daily(),
            march([12, 13]),
            ruled("FREQ=DAILY;COUNT=8", &march([12]), &[]),
            Affected(1),
        ),
        whole(
            "an exdate and another time on its day",
            daily(),
            march([12, 13]),
            ruled("FREQ=DAILY;COUNT=3", &march([12]), &later(&march([12, 13]), hour * 4)),
            Dates(
                vec![all[0], all[1], all[2] + hour * 4, all[3] + hour * 4],
                vec![all[2] + hour * 4, all[3] + hour * 4],
            ),
        ),
        whole(
            "no recurrence and a seat on the first date",
            daily(),
            march([10]),
            null(),
            Dates(march([10]), march([10])),
        ),
        whole(
            "no recurrence and another date as the start",
            daily(),
            march([12]),
            EventPatch { starts_at: Some(all[2]), ..null() },
            Dates(march([12]), march([12])),
        ),
        whole(
            "a one-off event that becomes a date of a series",
            EventBuilder::once(FIRST),
            march([10]),
            EventPatch { starts_at: Some(march([8])[0]), ..ruled("FREQ=DAILY;COUNT=4", &[], &[]) },
            Dates(march(8..12), march([10])),
        ),
        whole("no recurrence and a seat on another date", daily(), march([10, 11]), null(), Affected(1)),
        whole(
            "a one-off event that becomes a series",
            EventBuilder::once(FIRST),
            march([10]),
            ruled("FREQ=WEEKLY;COUNT=2", &[], &[]),
            Dates(march([10, 17]), march([10])),
        ),
        whole(
            "a one-off event that becomes a series elsewhere",
            EventBuilder::once(FIRST),
            march([10]),
            EventPatch { starts_at: Some(all[2] + hour), ..ruled("FREQ=WEEKLY;COUNT=2", &[], &[]) },
            Dates(later(&march([12, 19]), hour), later(&march([12]), hour)),
        ),
        whole(
            "another weekday with its start",
            EventBuilder::repeating(FIRST, "FREQ=WEEKLY;BYDAY=MO;COUNT=3"),
            march([17, 24]),
            EventPatch { starts_at: Some(all[3]), ..ruled("FREQ=WEEKLY;BYDAY=TH;COUNT=3", &[], &[]) },
            Dates(march([13, 20, 27]), march([20, 27])),
        ),
        whole(
            "another weekday without its start",
            EventBuilder::repeating(FIRST, "FREQ=WEEKLY;BYDAY=MO;COUNT=3"),
            march([17]),
            ruled("FREQ=WEEKLY;BYDAY=TH;COUNT=3", &[], &[]),
            Refused("startsAt"),
        ),
        whole(
            "a time more",
            daily(),
            march([12]),
            ruled("FREQ=DAILY;BYHOUR=9,14;COUNT=6", &[], &[]),
            Dates(
                vec![all[0], all[0] + hour * 5, all[1], all[1] + hour * 5, all[2], all[2] + hour * 5],
                march([12]),
            ),
        ),
        whole(
            "a capacity below the seats",
            daily(),
            march([12]).repeat(2),
            EventPatch { capacity: Capacity::new(1).ok(), ..EventPatch::default() },
            Refused("capacity"),
        ),
        whole(
            "a longer duration",
            daily(),
            march([12, 13]),
            EventPatch { duration: EventDuration::new(hour * 24).ok(), ..EventPatch::default() },
            Dates(all.clone(), march([12, 13])),
        ),
    ];
    check(&environment, rows).await;
}
