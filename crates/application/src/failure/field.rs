use std::{borrow::Cow, fmt};

macro_rules! fields {
    ($($field:ident $name:literal,)*) => {
        /// A field of an input, under the name that it has in the API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field {
            $(#[doc = concat!("`", $name, "`")] $field,)*
        }

        impl fmt::Display for Field {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Field {
            /// The name in the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$field => $name,)*
                }
            }

            /// The field of a name in the API.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$field),)*
                    _ => None,
                }
            }

            /// The path to a field within this one.
            #[must_use]
            pub fn child(self, field: Self) -> FieldPath {
                FieldPath::from(self).child(field)
            }
        }
    };
}

fields!(
    Action "action",
    Actor "actor",
    AdminDisplayName "adminDisplayName",
    AdminUserId "adminUserId",
    After "after",
    AllDay "allDay",
    AssigneeId "assigneeId",
    Before "before",
    ByMonth "byMonth",
    ByMonthDay "byMonthDay",
    BySetPosition "bySetPosition",
    ByWeekday "byWeekday",
    CancellationCloses "cancellationCloses",
    Capacity "capacity",
    Count "count",
    CreatedById "createdById",
    Description "description",
    DisplayName "displayName",
    Duration "duration",
    Email "email",
    EndsAt "endsAt",
    EndsOn "endsOn",
    DryRun "dryRun",
    EventId "eventId",
    EventIds "eventIds",
    Exdates "exdates",
    ExpectedVersion "expectedVersion",
    Fields "fields",
    Filter "filter",
    First "first",
    Frequency "frequency",
    From "from",
    FromOccurrenceId "fromOccurrenceId",
    Id "id",
    IdempotencyKey "idempotencyKey",
    Ids "ids",
    IncludeCancelled "includeCancelled",
    Interval "interval",
    IssueId "issueId",
    JoinWaitlist "joinWaitlist",
    Last "last",
    Location "location",
    MemberId "memberId",
    Name "name",
    Nth "nth",
    OccurrenceId "occurrenceId",
    OnAffected "onAffected",
    OnlyOpen "onlyOpen",
    Org "org",
    OrganizationId "organizationId",
    Priority "priority",
    Rdates "rdates",
    Recurrence "recurrence",
    RegistrationCloses "registrationCloses",
    RegistrationId "registrationId",
    RegistrationOpens "registrationOpens",
    Role "role",
    Rrule "rrule",
    Scope "scope",
    Search "search",
    Slug "slug",
    StartsAt "startsAt",
    StartsOn "startsOn",
    Status "status",
    SubjectId "subjectId",
    TimeZone "timeZone",
    Title "title",
    To "to",
    Until "until",
    User "user",
    UserId "userId",
);

/// A step from an input to one of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Segment {
    Field(Field),
    /// An item of a list.
    Index(usize),
}

/// The path to a part of an input, from the outside in: `recurrence`, `byWeekday`, `0`, `nth`. The default is the
/// path to the input itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath(Vec<Segment>);

impl FieldPath {
    /// The path to a field within this part.
    #[must_use]
    pub fn child(&self, field: Field) -> Self {
        self.joined([Segment::Field(field)])
    }

    /// The path to an item of this list.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.joined([Segment::Index(index)])
    }

    /// The path to a part whose path within this part is `inner`.
    #[must_use]
    pub fn join(&self, inner: &Self) -> Self {
        self.joined(inner.0.iter().copied())
    }

    /// The path to the outermost list in which this part is; this path if it is in none.
    #[must_use]
    pub fn outermost_list(&self) -> Self {
        let fields = self.0.iter().take_while(|segment| matches!(segment, Segment::Field(_)));
        Self(fields.copied().collect())
    }

    /// Returns true if this is the path to a field at the top of the input.
    #[must_use]
    pub fn is(&self, field: Field) -> bool {
        self.0 == [Segment::Field(field)]
    }

    /// The field names and list indexes, from the outside in.
    pub fn segments(&self) -> impl Iterator<Item = Cow<'static, str>> {
        self.0.iter().map(|segment| match segment {
            Segment::Field(field) => Cow::Borrowed(field.as_str()),
            Segment::Index(index) => Cow::Owned(index.to_string()),
        })
    }

    fn joined(&self, inner: impl IntoIterator<Item = Segment>) -> Self {
        Self(self.0.iter().copied().chain(inner).collect())
    }
}

impl From<Field> for FieldPath {
    fn from(field: Field) -> Self {
        Self(vec![Segment::Field(field)])
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.segments().enumerate() {
            let separator = if position == 0 { "" } else { "." };
            write!(f, "{separator}{segment}")?;
        }
        Ok(())
    }
}
