//! Conversion of the text of a file into domain values that do not depend on the current date.

mod references;

use convene_application::event::patch::checked_policy;
use convene_domain::{
    capacity::Capacity,
    duration::{DurationProblem, EventDuration, LeadTime, parse_iso8601},
    event::RegistrationPolicy,
    issue::{IssuePriority, IssueStatus},
    member::Role,
    recurrence::{Rule, RuleProblem},
    text::{Description, DisplayName, Email, Location, OrganizationName, Slug, Title, UserId},
    time::zone::Zone,
};

use self::references::{Known, check_names, check_references};
use super::{
    dates::{DatesSeed, parse_time_of_day},
    file::{self, Item, Parts},
    problem::{ItemReporter, Reporter},
};

/// An organization and its data.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganizationSeed {
    /// The name of the file in problems.
    pub file: String,
    /// Identifies the organization in repeated loads.
    pub slug: Slug,
    pub name: OrganizationName,
    /// The default zone of events.
    pub time_zone: Zone,
    /// The members, at least one of them an admin.
    pub members: Vec<MemberSeed>,
    pub events: Vec<EventSeed>,
    pub issues: Vec<IssueSeed>,
}

/// A member of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberSeed {
    /// Identifies the member in repeated loads.
    pub user_id: UserId,
    pub display_name: DisplayName,
    pub email: Option<Email>,
    pub role: Role,
}

/// An event of the file, with relative dates.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSeed {
    /// The name of the item in problems.
    pub item: String,
    /// Identifies the event in repeated loads.
    pub title: Title,
    pub description: Description,
    pub location: Location,
    /// The zone of local times.
    pub time_zone: Zone,
    pub dates: DatesSeed,
    pub duration: EventDuration,
    pub capacity: Capacity,
    pub policy: RegistrationPolicy,
    pub registrations: Vec<RegistrationSeed>,
}

/// Members to register for one occurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationSeed {
    /// The number of the upcoming occurrence, counted from 1.
    pub occurrence: usize,
    pub members: Vec<UserId>,
}

/// An issue of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueSeed {
    /// The name of the item in problems.
    pub item: String,
    /// Identifies the issue in repeated loads.
    pub title: Title,
    pub description: Description,
    pub priority: IssuePriority,
    pub status: IssueStatus,
    pub reported_by: UserId,
    pub assignee: Option<UserId>,
    /// The title of the event that the issue belongs to.
    pub event: Option<Title>,
}

/// Checks the parts of a file and reports all problems; `None` if the organization itself is invalid.
pub(super) fn check(file: &str, parts: Parts, reporter: &mut Reporter) -> Option<OrganizationSeed> {
    let (organization_given, member_count, event_count) =
        (parts.organization, parts.members.len(), parts.events.len());
    let organization = organization_given
        .and_then(|organization| check_organization(&organization, &mut reporter.item("organization")));

    let members: Vec<MemberSeed> = parts
        .members
        .into_iter()
        .filter_map(|Item { name, content }| check_member(content, &mut reporter.item(name)))
        .collect();
    // An invalid zone has been reported, so any zone does for the remaining checks.
    let default_zone = organization.as_ref().map_or(Zone::UTC, |(_, _, zone)| *zone);
    let events: Vec<EventSeed> = parts
        .events
        .into_iter()
        .filter_map(|Item { name, content }| {
            check_event(content, default_zone, &mut reporter.item(name.clone()), name)
        })
        .collect();
    let issues: Vec<IssueSeed> = parts
        .issues
        .into_iter()
        .filter_map(|Item { name, content }| check_issue(content, &mut reporter.item(name.clone()), name))
        .collect();

    let known = Known {
        users: members.iter().map(|member| member.user_id.clone()).collect(),
        titles: events.iter().map(|event| event.title.clone()).collect(),
        complete: parts.complete && member_count == members.len() && event_count == events.len(),
    };
    check_names(&members, &events, &issues, reporter);
    check_references(&known, &events, &issues, reporter);
    if known.complete && !members.iter().any(|member| member.role == Role::Admin) {
        reporter.report("members needs at least one member with the role ADMIN");
    }
    let (slug, name, time_zone) = organization?;
    Some(OrganizationSeed { file: file.to_owned(), slug, name, time_zone, members, events, issues })
}

fn check_organization(
    given: &file::Organization,
    reporter: &mut ItemReporter<'_>,
) -> Option<(Slug, OrganizationName, Zone)> {
    let slug = reporter.check("slug", Slug::parse(&given.slug));
    let name = reporter.check("name", OrganizationName::parse(&given.name));
    let zone = reporter.check("timeZone", zone(&given.time_zone));
    Some((slug?, name?, zone?))
}

fn check_member(given: file::Member, reporter: &mut ItemReporter<'_>) -> Option<MemberSeed> {
    let user_id = reporter.check("userId", UserId::parse_new(&given.user_id));
    let display_name = reporter.check("displayName", DisplayName::parse(&given.display_name));
    let email = reporter.check_optional("email", given.email.as_deref().map(Email::parse));
    let role =
        given.role.map_or(Ok(Role::default()), |role| Role::parse(&role).ok_or("must be ADMIN or MEMBER"));
    let role = reporter.check("role", role);
    Some(MemberSeed { user_id: user_id?, display_name: display_name?, email: email?, role: role? })
}

