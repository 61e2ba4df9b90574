//! Validated user-supplied texts.
//!
//! Every type trims its input, converts it into Unicode normalization form C (UAX #15), and refuses characters that
//! could mislead a reader or corrupt a log: control characters, bidirectional overrides and isolates (the "Trojan
//! Source" characters), tag characters except in flags, selectors of variants except behind ideographs, and noncharacters. Texts for people lose the invisible characters
//! that come with pasted text; texts that programs compare are refused with them.

mod fold;
mod invisible;

use std::{borrow::Cow, fmt};

use unicode_normalization::{IsNormalized, UnicodeNormalization, char::is_combining_mark, is_nfc_quick};

pub use self::fold::FoldedText;

/// The reason for refusing a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextProblem {
    /// Empty after trimming.
    #[error("must not be empty")]
    Empty,
    /// Longer than allowed, in characters (Unicode scalar values) after trimming and normalization.
    #[error("must have at most {max} characters, has {actual}")]
    TooLong {
        /// The maximum number of characters.
        max: usize,
        /// The actual number of characters.
        actual: usize,
    },
    /// Contains a forbidden character.
    #[error("must not contain the character U+{0:04X}")]
    ForbiddenCharacter(u32),
    /// Does not have the required form.
    #[error("{0}")]
    Malformed(&'static str),
}

/// The use of a text, which decides about line breaks and invisible characters.
#[derive(Clone, Copy, PartialEq)]
enum Use {
    /// One line for people.
    Line,
    /// Any number of lines for people.
    Lines,
    /// A text that programs compare.
    Identifier,
}

fn is_forbidden(character: char, of: Use) -> bool {
    match character {
        '\n' | '\t' => of != Use::Lines,
        // Line and paragraph separators break lines in logs and terminals alike.
        '\u{2028}' | '\u{2029}' => true,
        // Bidirectional embeddings, overrides and isolates.
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        // Tag characters and selectors; those of flags and ideographs are not asked for.
        '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}' => true,
        other if of == Use::Identifier && invisible::is_invisible(other) => true,
        other => other.is_control() || is_noncharacter(other),
    }
}

/// Code points that Unicode reserves for internal use (Unicode 23.7).
fn is_noncharacter(character: char) -> bool {
    let code = u32::from(character);
    (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
}

/// Normalization form C. Stored texts are read often, and almost all of them have this form already.
fn normalized(text: &str) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.to_owned(),
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
    }
}

