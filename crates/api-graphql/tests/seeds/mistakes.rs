//! Problems of files are reported with file, item and field, all at once.

use std::fs;

use convene_api_graphql::seed::{self, Problems};
use convene_domain::time::Instant;
use insta::assert_snapshot;
use time::macros::utc_datetime;

const NOW: Instant = utc_datetime!(2031-03-05 11:00);

/// Reads files with these names and texts. Problems name them without their folder.
fn read(files: &[(&str, &str)]) -> Result<Vec<seed::OrganizationSeed>, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    seed::read(folder.path()).map_err(|problems| rendered(problems, &folder.path().display().to_string()))
}

fn rendered(Problems(problems): Problems, folder: &str) -> String {
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n").replace(&format!("{folder}/"), "").replace(folder, "folder")
}

const SMALL: &str = "
organization: { slug: small, name: Small, timeZone: UTC }
members: [{ userId: ada, displayName: Ada, role: ADMIN }]
";

#[test]
fn a_minimal_file_is_valid() {
    let seeds = read(&[("a.yaml", SMALL), ("notes.txt", "not read")]).unwrap();
    assert_eq!(seeds.len(), 1);
}

#[test]
fn each_value_is_checked() {
    let text = r#"
organization: { slug: No Slug, name: "", timeZone: Europe/Atlantis }
members:
  - { userId: ada, displayName: Ada, role: BOSS, email: nowhere }
events:
  - title: ""
    timeZone: Mars
    starts: { inDays: 1, at: "25:00" }
    duration: PT1Y
    capacity: 0
    recurrence: FREQ=WEEKLY;INTERVAL=0;BYDAY=XX
    registrationOpens: P32D
    registrations: [{ occurrence: 0, members: ["a b"] }]
issues:
  - { title: Broken, priority: URGENT, status: GONE, reportedBy: ada }
"#;
    assert_snapshot!(read(&[("a.yaml", text)]).unwrap_err(), @r#"
    a.yaml: organization: slug must consist of lower-case letters and digits, with single hyphens between them
    a.yaml: organization: name must not be empty
    a.yaml: organization: timeZone is not an IANA time zone; give its exact name, such as Europe/Paris
    a.yaml: members[0] "ada": email must be an e-mail address such as ada@example.org
    a.yaml: members[0] "ada": role must be ADMIN or MEMBER
    a.yaml: events[0] "": title must not be empty
    a.yaml: events[0] "": timeZone is not an IANA time zone; give its exact name, such as Europe/Paris
    a.yaml: events[0] "": starts.at must be a time of day such as "18:30", in quotes
    a.yaml: events[0] "": duration must be an ISO 8601 duration such as PT1H30M, in weeks, days, hours, minutes or seconds
    a.yaml: events[0] "": capacity must be from 1 to 1000000
    a.yaml: events[0] "": recurrence is not allowed: INTERVAL must be 1 to 1000; BYDAY takes days such as MO, or 1MO and -1FR, separated by commas
    a.yaml: events[0] "": registrationOpens must be from PT0S to P31D
    a.yaml: events[0] "": registrations[0].occurrence counts occurrences from 1
    a.yaml: events[0] "": registrations[0].members must not contain white space
    a.yaml: issues[0] "Broken": priority must be LOW, MEDIUM or HIGH
    a.yaml: issues[0] "Broken": status must be OPEN, IN_PROGRESS or DONE
    "#);
}

#[test]
fn references_are_checked_if_all_items_are_well_formed() {
    let text = r#"
organization: { slug: small, name: Small, timeZone: UTC }
members: [{ userId: ada, displayName: Ada }, { userId: ada, displayName: Ada again }]
events:
  - &event
    title: Rehearsal
    starts: { inDays: 1, at: "20:00" }
    duration: PT1H
    capacity: 3
    skip: [0]
    extraInDays: [3]
    registrationOpens: PT1H
    registrationCloses: PT2H
    registrations: [{ occurrence: 1, members: [bob] }]
  - *event
issues:
  - { title: Broken, reportedBy: bob, assignee: carol, event: Concert }
  - { title: Broken, reportedBy: ada }
"#;
    assert_snapshot!(read(&[("a.yaml", text)]).unwrap_err(), @r#"
    a.yaml: events[0] "Rehearsal": skip needs a recurrence
    a.yaml: events[0] "Rehearsal": extraInDays needs a recurrence
    a.yaml: events[0] "Rehearsal": skip counts occurrences from 1
    a.yaml: events[0] "Rehearsal": registrationCloses must be nearer to the start than registrationOpens, or registration would never be open
    a.yaml: events[1] "Rehearsal": skip needs a recurrence
    a.yaml: events[1] "Rehearsal": extraInDays needs a recurrence
    a.yaml: events[1] "Rehearsal": skip counts occurrences from 1
    a.yaml: events[1] "Rehearsal": registrationCloses must be nearer to the start than registrationOpens, or registration would never be open
    a.yaml: members has the userId "ada" twice
    a.yaml: events[1] "Rehearsal": title is also the title of another event
    a.yaml: issues[1] "Broken": title is also the title of another issue
    a.yaml: events[0] "Rehearsal": registrations[0].members names "bob", who is not a member in this file
    a.yaml: events[1] "Rehearsal": registrations[0].members names "bob", who is not a member in this file
    a.yaml: issues[0] "Broken": reportedBy names "bob", who is not a member in this file
    a.yaml: issues[0] "Broken": assignee names "carol", who is not a member in this file
    a.yaml: issues[0] "Broken": event is not the title of an event in this file
    a.yaml: members needs at least one member with the role ADMIN
    "#);
}

#[test]
fn the_form_of_each_item_is_checked() {
    let text = r#"
organization: { slug: small, name: Small, timeZone: UTC, owner: ada }
members:
  - { userId: ada }
  - { userId: bob, displayName: Bob, rank: 7 }
  - just a text
events:
  - { title: Concert, starts: { inDays: soon, at: "20:00" }, duration: PT1H, capacity: 3 }
  - { title: Rehearsal, starts: { inDays: 1, at: "20:00" }, duration: PT1H, capacity: many }
"#;
    assert_snapshot!(read(&[("a.yaml", text)]).unwrap_err(), @r#"
    a.yaml: organization: owner cannot be read: unknown field `owner`, expected one of `slug`, `name`, `timeZone`
    a.yaml: members[0] "ada": missing field `displayName`
    a.yaml: members[1] "bob": rank cannot be read: unknown field `rank`, expected one of `userId`, `displayName`, `email`, `role`
    a.yaml: members[2]: invalid type: string "just a text", expected a member
    a.yaml: events[0] "Concert": starts.inDays cannot be read: invalid type: string "soon", expected i32
    a.yaml: events[1] "Rehearsal": capacity cannot be read: invalid type: string "many", expected i64
    "#);
}

#[test]
fn each_file_is_checked() {
    let files = [
        ("a.yaml", SMALL),
        ("b.yaml", SMALL),
        ("c.yaml", "organization: {}\nmembers: []\nmembers: []\n"),
        ("d.yaml", "just a text"),
        ("e.yaml", "organization: { slug: e, name: E, timeZone: UTC }\nmembers: []\nplaces: []\n"),
    ];
    assert_snapshot!(read(&files).unwrap_err(), @r#"
    b.yaml: organization: slug is also the slug of a.yaml
    c.yaml: duplicate field `members`
    d.yaml: invalid type: string "just a text", expected a file of demo data
    e.yaml: unknown field `places`, expected one of `organization`, `members`, `events`, `issues` at line 3 column 1
    "#);
}

#[test]
fn a_folder_without_files_is_refused() {
    assert_snapshot!(read(&[("readme.md", "")]).unwrap_err(), @"folder: contains no .yaml file");
    let missing = seed::read("no/such/folder".as_ref()).unwrap_err();
    assert!(missing.0[0].to_string().starts_with("no/such/folder: cannot be read: "), "{missing}");
}

#[test]
fn dates_that_cannot_be_computed_are_reported() {
    let text = r#"
organization: { slug: small, name: Small, timeZone: UTC }
members: [{ userId: ada, displayName: Ada, role: ADMIN }]
events:
  - title: Never
    starts: { inDays: 1, at: "20:00" }
    duration: PT1H
    capacity: 3
    recurrence: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30
  - title: Over
    starts: { inDays: -10, at: "20:00" }
    duration: PT1H
    capacity: 3
    recurrence: FREQ=DAILY;COUNT=2
    skip: [3]
  - title: Past
    starts: { inDays: -10, at: "20:00" }
    duration: PT1H
    capacity: 3
    registrations: [{ occurrence: 1, members: [ada] }]
"#;
    let seeds = read(&[("a.yaml", text)]).unwrap();
    let problems = seed::plan(&seeds, NOW).unwrap_err();
    let folder = seeds[0].file.trim_end_matches("/a.yaml").to_owned();
    assert_snapshot!(rendered(problems, &folder), @r#"
    a.yaml: events[0] "Never": recurrence has no date at starts.at within six years after starts.inDays
    a.yaml: events[1] "Over": skip names occurrence 3, which does not exist
    a.yaml: events[2] "Past": registrations[0].occurrence names an upcoming occurrence that does not exist
    "#);
}
