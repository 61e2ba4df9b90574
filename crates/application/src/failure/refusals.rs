use std::{fmt, ops::Deref, vec};

use super::Refusal;

/// The refusals of a call, at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusals(Vec<Refusal>);

impl Refusals {
    /// Verifies that there is no refusal.
    ///
    /// # Errors
    /// All of them.
    pub fn verify_none(refusals: impl IntoIterator<Item = Refusal>) -> Result<(), Self> {
        let refusals: Vec<Refusal> = refusals.into_iter().collect();
        if refusals.is_empty() { Ok(()) } else { Err(Self(refusals)) }
    }

    /// Returns both values, or the refusals of both.
    ///
    /// # Errors
    /// The refusals of both.
    pub fn both<A, B>(
        first: Result<A, impl Into<Self>>,
        second: Result<B, impl Into<Self>>,
    ) -> Result<(A, B), Self> {
        match (first, second) {
            (Ok(first), Ok(second)) => Ok((first, second)),
            (Ok(_), Err(refusals)) => Err(refusals.into()),
            (Err(refusals), Ok(_)) => Err(refusals.into()),
            (Err(first), Err(second)) => Err(second.into().after(first.into())),
        }
    }

    /// Puts others before these.
    #[must_use]
    pub fn after(self, others: impl IntoIterator<Item = Refusal>) -> Self {
        Self(others.into_iter().chain(self).collect())
    }

    /// Replaces each refusal.
    #[must_use]
    pub fn map(self, replace: impl FnMut(Refusal) -> Refusal) -> Self {
        Self(self.into_iter().map(replace).collect())
    }
}

impl From<Refusal> for Refusals {
    fn from(refusal: Refusal) -> Self {
        Self(vec![refusal])
    }
}

impl Deref for Refusals {
    type Target = [Refusal];

    fn deref(&self) -> &[Refusal] {
        &self.0
    }
}

impl IntoIterator for Refusals {
    type Item = Refusal;
    type IntoIter = vec::IntoIter<Refusal>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join("; "))
    }
}
