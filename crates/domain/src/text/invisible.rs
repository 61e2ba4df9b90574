//! Characters that a reader does not see.

/// Tests for a character that is invisible wherever it stands.
pub(super) fn is_invisible(character: char) -> bool {
    is_filler(character) || is_joiner(character) || is_mark(character)
}

/// Tests for an invisible character that no script and no emoji needs: soft hyphen, zero width space, word joiner,
/// invisible operators, deprecated format characters, byte order mark. They come with text that is pasted.
const fn is_filler(character: char) -> bool {
    matches!(
        character,
        '\u{00AD}' | '\u{180E}' | '\u{200B}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}'
    )
}

/// Tests for a zero width joiner or non-joiner.
const fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200C}' | '\u{200D}')
}

/// Tests for a mark that directs the characters beside it only, from left to right or from right to left.
const fn is_mark(character: char) -> bool {
    matches!(character, '\u{061C}' | '\u{200E}' | '\u{200F}')
}

/// Tests for a selector of a variant of the character before it.
pub(super) const fn is_selector(character: char) -> bool {
    matches!(character, '\u{FE00}'..='\u{FE0F}') || is_selector_of_ideographs(character)
}

/// Tests for a selector of the Ideographic Variation Database, which Japanese names need (UTS #37).
const fn is_selector_of_ideographs(character: char) -> bool {
    matches!(character, '\u{E0100}'..='\u{E01EF}')
}

/// Tests for an ideograph of Chinese, Japanese or Korean.
const fn is_ideograph(character: char) -> bool {
    matches!(
        character,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFD}'
    )
}

/// Tests for a format character that belongs to characters beside it: signs of Arabic, Syriac and Kaithi numbers and verses, and the
/// controls of hieroglyphs, shorthand and music.
pub(super) const fn is_format(character: char) -> bool {
    matches!(
        character,
        '\u{0600}'..='\u{0605}'
            | '\u{06DD}'
            | '\u{070F}'
            | '\u{0890}'
            | '\u{0891}'
            | '\u{08E2}'
            | '\u{110BD}'
            | '\u{110CD}'
            | '\u{13430}'..='\u{1343F}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
    )
}

/// Tests for a character that shows nothing by itself: white space, invisible characters, and those that only change the
/// character before them or hold an empty place.
pub(super) fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || is_invisible(character)
        || is_selector(character)
        || matches!(
            character,
            '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'
                ..='\u{180F}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}'
        )
}

/// Removes the characters that no script and no emoji needs.
pub(super) fn without_fillers(text: &str) -> String {
    text.chars().filter(|&character| !is_filler(character)).collect()
}

/// Removes the joiners that are not between two characters of a script or emoji that needs them, such as Persian, an Indic
/// script or a family.
pub(super) fn without_lone_joiners(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if is_joiner(character) {
            let is_needed = kept.chars().next_back().is_some_and(joins)
                && characters.peek().is_some_and(|&next| joins(next));
            if !is_needed {
                continue;
            }
        }
        kept.push(character);
    }
    kept
}

/// Tests for a character beside which a joiner has a meaning: the scripts from Hebrew to Mongolian and their extensions,
/// symbols and emoji, with variation selectors, keycaps and the end of a flag.
const fn joins(character: char) -> bool {
    matches!(
        character,
        '\u{0590}'..='\u{180A}'
            | '\u{1810}'..='\u{1CFF}'
            | '\u{20E3}'
            | '\u{2190}'..='\u{2BFF}'
            | '\u{A800}'..='\u{ABFF}'
            | '\u{FB1D}'..='\u{FDCF}'
            | '\u{FDF0}'..='\u{FE0F}'
            | '\u{FE70}'..='\u{FEFC}'
            | '\u{10800}'..='\u{11FFF}'
            | '\u{1E900}'..='\u{1E95F}'
            | '\u{1F000}'..='\u{1FAFF}'
            | END_OF_TAGS
    ) && !is_mark(character)
}

const BLACK_FLAG: char = '\u{1F3F4}';
const END_OF_TAGS: char = '\u{E007F}';

/// The characters of a text without those that are allowed in a sequence only. These are the tags of flags of regions, such as
/// England: a black flag, the tags of three to six letters and digits, and the end of the tags (UTS #51); and the selector of a
/// variant behind its ideograph.
pub(super) fn outside_of_sequences(text: &str) -> impl Iterator<Item = char> {
    let mut rest = text.chars();
    std::iter::from_fn(move || {
        let character = rest.next()?;
        if character == BLACK_FLAG {
            let is_tag = |c: &char| matches!(c, '\u{E0030}'..='\u{E0039}' | '\u{E0061}'..='\u{E007A}');
            let tags = rest.clone().take_while(is_tag).count();
            if (3..=6).contains(&tags) && rest.clone().nth(tags) == Some(END_OF_TAGS) {
                rest.nth(tags);
            }
        } else if is_ideograph(character) && rest.clone().next().is_some_and(is_selector_of_ideographs) {
            rest.next();
        }
        Some(character)
    })
}