fn check_event(
    given: file::Event,
    default_zone: Zone,
    reporter: &mut ItemReporter<'_>,
    item: String,
) -> Option<EventSeed> {
    let title = reporter.check("title", Title::parse(&given.title));
    let description = reporter.check("description", Description::parse(&given.description));
    let location = reporter.check("location", Location::parse(&given.location));
    let time_zone = reporter.check("timeZone", given.time_zone.as_deref().map_or(Ok(default_zone), zone));
    let at = reporter.check("starts.at", parse_time_of_day(&given.starts.at));
    let duration = EventDuration::parse(&given.duration);
    let duration = reporter.check("duration", duration);
    let capacity = reporter.check("capacity", Capacity::new(given.capacity));
    let rule = given.recurrence.map(|text| Rule::parse(&text).map_err(|problems| joined(&problems)));
    let rule = reporter.check_optional("recurrence", rule);
    let opens =
        reporter.check_optional("registrationOpens", given.registration_opens.as_deref().map(lead_time));
    let closes =
        reporter.check_optional("registrationCloses", given.registration_closes.as_deref().map(lead_time));
    let cancellation = given.cancellation_closes.as_deref().map(lead_time);
    let cancellation = reporter.check_optional("cancellationCloses", cancellation);

    if rule == Some(None) {
        let dates = [("skip", given.skip.is_empty()), ("extraInDays", given.extra_in_days.is_empty())];
        for (field, _) in dates.iter().filter(|(_, empty)| !empty) {
            reporter.report(*field, "needs a recurrence");
        }
    }
    if given.skip.contains(&0) {
        reporter.report("skip", "counts occurrences from 1");
    }
    let registrations: Vec<Option<RegistrationSeed>> = given
        .registrations
        .into_iter()
        .enumerate()
        .map(|(index, registration)| check_registration(registration, index, reporter))
        .collect();
    let policy = RegistrationPolicy { opens: opens?, closes: closes?, cancellation_closes: cancellation? };
    for refusal in checked_policy(policy).err().into_iter().flatten() {
        match refusal.field_problem() {
            Some((field, message)) => reporter.report(field.to_string(), message),
            None => reporter.report_whole(refusal),
        }
    }
    Some(EventSeed {
        item,
        title: title?,
        description: description?,
        location: location?,
        time_zone: time_zone?,
        dates: DatesSeed {
            in_days: given.starts.in_days,
            at: at?,
            rule: rule?,
            skip: given.skip,
            extra_in_days: given.extra_in_days,
        },
        duration: duration?,
        capacity: capacity?,
        policy,
        registrations: registrations.into_iter().collect::<Option<_>>()?,
    })
}

fn check_registration(
    given: file::Registrations,
    index: usize,
    reporter: &mut ItemReporter<'_>,
) -> Option<RegistrationSeed> {
    if given.occurrence == 0 {
        reporter.report(format!("registrations[{index}].occurrence"), "counts occurrences from 1");
    }
    let parse = |user: String| {
        let parsed = UserId::parse(&user);
        parsed.map_err(|problem| reporter.report(format!("registrations[{index}].members"), problem)).ok()
    };
    let members: Option<Vec<UserId>> = given.members.into_iter().map(parse).collect();
    Some(RegistrationSeed { occurrence: given.occurrence, members: members? })
}

fn check_issue(given: file::Issue, reporter: &mut ItemReporter<'_>, item: String) -> Option<IssueSeed> {
    let title = reporter.check("title", Title::parse(&given.title));
    let description = reporter.check("description", Description::parse(&given.description));
    let priority = given.priority.map_or(Ok(IssuePriority::default()), |priority| {
        IssuePriority::parse(&priority).ok_or("must be LOW, MEDIUM or HIGH")
    });
    let priority = reporter.check("priority", priority);
    let status = given.status.map_or(Ok(IssueStatus::default()), |status| {
        IssueStatus::parse(&status).ok_or("must be OPEN, IN_PROGRESS or DONE")
    });
    let status = reporter.check("status", status);
    let reported_by = reporter.check("reportedBy", UserId::parse(&given.reported_by));
    let assignee = reporter.check_optional("assignee", given.assignee.as_deref().map(UserId::parse));
    let event = reporter.check_optional("event", given.event.as_deref().map(Title::parse));
    Some(IssueSeed {
        item,
        title: title?,
        description: description?,
        priority: priority?,
        status: status?,
        reported_by: reported_by?,
        assignee: assignee?,
        event: event?,
    })
}

fn zone(name: &str) -> Result<Zone, String> {
    Zone::parse(name).map_err(|problem| format!("is {problem}"))
}

fn lead_time(text: &str) -> Result<LeadTime, DurationProblem> {
    parse_iso8601(text).and_then(LeadTime::new)
}

fn joined(problems: &[RuleProblem]) -> String {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    format!("is not allowed: {}", problems.join("; "))
}
