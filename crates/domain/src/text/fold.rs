//! Folding of texts for searches.

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization;

use super::invisible::{is_invisible, is_selector};

/// A text without differences of case and accents, as searches compare it.
///
/// The text is decomposed (Unicode normalization form D), the accents and strokes of Latin, Greek and Cyrillic letters, the points
/// and vowel marks of Hebrew and Arabic ones, and invisible characters are removed, upper and lower case are unified by full case folding, and the result is composed
/// again (form C). The letters `æ` and `œ` become two letters, typographic quotation marks and dashes those of a keyboard, and
/// full-width and half-width characters ordinary ones. White space of any kind and length, such as no-break spaces and ends of
/// lines, becomes one space. Marks that belong to the letters of other scripts, such as the vowel signs of Hindi, stay.
///
/// ```
/// use convene_domain::text::FoldedText;
/// assert_eq!(FoldedText::of("Café").as_str(), "cafe");
/// assert_eq!(FoldedText::of("Straße"), FoldedText::of("STRASSE"));
/// assert_eq!(FoldedText::of("Łódź"), FoldedText::of("LODZ"));
/// assert_eq!(FoldedText::of("ΟΔΥΣΣΕΎΣ"), FoldedText::of("Οδυσσεύς"));
/// assert_eq!(FoldedText::of("L’Œuvre – Æble"), FoldedText::of("l'oeuvre - aeble"));
/// assert_eq!(FoldedText::of("18\u{202F}h  Saal\u{A0}2"), FoldedText::of("18 h Saal 2"));
/// assert!(FoldedText::of("Choir rehearsal").contains(&FoldedText::of("REHEARſal")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FoldedText(String);

impl FoldedText {
    /// Folds a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Self(with_single_spaces(text.to_ascii_lowercase()));
        }
        let ordinary = text.chars().map(ordinary_width).collect::<String>();
        let letters: String =
            ordinary.nfd().filter(|&character| is_compared(character)).map(as_typed).collect();
        let folded = CaseMapper::new().fold_string(&letters);
        // Case folding makes other characters of some, such as an apostrophe and a letter of `ŉ`.
        let compared = folded.nfd().filter(|&character| is_compared(character)).map(as_typed).nfc();
        Self(with_single_spaces(separate_letters(compared.collect())))
    }

    /// The texts of an object that searches cover, each on lines of its own.
    #[must_use]
    pub fn of_object(title: &super::Title, description: &super::Description) -> Self {
        let Self(mut text) = Self::of(title.as_str());
        text.push('\n');
        text.push_str(Self::of(description.as_str()).as_str());
        Self(text)
    }

    /// Tests whether the text contains another one.
    #[must_use]
    pub fn contains(&self, wanted: &Self) -> bool {
        self.0.contains(&wanted.0)
    }

    /// The folded text, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text with one space for each run of white space.
fn with_single_spaces(text: String) -> String {
    let is_changed = |character: char| character != ' ' && character.is_whitespace();
    if !text.contains(is_changed) && !text.contains("  ") {
        return text;
    }
    let mut single = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_whitespace() {
            true if single.ends_with(' ') => {}
            true => single.push(' '),
            false => single.push(character),
        }
    }
    single
}

/// The ordinary form of a full-width or half-width character. Form D does not unify them, and form KD also makes words of
/// single characters, which lengthens a text up to 18 times.
fn ordinary_width(character: char) -> char {
    if !matches!(character, '\u{3000}' | '\u{FF01}'..='\u{FFEE}') {
        return character;
    }
    let mut ordinary = std::iter::once(character).nfkd();
    match (ordinary.next(), ordinary.next()) {
        (Some(only), None) => only,
        _ => character,
    }
}

/// The letter without a stroke, or the dotted one, which Unicode does not decompose; the character of a keyboard for
/// typographic punctuation.
fn as_typed(character: char) -> char {
    match character {
        'đ' | 'Đ' => 'd',
        'ħ' | 'Ħ' => 'h',
        'ı' => 'i',
        'ł' | 'Ł' => 'l',
        'ø' | 'Ø' => 'o',
        'ŧ' | 'Ŧ' => 't',
        '‘' | '’' | '‚' | '‛' | '′' | 'ʼ' => '\'',
        '“' | '”' | '„' | '‟' | '″' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => '-',
        _ => character,
    }
}

/// The text with two letters for each `æ` and `œ`.
fn separate_letters(text: String) -> String {
    if !text.contains(['æ', 'œ']) {
        return text;
    }
    text.replace('æ', "ae").replace('œ', "oe")
}

/// Tests for a character that searches compare.
fn is_compared(character: char) -> bool {
    !is_accent(character) && !is_point(character) && !is_invisible(character) && !is_selector(character)
}

