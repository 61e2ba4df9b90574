//! Excluded and added dates.

use time::{Duration, macros::datetime};

use super::{
    Environment, EventBuilder, Expected::Dates, FIRST, PARIS, check, later, march, starting, whole, zoned,
};

pub(in super::super) async fn excluded_and_added_dates_follow_their_series(environment: Environment) {
    let five = || EventBuilder::daily(FIRST, 5);
    let hour = Duration::HOUR;
    let evening = datetime!(2031-03-12 20:00);
    let before = datetime!(2031-03-08 20:00);
    let rows = vec![
        whole(
            "an exdate",
            five().without(march([12])[0]),
            march([13]),
            starting(FIRST + hour),
            Dates(later(&march([10, 11, 13, 14]), hour), later(&march([13]), hour)),
        ),
        whole(
            "the first date excluded",
            five().without(FIRST),
            march([11]),
            starting(FIRST + hour),
            Dates(later(&march([11, 12, 13, 14]), hour), later(&march([11]), hour)),
        ),
        whole(
            "the last date excluded",
            five().without(march([14])[0]),
            march([13]),
            starting(FIRST + hour * 24),
            Dates(march([11, 12, 13, 14]), march([14])),
        ),
        whole(
            "an rdate",
            five().with(evening),
            vec![evening],
            starting(FIRST - hour),
            Dates(
                later(&[march([10, 11, 12]), vec![evening], march([13, 14])].concat(), -hour),
                vec![evening - hour],
            ),
        ),
        whole(
            "an rdate before the start",
            five().with(before),
            vec![before],
            starting(before + hour * 24),
            Dates([vec![before + hour * 24], march([11, 12, 13, 14, 15])].concat(), vec![before + hour * 24]),
        ),
        whole(
            "added dates only",
            EventBuilder::repeating(FIRST, "FREQ=DAILY;COUNT=1").with(evening),
            vec![evening],
            starting(FIRST + hour * 24),
            Dates(vec![march([11])[0], evening + hour * 24], vec![evening + hour * 24]),
        ),
        whole(
            "an exdate that no date has",
            five().without(evening),
            march([12]),
            starting(FIRST + hour * 11),
            Dates(later(&march([10, 11, 12, 13, 14]), hour * 11), later(&march([12]), hour * 11)),
        ),
        whole(
            "an rdate that is a date of the rule",
            five().with(march([12])[0]),
            march([12]),
            starting(FIRST + hour),
            Dates(later(&march(10..15), hour), later(&march([12]), hour)),
        ),
        whole(
            "rdates keep their time in another zone",
            five().with(evening).zone(PARIS),
            vec![evening, march([14])[0]],
            zoned("America/New_York"),
            Dates(
                [march([10, 11, 12]), vec![evening], march([13, 14])].concat(),
                vec![evening, march([14])[0]],
            ),
        ),
        whole(
            "an added date over a change of the clocks",
            EventBuilder::repeating(datetime!(2031-03-29 2:30), "FREQ=DAILY;COUNT=1")
                .with(datetime!(2031-03-31 2:30))
                .zone(PARIS),
            vec![datetime!(2031-03-31 2:30)],
            starting(datetime!(2031-03-28 2:30)),
            Dates(
                vec![datetime!(2031-03-28 2:30), datetime!(2031-03-30 3:30)],
                vec![datetime!(2031-03-30 3:30)],
            ),
        ),
    ];
    check(&environment, rows).await;
}
