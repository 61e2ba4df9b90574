//! From what a file says to values of the domain, as far as they do not depend on the day.

mod references;

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

/// An organization and everything in it.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganizationSeed {
    /// The file that it comes from, for messages.
    pub file: String,
    /// Its name in credentials and addresses: what it is found again by.
    pub slug: Slug,
    /// Its name for people.
    pub name: OrganizationName,
    /// The zone of its events, unless they name another.
    pub time_zone: Zone,
    /// Its members, at least one admin among them.
    pub members: Vec<MemberSeed>,
    /// Its events.
    pub events: Vec<EventSeed>,
    /// Its issues.
    pub issues: Vec<IssueSeed>,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberSeed {
    /// The subject of the member's credentials: what the member is found again by.
    pub user_id: UserId,
    /// How others call the member.
    pub display_name: DisplayName,
    /// The member's address.
    pub email: Option<Email>,
    /// What the member may do.
    pub role: Role,
}

/// An event, with dates that are relative to today.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSeed {
    /// What problems call it.
    pub item: String,
    /// What it is called, and found again by.
    pub title: Title,
    /// What it is about.
    pub description: Description,
    /// Where it takes place.
    pub location: Location,
    /// The zone of its wall-clock times.
    pub time_zone: Zone,
    /// When it takes place.
    pub dates: DatesSeed,
    /// How long each occurrence takes.
    pub duration: EventDuration,
    /// How many seats each occurrence has.
    pub capacity: Capacity,
    /// When members may register and cancel.
    pub policy: RegistrationPolicy,
    /// Who is registered for what.
    pub registrations: Vec<RegistrationSeed>,
}

/// Members who are registered for one occurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationSeed {
    /// Which of the occurrences to come, counted from 1.
    pub occurrence: usize,
    /// Who.
    pub members: Vec<UserId>,
}

/// An issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueSeed {
    /// What problems call it.
    pub item: String,
    /// What it is about, and what it is found again by.
    pub title: Title,
    /// The details.
    pub description: Description,
    /// How pressing it is.
    pub priority: IssuePriority,
    /// How far it is.
    pub status: IssueStatus,
    /// Who reports it.
    pub reported_by: UserId,
    /// Who takes care of it.
    pub assignee: Option<UserId>,
    /// The event it belongs to.
    pub event: Option<Title>,
}

/// Checks what a file says. Whatever is wrong is reported; the answer is `None` if too much is.
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
    // A zone that is wrong has been reported; meanwhile any will do.
    let own_zone = organization.as_ref().map_or(Zone::UTC, |(_, _, zone)| *zone);
    let events: Vec<EventSeed> = parts
        .events
        .into_iter()
        .filter_map(|Item { name, content }| {
            check_event(content, own_zone, &mut reporter.item(name.clone()), name)
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
        reporter.report("members needs at least one with the role ADMIN");
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
    let user_id = reporter.check("userId", UserId::parse(&given.user_id));
    let display_name = reporter.check("displayName", DisplayName::parse(&given.display_name));
    let email = reporter.check_optional("email", given.email.as_deref().map(Email::parse));
    let role =
        given.role.map_or(Ok(Role::Member), |role| Role::parse(&role).ok_or("must be ADMIN or MEMBER"));
    let role = reporter.check("role", role);
    Some(MemberSeed { user_id: user_id?, display_name: display_name?, email: email?, role: role? })
}

fn check_event(
    given: file::Event,
    own_zone: Zone,
    reporter: &mut ItemReporter<'_>,
    item: String,
) -> Option<EventSeed> {
    let title = reporter.check("title", Title::parse(&given.title));
    let description = reporter.check("description", Description::parse(&given.description));
    let location = reporter.check("location", Location::parse(&given.location));
    let time_zone = reporter.check("timeZone", given.time_zone.as_deref().map_or(Ok(own_zone), zone));
    let at = reporter.check("starts.at", parse_time_of_day(&given.starts.at));
    let duration = parse_iso8601(&given.duration).and_then(EventDuration::new);
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
    if !policy.ever_opens() {
        reporter.report("registrationCloses", "must be shorter before the start than registrationOpens");
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
    let priority = given.priority.map_or(Ok(IssuePriority::Medium), |priority| {
        IssuePriority::parse(&priority).ok_or("must be LOW, MEDIUM or HIGH")
    });
    let priority = reporter.check("priority", priority);
    let status = given.status.map_or(Ok(IssueStatus::Open), |status| {
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