/// Tests for a combining mark of Hebrew or Arabic: people write most texts without them. With the marks above and below an alef,
/// its variants are one letter, as they are typed.
fn is_point(character: char) -> bool {
    matches!(
        character,
        '\u{0591}'..='\u{05BD}'
            | '\u{05BF}'
            | '\u{05C1}'
            | '\u{05C2}'
            | '\u{05C4}'
            | '\u{05C5}'
            | '\u{05C7}'
            | '\u{0610}'..='\u{061A}'
            | '\u{0640}'
            | '\u{064B}'..='\u{065F}'
            | '\u{0670}'
            | '\u{06D6}'..='\u{06DC}'
            | '\u{06DF}'..='\u{06E4}'
            | '\u{06E7}'
            | '\u{06E8}'
            | '\u{06EA}'..='\u{06ED}'
            | '\u{0898}'..='\u{089F}'
            | '\u{08CA}'..='\u{08E1}'
            | '\u{08E3}'..='\u{08FF}'
            | '\u{FB1E}'
    )
}

/// Tests for a combining mark of the blocks for Latin, Greek and Cyrillic letters and symbols.
fn is_accent(character: char) -> bool {
    matches!(
        character,
        '\u{0300}'..='\u{036F}'
            | '\u{1AB0}'..='\u{1AFF}'
            | '\u{1DC0}'..='\u{1DFF}'
            | '\u{20D0}'..='\u{20FF}'
            | '\u{FE20}'..='\u{FE2F}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::case("REHEARSAL (Spring)", "rehearsal (spring)")]
    #[case::accents("Café Ångström naïve", "cafe angstrom naive")]
    #[case::decomposed("Cafe\u{301}", "cafe")]
    #[case::sharp_s("Straße STRASSE STRAẞE", "strasse strasse strasse")]
    #[case::long_s("Waſſer", "wasser")]
    #[case::final_sigma("Σίσυφος ΣΊΣΥΦΟΣ", "σισυφοσ σισυφοσ")]
    #[case::dotted_i("İstanbul", "istanbul")]
    #[case::ligature("ﬁne", "fine")]
    #[case::cyrillic("Йога Ёлка", "иога елка")]
    #[case::vowel_signs_stay("हिन्दी", "हिन्दी")]
    #[case::voiced_kana_stay("が", "が")]
    #[case::hangul("한국어", "한국어")]
    #[case::greek_accents("Ἀθῆναι ΑΘΗ͂ΝΑΙ", "αθηναι αθηναι")]
    #[case::dotless_i("IĞDIR", "igdir")]
    #[case::ring("Å Å A\u{30A}", "a a a")]
    #[case::full_width("ＡＢＣ　１！", "abc 1!")]
    #[case::spaces("a\u{A0}b\u{2003}\u{202F}c\u{1680}d \u{200B} e", "a b c d e")]
    #[case::ends_of_lines("A\r\n\tb\n\nc\u{2028}d\u{85}e  f", "a b c d e f")]
    #[case::half_width("ﾊﾟｰﾃｨｰ", "パーティー")]
    #[case::strokes("ŁÓDŹ Øresund smørrebrød Đakovo Ħal Ŧ ısı", "lodz oresund smorrebrod dakovo hal t isi")]
    #[case::stroke_and_accent("Ǿ", "o")]
    #[case::two_letters("Ææ Œuvre Ǽ", "aeae oeuvre ae")]
    #[case::a_letter_of_its_own("Þ", "þ")]
    #[case::quotation_marks("Don’t „say“ ‘yes’", "don't \"say\" 'yes'")]
    #[case::letter_with_an_apostrophe("ŉ", "'n")]
    #[case::dashes("Mon–Fri — non\u{2011}stop −5", "mon-fri - non-stop -5")]
    #[case::armenian("ԵՒ և", "եւ եւ")]
    #[case::cherokee("Ꭰ ꭰ", "Ꭰ Ꭰ")]
    #[case::marks("שלום\u{200F}!", "שלום!")]
    #[case::joiners("می\u{200C}خواهم", "میخواهم")]
    #[case::hebrew_points("שָׁלוֹם \u{FB2E}", "שלום א")]
    #[case::arabic_vowels("مُحَمَّدٌ ٱلله رحمٰن", "محمد ٱلله رحمن")]
    #[case::arabic_letters_with_marks("أحمد آمنة إيمان مؤتمر", "احمد امنة ايمان موتمر")]
    #[case::arabic_elongation("جمـــيل", "جميل")]
    #[case::ideographs_with_selectors("葛\u{E0100}城 辻\u{FE00}", "葛城 辻")]
    #[case::emoji_style("❤\u{FE0F}", "❤")]
    fn differences_of_case_and_accents_are_removed(#[case] text: &str, #[case] folded: &str) {
        assert_eq!(FoldedText::of(text).as_str(), folded);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = FoldedText::of(&text);
            prop_assert_eq!(&FoldedText::of(once.as_str()), &once);
        }

        #[test]
        fn case_makes_no_difference(text in "[a-zA-Zßéàñöøłđæœıſςσ ]{0,40}") {
            prop_assert_eq!(FoldedText::of(&text.to_uppercase()), FoldedText::of(&text));
        }
    }
}