fn clean(input: &str, max: usize, of: Use) -> Result<String, TextProblem> {
    // Far too long input is refused before it is normalized: normalization form C shrinks a text at most threefold.
    if input.len() > max.saturating_mul(16).saturating_add(1024) {
        return Err(TextProblem::TooLong { max, actual: input.chars().count() });
    }
    let unified = if of == Use::Lines && input.contains('\r') {
        Cow::Owned(input.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(input)
    };
    let text = match of {
        Use::Identifier => normalized(unified.trim()),
        Use::Line | Use::Lines => readable(&unified),
    };
    if let Some(character) = invisible::outside_of_sequences(&text).find(|&c| is_forbidden(c, of)) {
        return Err(TextProblem::ForbiddenCharacter(character.into()));
    }
    check_length(&text, max).map(|()| text)
}

/// Normalizes and trims a text without the invisible characters that it does not need.
fn readable(input: &str) -> String {
    if input.is_ascii() {
        return input.trim().to_owned();
    }
    let text = normalized(&invisible::without_fillers(input));
    // Characters between which a joiner was can be composed.
    let text = normalized(&invisible::without_lone_joiners(&text));
    if text.chars().all(invisible::is_blank) { String::new() } else { text.trim().to_owned() }
}

/// Verifies the length of a text, and that it has no control characters.
fn check_stored(text: &str, min: usize, max: usize, of: Use) -> Result<(), TextProblem> {
    if text.len() < min {
        return Err(TextProblem::Empty);
    }
    let is_control = |byte: &u8| byte.is_ascii_control() && is_forbidden(char::from(*byte), of);
    if let Some(byte) = text.as_bytes().iter().find(|byte| is_control(byte)) {
        return Err(TextProblem::ForbiddenCharacter(u32::from(*byte)));
    }
    check_length(text, max)
}

fn check_length(text: &str, max: usize) -> Result<(), TextProblem> {
    match text.chars().count() {
        actual if actual > max => Err(TextProblem::TooLong { max, actual }),
        _ => Ok(()),
    }
}

/// Every text contains the empty text, which an accent alone is folded to.
fn not_only_accents(text: &str) -> Result<(), TextProblem> {
    if FoldedText::of(text).as_str().is_empty() { Err(TextProblem::Empty) } else { Ok(()) }
}

/// Marks and format characters alone name nothing: they need a letter or a digit that they belong to.
fn not_only_marks(text: &str) -> Result<(), TextProblem> {
    let is_shown = |character| {
        !is_combining_mark(character) && !invisible::is_blank(character) && !invisible::is_format(character)
    };
    if text.chars().any(is_shown) { Ok(()) } else { Err(TextProblem::Empty) }
}

macro_rules! text_type {
    ($(#[$docs:meta])* $name:ident, $min:literal..=$max:literal, $use:expr, $check:expr) => {
        $(#[$docs])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The maximum number of characters, after trimming and normalization.
            pub const MAX_CHARACTERS: usize = $max;

            /// Trims, normalizes and validates a text.
            ///
            /// # Errors
            /// [`TextProblem`] if the text is not valid.
            pub fn parse(input: &str) -> Result<Self, TextProblem> {
                let text = clean(input, $max, $use)?;
                if $min > 0 && text.is_empty() {
                    return Err(TextProblem::Empty);
                }
                let check: fn(&str) -> Result<(), TextProblem> = $check;
                check(&text)?;
                Ok(Self(text))
            }

            /// Takes a text that [`parse`](Self::parse) returned and that was stored since. Only the length and control characters
            /// are verified: normalizing a long text again takes a third of a millisecond.
            ///
            /// # Errors
            /// [`TextProblem`] if the length is out of range, or for a control character.
            pub fn from_stored(text: String) -> Result<Self, TextProblem> {
                check_stored(&text, $min, $max, $use)?;
                Ok(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, owned.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

const fn anything(_: &str) -> Result<(), TextProblem> {
    Ok(())
}

fn slug_form(text: &str) -> Result<(), TextProblem> {
    let labels = text.split('-').all(|label| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    });
    // Where an id or a slug is accepted, the underscore of the id distinguishes them.
    if labels {
        Ok(())
    } else {
        Err(TextProblem::Malformed(
            "must consist of lower-case letters and digits, with single hyphens between them",
        ))
    }
}

fn email_form(text: &str) -> Result<(), TextProblem> {
    let problem = TextProblem::Malformed("must be an e-mail address such as ada@example.org");
    let Some((local, domain)) = text.rsplit_once('@') else { return Err(problem) };
    let local_is_fine = (1..=64).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c));
    let domain_is_fine = domain.contains('.')
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        });
    if local_is_fine && domain_is_fine { Ok(()) } else { Err(problem) }
}

fn user_id_form(text: &str) -> Result<(), TextProblem> {
    if text == UserId::RESERVED {
        Err(TextProblem::Malformed("must not be system, which is the platform itself"))
    } else if text.chars().any(char::is_whitespace) {
        Err(TextProblem::Malformed("must not contain white space"))
    } else {
        Ok(())
    }
}

text_type!(
    /// The title of an event, an occurrence or an issue: one line of 1 to 200 characters.
    ///
    /// ```
    /// use convene_domain::text::{TextProblem, Title};
    /// assert_eq!(Title::parse("  Rehearsal ")?.as_str(), "Rehearsal");
    /// assert_eq!(Title::parse(" \t"), Err(TextProblem::Empty));
    /// assert_eq!(Title::parse("evil\u{202E}txt"), Err(TextProblem::ForbiddenCharacter(0x202E)));
    /// # Ok::<(), TextProblem>(())
    /// ```
    Title, 1..=200, Use::Line, not_only_marks
);
text_type!(
    /// A description: any number of lines, at most 10,000 characters, may be empty.
    Description, 0..=10_000, Use::Lines, anything
);
text_type!(
    /// A location: one line of at most 500 characters, may be empty.
    Location, 0..=500, Use::Line, anything
);
text_type!(
    /// The name of an organization: one line of 1 to 200 characters.
    OrganizationName, 1..=200, Use::Line, not_only_marks
);
text_type!(
    /// A member's name as shown to others: one line of 1 to 200 characters.
    DisplayName, 1..=200, Use::Line, not_only_marks
);
text_type!(
    /// An organization's name in addresses and credentials: 1 to 63 lower-case letters, digits and single
    /// hyphens, as in a DNS label (RFC 1035).
    Slug, 1..=63, Use::Identifier, slug_form
);
text_type!(
    /// An e-mail address of at most 254 characters (RFC 5321), without comments and quoting.
    Email, 1..=254, Use::Line, email_form
);
text_type!(
    /// The subject of a caller's credentials, as the identity provider names it: 1 to 255 characters without
    /// white space. The name of the platform in the activity log is refused.
    UserId, 1..=255, Use::Identifier, user_id_form
);

impl UserId {
    /// The name of the platform in the activity log, which no user may have.
    pub const RESERVED: &'static str = "system";

    /// The beginning of the pseudonyms of erased persons, which no new user may have.
    pub const PSEUDONYM: &'static str = "erased-";

    /// Parses the user id of somebody who becomes a member. Others may be pseudonyms.
    ///
    /// # Errors
    /// [`TextProblem`] if the text is not valid, or could be a pseudonym.
    pub fn parse_new(input: &str) -> Result<Self, TextProblem> {
        let user = Self::parse(input)?;
        if user.0.starts_with(Self::PSEUDONYM) {
            return Err(TextProblem::Malformed(
                "must not begin with erased-, as the ids of erased persons do",
            ));
        }
        Ok(user)
    }
}

text_type!(
    /// A search text for titles and descriptions: 1 to 200 characters, of which not all are accents.
    SearchText, 1..=200, Use::Line, not_only_accents
);

impl SearchText {
    /// The text as it is compared.
    #[must_use]
    pub fn folded(&self) -> FoldedText {
        FoldedText::of(&self.0)
    }
}

/// A caller's key that makes a mutation repeatable: 1 to 255 characters.
///
/// Keys are compared byte by byte, so they are neither trimmed nor normalized.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The maximum number of characters.
    pub const MAX_CHARACTERS: usize = 255;

    /// Validates a key.
    ///
    /// # Errors
    /// [`TextProblem`] for an empty key, one of more than 255 characters, or one with control characters.
    pub fn parse(input: &str) -> Result<Self, TextProblem> {
        if input.is_empty() {
            return Err(TextProblem::Empty);
        }
        let actual = input.chars().count();
        if actual > Self::MAX_CHARACTERS {
            return Err(TextProblem::TooLong { max: Self::MAX_CHARACTERS, actual });
        }
        match input.chars().find(|&c| is_forbidden(c, Use::Identifier)) {
            Some(character) => Err(TextProblem::ForbiddenCharacter(character.into())),
            None => Ok(Self(input.to_owned())),
        }
    }

    /// The key, unchanged.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
