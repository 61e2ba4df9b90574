//! Changes of the clocks and of the zone.

use time::{Duration, macros::datetime};

use super::{
    Environment, EventBuilder, EventPatch, Expected::Dates, FIRST, PARIS, check, later, march, starting,
    whole, zoned,
};

pub(in super::super) async fn changes_of_the_clocks_move_nobody_to_another_date(environment: Environment) {
    let sundays = [datetime!(2031-03-23 1:30), datetime!(2031-03-30 1:30), datetime!(2031-04-06 1:30)];
    let autumn = [datetime!(2031-10-25 1:30), datetime!(2031-10-26 1:30), datetime!(2031-10-27 1:30)];
    let days = [datetime!(2031-03-29 0:00), datetime!(2031-03-30 0:00), datetime!(2031-03-31 0:00)];
    let hour = Duration::HOUR;
    let whole_days = || EventBuilder::repeating(days[0], "FREQ=DAILY;COUNT=3").lasting_by_calendar("P1D");
    let rows = vec![
        whole(
            "into the skipped hour",
            EventBuilder::repeating(sundays[0], "FREQ=WEEKLY;COUNT=3").zone(PARIS),
            sundays.to_vec(),
            starting(sundays[0] + hour),
            Dates(
                vec![sundays[0] + hour, sundays[1] + hour * 2, sundays[2] + hour],
                vec![sundays[0] + hour, sundays[1] + hour * 2, sundays[2] + hour],
            ),
        ),
        whole(
            "an end that is skipped",
            EventBuilder::repeating(datetime!(2031-03-28 1:30), "FREQ=DAILY;UNTIL=20310330T013000")
                .zone(PARIS),
            vec![sundays[1]],
            starting(datetime!(2031-03-28 2:30)),
            Dates(
                vec![datetime!(2031-03-28 2:30), datetime!(2031-03-29 2:30), datetime!(2031-03-30 3:30)],
                vec![datetime!(2031-03-30 3:30)],
            ),
        ),
        whole(
            "an end in UTC within the skipped hour",
            EventBuilder::repeating(datetime!(2031-03-28 2:30), "FREQ=DAILY;UNTIL=20310330T011500Z")
                .zone(PARIS),
            vec![datetime!(2031-03-29 2:30)],
            zoned("Asia/Tokyo"),
            Dates(
                vec![datetime!(2031-03-28 2:30), datetime!(2031-03-29 2:30)],
                vec![datetime!(2031-03-29 2:30)],
            ),
        ),
        whole(
            "an end in UTC within the second hour",
            EventBuilder::repeating(datetime!(2031-10-25 2:30), "FREQ=DAILY;UNTIL=20311026T011000Z")
                .zone(PARIS),
            vec![datetime!(2031-10-26 2:30)],
            zoned("Asia/Tokyo"),
            Dates(
                vec![datetime!(2031-10-25 2:30), datetime!(2031-10-26 2:30)],
                vec![datetime!(2031-10-26 2:30)],
            ),
        ),
        whole(
            "into the hour that comes twice",
            EventBuilder::repeating(autumn[0], "FREQ=DAILY;COUNT=3").zone(PARIS),
            autumn.to_vec(),
            starting(autumn[0] + hour),
            Dates(later(&autumn, hour), later(&autumn, hour)),
        ),
        whole(
            "whole days by a day",
            whole_days().zone(PARIS),
            days.to_vec(),
            starting(days[1]),
            Dates(later(&days, hour * 24), later(&days, hour * 24)),
        ),
        whole(
            "whole days to another zone",
            whole_days().zone(PARIS),
            days.to_vec(),
            zoned("America/New_York"),
            Dates(days.to_vec(), days.to_vec()),
        ),
        whole(
            "whole days to a zone that skips midnight",
            EventBuilder::repeating(datetime!(2031-03-08 0:00), "FREQ=DAILY;COUNT=3")
                .lasting_by_calendar("P1D"),
            vec![datetime!(2031-03-08 0:00), datetime!(2031-03-10 0:00)],
            zoned("America/Havana"),
            Dates(
                vec![datetime!(2031-03-08 0:00), datetime!(2031-03-09 1:00), datetime!(2031-03-10 0:00)],
                vec![datetime!(2031-03-08 0:00), datetime!(2031-03-10 0:00)],
            ),
        ),
        whole(
            "a zone and a start together",
            EventBuilder::daily(FIRST, 3).zone(PARIS),
            march([11]),
            EventPatch { starts_at: Some(FIRST - hour * 10), ..zoned("Asia/Kolkata") },
            Dates(later(&march([10, 11, 12]), -hour * 10), later(&march([11]), -hour * 10)),
        ),
        whole(
            "a zone across the date line",
            EventBuilder::daily(FIRST, 3).zone("Pacific/Kiritimati"),
            march([12]),
            zoned("Pacific/Pago_Pago"),
            Dates(march([10, 11, 12]), march([12])),
        ),
    ];
    check(&environment, rows).await;
}
