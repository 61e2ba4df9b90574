use std::{borrow::Cow, fmt};

/// Names a field of a command, from the outside in: `recurrence`, `byWeekday`, `0`, `nth`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath(Vec<Cow<'static, str>>);

impl FieldPath {
    /// A field at the top of the command.
    #[must_use]
    pub fn of(name: impl Into<Cow<'static, str>>) -> Self {
        Self(vec![name.into()])
    }

    /// A field within this one.
    #[must_use]
    pub fn child(&self, name: impl Into<Cow<'static, str>>) -> Self {
        let mut path = self.0.clone();
        path.push(name.into());
        Self(path)
    }

    /// An element of this list.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.child(index.to_string())
    }

    /// The names, from the outside in.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

impl From<&'static str> for FieldPath {
    fn from(name: &'static str) -> Self {
        Self::of(name)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}
